// must not compile: a gradient rule begins with its operand
// It would be passed over, and the gate have no gradient.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

struct Twice : ops::Pointwise<1> {
  static constexpr const char* name = "twice";
  template <class T>
  T forward(T x) const {
    return 2 * x;
  }
  template <class T>
#ifdef CONTROL
  T gradient(ops::At<0>, T g, T, T) const {
#else
  T gradient(T g, T, T) const {
#endif
      return 2 * g;
}
}
;

Var run(const Var& x) {
  return gate(Twice{}, x);
}
