// must not compile: conversion from 'double' to non-scalar type 'tapegrad::Var'
// must not compile: no viable conversion from 'double' to '(tapegrad::)?Var'
// A number alone belongs to no tape.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

Var run(Tape& tape) {
#ifdef CONTROL
  Var x = tape.data(2.0);
#else
  Var x = 2.0;
#endif
  return x * tape.variable(1);
}
