// must not compile: use of deleted function 'tapegrad::nn::Sequential::Sequential\(
// must not compile: call to (implicitly-)?deleted.* constructor of '.*Sequential'
// Not even one that wraps the original as the only layer: it would share the weights unseen.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run() {
  nn::Sequential model(nn::Linear(2, 3));
#ifdef CONTROL
  nn::Sequential& same = model;
  same.zero_grad();
#else
  nn::Sequential copy(model);
  copy.zero_grad();
#endif
}
