// must not compile: no match for 'operator=' .*'tapegrad::Var' and 'double'
// must not compile: no viable overloaded '='
// Assigning to a Var makes it the handle of another gate; it never changes a value.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run(Var x) {
#ifdef CONTROL
  x.set_value(2.0);
#else
  x = 2.0;
#endif
}
