// must not compile: (use of deleted function|call to deleted function 'sum')
// The place of keepdims is behind the axes; true is not axis 1.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

Var run(Var x) {
#ifdef CONTROL
  return sum(x, {}, true);
#else
  return sum(x, true);
#endif
}
