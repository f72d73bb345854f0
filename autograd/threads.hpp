#pragma once

namespace tapegrad {

/// Sets how many threads a large gate or the update of an optimizer may use in this process, for
/// all threads that train. The same number gives the same bits. Throws ValueError below 1
/// and above 1024.
void set_num_threads(int count);

/// How many threads a large gate or the update of an optimizer may use: at first all cores, or
/// OPENBLAS_NUM_THREADS.
int num_threads();

}  // namespace tapegrad
