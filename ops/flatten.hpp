#pragma once

/// Inlines all that a loop over Lanes calls, where a compiler left to itself gives up after the
/// first few hundred gates. Not in debug builds: with a sanitizer's checks the same takes many
/// minutes.
#ifdef NDEBUG
#define TAPEGRAD_FLATTEN [[gnu::flatten]]
#else
#define TAPEGRAD_FLATTEN
#endif
