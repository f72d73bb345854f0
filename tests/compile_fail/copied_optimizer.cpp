// must not compile: deleted
// A copy would share its state unseen.
#include <utility>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run(optim::Adam& adam) {
#ifdef CONTROL
  optim::Adam other = std::move(adam);
#else
  optim::Adam other = adam;
#endif
  other.step();
}
