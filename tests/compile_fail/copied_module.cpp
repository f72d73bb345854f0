// must not compile: use of deleted function 'tapegrad::nn::Linear::Linear\(const tapegrad
// must not compile: call to (implicitly-)?deleted.* constructor of '.*Linear'
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
