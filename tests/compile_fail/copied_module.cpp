// must not compile: a module is moved in, add\(std::move\(layer\)\)
// A copy would share its weights unseen.
#include <utility>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run() {
  nn::Sequential model;
  nn::Linear layer(2, 3);
#ifdef CONTROL
  model.add(std::move(layer));
#else
  model.add(layer);
#endif
}
