// A user's program: a scalar circuit here, a network in network.cpp. Built as C++17 and C++20, with
// and without XTENSOR_USE_XSIMD, -march=native and TAPEGRAD_NO_PLACES, against one and the same
// library.

#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <tapegrad/tapegrad.hpp>
#include <vector>

#include "network.hpp"

namespace {

using namespace tapegrad;

bool near(double a, double b) {
  return std::abs(a - b) < 1e-12;
}

bool scalar_circuit() {
  Tape tape;
  Var x = tape.variable(2.0);
  Var y = x * 3.0 + exp(x);
  y.backward();
  return near(y.item(), 6 + std::exp(2.0)) && near(x.grad_item(), 3 + std::exp(2.0));
}

// Values go in and come out as xtensor arrays, on both sides of an operator. An aligned load of an
// array that another file laid out differently would end here.
bool arrays() {
  bool good = true;
  for (std::size_t n = 1; n < 40; ++n) {
    Tape tape;
    xt::xarray<double> numbers = xt::xarray<double>::from_shape({n});
    for (std::size_t i = 0; i < n; ++i) numbers(i) = 0.5 * static_cast<double>(i);
    Var t = tape.data(numbers);
    xt::xarray<double> factors = xt::ones<double>({n}) * 3.0;
    Var left = factors * t;
    Var right = t * factors;
    const xt::xarray<double> a = left.value();
    const xt::xarray<double> b = right.value();
    for (std::size_t i = 0; i < n; ++i) {
      good = good && near(a(i), 1.5 * static_cast<double>(i)) && a(i) == b(i);
    }
  }
  return good;
}

// How messages name a line of this file.
std::string place(int line) {
#ifdef TAPEGRAD_NO_PLACES
  static_cast<void>(line);
  return "an unknown line";
#else
  return "main.cpp:" + std::to_string(line);
#endif
}

// True when `action` throws an error that holds all of `words`.
template <class Action>
bool says(Action action, const std::vector<std::string>& words) {
  std::string text = "nothing";
  try {
    action();
  } catch (const Error& error) {
    text = error.what();
  }
  bool good = true;
  for (const std::string& word : words) good = good && text.find(word) != std::string::npos;
  if (!good) std::fprintf(stderr, "the error reads: %s\n", text.c_str());
  return good;
}

// The library was compiled with places. What it makes of ours reaches it through operands, through
// default arguments, and through the tape, which keeps them.
bool errors() {
  Tape tape;
  const Var x = tape.data(xt::xarray<double>(xt::ones<double>({2, 3})));
  int line = __LINE__ + 1;
  bool good = says([&] { return matmul(x, x); }, {"[matmul] ", " (2, 3) @ (2, 3)", place(line)});

  line = __LINE__ + 1;
  const Var y = log(tape.variable(0.0));
  good = says([&] { y.backward(); }, {"[backward] ", "[log] at " + place(line)}) && good;

  line = __LINE__ + 1;
  tape.reset();
  return says([&] { return y.item(); }, {"[item] ", "was reset at " + place(line)}) && good;
}

bool check(const char* name, bool good) {
  if (!good) std::fprintf(stderr, "wrong result: %s\n", name);
  return good;
}

}  // namespace

int main() try {
  bool good = check("scalar circuit", scalar_circuit());
  good = check("arrays", arrays()) && good;
  good = check("errors", errors()) && good;
  good = check("network", network()) && good;
  return good ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
