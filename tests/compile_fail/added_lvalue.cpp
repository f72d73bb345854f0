// must not compile: a module is moved in, add\(std::move\(layer\)\)
// A module has one owner: what is added is moved in, or made in place.
#include <utility>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run() {
  nn::Sequential outer;
  nn::Sequential model(nn::Linear(2, 3));
#ifdef CONTROL
  outer.add(std::move(model));
#else
  outer.add(model);
#endif
}
