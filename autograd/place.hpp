#pragma once

#include <string>

namespace tapegrad {

// NOTE [Source places]
// A function that takes a Place (or an Operand, which holds one) by default argument learns where
// its caller stands. Defining TAPEGRAD_NO_PLACES makes every place unknown, for programs that shall
// not contain the names of their source files; it changes default arguments only, so code compiled
// with and without it can be linked together.
#ifdef TAPEGRAD_NO_PLACES
#define TAPEGRAD_FILE nullptr
#define TAPEGRAD_LINE 0
#else
/// As a default argument: the caller's file.
#define TAPEGRAD_FILE __builtin_FILE()
/// As a default argument: the caller's line.
#define TAPEGRAD_LINE __builtin_LINE()
#endif

/// A line of the user's source.
struct Place {
  const char* file = nullptr;  ///< As the compiler names it; null if unknown.
  int line = 0;                ///< Counted from 1; 0 if unknown.

  /// As a default argument: the place of the call.
  static constexpr Place here(const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE) {
    return {file, line};
  }
};

/// `train.cpp:41`, without folders; `an unknown line` if places are compiled out.
std::string to_string(Place place);

}  // namespace tapegrad
