// must not compile: use of deleted function 'tapegrad::nn::Sequential::Sequential\(
// must not compile: call to (implicitly-)?deleted.* constructor of '.*Sequential'
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
