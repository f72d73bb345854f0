#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace tapegrad {

/// Base of every exception this library throws. The text reads
/// `[gate] what is needed; what came; what to do (file:line)`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes or axes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A number outside its range: a label that is no class, a probability above one.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A handle, tape or parameter used when or where it cannot be.
class TapeError : public Error {
 public:
  using Error::Error;
};

/// NaN or infinity where finite numbers are needed.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// A file that is missing, truncated, corrupt or of another format.
class FileError : public Error {
 public:
  using Error::Error;
};

namespace ops {

/// A number as errors show it: `0.1`, `1e+06`, `nan`.
inline std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

}  // namespace ops

}  // namespace tapegrad
