// must not compile: 'name' is not a member of 'Square'
// must not compile: no member named 'name' in 'Square'
// A gate that is not in the library's list says its own name: messages and tables need it.
#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

struct Square : ops::Pointwise<1> {
#ifdef CONTROL
  static constexpr const char* name = "square";
#endif
  template <class T>
  T forward(T x) const {
    return x * x;
  }
  template <class T>
  T gradient(ops::At<0>, T g, T x, T) const {
    return 2 * g * x;
  }
};

Var run(const Var& x) {
  return gate(Square{}, x);
}
