// must not compile: use of deleted function 'tapegrad::Tape::Tape\(const
// must not compile: call to deleted constructor of '(const )?(tapegrad::)?Tape'
// Handles belong to one tape. A second one with the same gates is made by replay(precision).
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run(Tape& tape) {
#ifdef CONTROL
  const Tape copy = tape.replay(f64);
#else
  const Tape copy = tape;
#endif
}
