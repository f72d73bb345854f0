// must not compile: a gate is copied bit by bit onto the tape
// Attributes are plain numbers: a vector's memory would have two owners.
#include <vector>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

struct Polynomial : ops::Pointwise<1> {
  static constexpr const char* name = "polynomial";
#ifdef CONTROL
  double coefficients[2] = {1, 2};
#else
  std::vector<double> coefficients = {1, 2};
#endif
  template <class T>
  T forward(T x) const {
    return static_cast<T>(coefficients[0] + coefficients[1] * x);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T) const {
    return static_cast<T>(coefficients[1] * g);
  }
};

Var run(const Var& x) {
  return gate(Polynomial{}, x);
}
