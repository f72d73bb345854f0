#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tapegrad/optim/adagrad.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/rmsprop.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {

/// One element of a naive optimizer: its state, and the formulas as they are written in papers.
struct NaiveElement {
  double x = 0, first = 0, second = 0;
  int t = 0;
};

/// An optimizer with its options, as a class of the library and naively.
struct OptimizerCase {
  std::string name;
  /// Two groups, the first of weight decay `decay` and the second of none, at half the rate.
  std::function<std::unique_ptr<optim::Optimizer>(Parameter a, Parameter b, double decay)> make;
  /// Changes an element with gradient g by one step.
  std::function<void(NaiveElement& e, double g, double rate, double decay)> step;
  double rate;
};

template <class O, class Options>
auto maker(Options options) {
  return [options](Parameter a, Parameter b, double decay) {
    Options first = options, second = options;
    first.weight_decay = decay;
    second.weight_decay = 0;
    second.learning_rate = options.learning_rate / 2;
    return std::unique_ptr<optim::Optimizer>(new O({{{a}, first}, {{b}, second}}));
  };
}

inline std::vector<OptimizerCase> every_optimizer() {
  using Element = NaiveElement;
  std::vector<OptimizerCase> cases;
  for (const double mu : {0.0, 0.5, 0.9, 0.95, 0.99}) {
    cases.push_back({"momentum " + std::to_string(mu),
                     maker<optim::SGD>(optim::SGDOptions(0.01, mu)),
                     [mu](Element& e, double g, double rate, double decay) {
                       e.first = mu * e.first - rate * (g + decay * e.x);
                       e.x += e.first;
                     },
                     0.01});
    if (mu == 0) continue;
    optim::SGDOptions nesterov(0.01, mu);
    nesterov.nesterov = true;
    cases.push_back({"Nesterov " + std::to_string(mu), maker<optim::SGD>(nesterov),
                     [mu](Element& e, double g, double rate, double decay) {
                       const double before = e.first;
                       e.first = mu * e.first - rate * (g + decay * e.x);
                       e.x += -mu * before + (1 + mu) * e.first;
                     },
                     0.01});
  }
  for (const double eps : {1e-4, 1e-8}) {
    optim::AdagradOptions adagrad(0.1);
    adagrad.eps = eps;
    cases.push_back({"Adagrad eps " + std::to_string(eps), maker<optim::Adagrad>(adagrad),
                     [eps](Element& e, double g, double rate, double decay) {
                       g += decay * e.x;
                       e.first += g * g;
                       e.x -= rate * g / (std::sqrt(e.first) + eps);
                     },
                     0.1});
  }
  for (const double alpha : {0.9, 0.99, 0.999}) {
    optim::RMSpropOptions rmsprop(0.01);
    rmsprop.alpha = alpha;
    cases.push_back({"RMSprop " + std::to_string(alpha), maker<optim::RMSprop>(rmsprop),
                     [alpha](Element& e, double g, double rate, double decay) {
                       g += decay * e.x;
                       e.first = alpha * e.first + (1 - alpha) * g * g;
                       e.x -= rate * g / (std::sqrt(e.first) + 1e-8);
                     },
                     0.01});
  }
  for (const bool corrects : {true, false}) {
    const auto adam_step = [corrects](Element& e, double g, double rate) {
      ++e.t;
      e.first = 0.9 * e.first + (1 - 0.9) * g;
      e.second = 0.999 * e.second + (1 - 0.999) * g * g;
      const double m = corrects ? e.first / (1 - std::pow(0.9, e.t)) : e.first;
      const double v = corrects ? e.second / (1 - std::pow(0.999, e.t)) : e.second;
      e.x -= rate * m / (std::sqrt(v) + 1e-8);
    };
    optim::AdamOptions adam(0.02);
    adam.bias_correction = corrects;
    cases.push_back({corrects ? "Adam" : "simple Adam", maker<optim::Adam>(adam),
                     [=](Element& e, double g, double rate, double decay) {
                       adam_step(e, g + decay * e.x, rate);
                     },
                     0.02});
    optim::AdamWOptions adamw(0.02);
    adamw.bias_correction = corrects;
    cases.push_back({corrects ? "AdamW" : "simple AdamW", maker<optim::AdamW>(adamw),
                     [=](Element& e, double g, double rate, double decay) {
                       e.x -= rate * decay * e.x;
                       adam_step(e, g, rate);
                     },
                     0.02});
  }
  return cases;
}

}  // namespace tapegrad::testing
