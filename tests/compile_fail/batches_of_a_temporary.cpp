// must not compile: use of deleted function 'tapegrad::data::Batches::Batches
// must not compile: call to deleted constructor of '(tapegrad::)?(data::)?Batches'
// Batches refer to their data set, which must live as long.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run() {
#ifdef CONTROL
  const data::Dataset spiral = data::spiral();
  data::Batches batches(spiral, 32);
#else
  data::Batches batches(data::spiral(), 32);
#endif
}
