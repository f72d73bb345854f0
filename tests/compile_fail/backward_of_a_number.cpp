// must not compile: request for member 'backward'
// must not compile: member reference base type
// A gradient belongs to a gate on a tape: what item() returns is a number that has left it.
#include <tapegrad/tapegrad.hpp>

void run() {
  tapegrad::Tape tape;
  tapegrad::Var x = tape.variable(2.0);
#ifdef CONTROL
  x.backward();
#else
  x.item().backward();
#endif
}
