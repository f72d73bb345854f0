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
#ifdef CONTROL
  template <class T>
  T gradient(ops::At<0>, T g, T, T) const {
    return 2 * g;
  }
#else
  template <class T>
  T gradient(T g, T, T) const {
    return 2 * g;
  }
#endif
};

Var run(const Var& x) {
  return gate(Twice{}, x);
}
