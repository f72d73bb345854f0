// must not compile: this gate takes another number of operands
// A gate of two operands would read a second one that is not there.
#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

Var run(Var x) {
#ifdef CONTROL
  return gate(ops::Add{}, x, x);
#else
  return gate(ops::Add{}, x);
#endif
}
