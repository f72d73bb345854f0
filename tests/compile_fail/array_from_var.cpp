// must not compile: conversion from 'tapegrad::Var' to non-scalar type
// must not compile: no viable conversion from '(tapegrad::)?Var' to
// Leaving the tape is written out: what value() returns has no gradient.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run(const Var& x) {
  Array<double> factors = {1, 2, 3};
#ifdef CONTROL
  factors = (factors * x).value();
  const Array<double> y = (x * factors).value();
#else
  const Array<double> y = x * factors;
#endif
}
