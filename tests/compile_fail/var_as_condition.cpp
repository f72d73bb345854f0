// must not compile: could not convert .* from 'tapegrad::Var' to 'bool'
// must not compile: not contextually convertible to 'bool'
// A comparison is a gate: which way an `if` goes would not be on the tape, nor repeated by a
// replay.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

Var run(const Var& x) {
#ifdef CONTROL
  return where(x > 0, x, -x);
#else
  if (x > 0) return x;
  return -x;
#endif
}
