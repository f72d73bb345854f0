#pragma once

namespace tapegrad {

/// Sets how many threads matrix products and convolutions may use in this process. Throws
/// ValueError below 1.
void set_num_threads(int count);

/// How many threads matrix products and convolutions may use.
int num_threads();

}  // namespace tapegrad
