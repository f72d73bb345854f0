// must not compile: use of deleted function .*load_npy.*int
// must not compile: call to deleted function 'load_npy'
// Files are read as float or double, whatever type of numbers they hold.
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

void run() {
#ifdef CONTROL
  data::load_npy<double>("labels.npy");
#else
  data::load_npy<int>("labels.npy");
#endif
}
