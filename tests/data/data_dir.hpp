#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// Where the real data sets are: the environment variable TAPEGRAD_DATA_DIR, or else the folder
/// that the build found beside the checkout; empty if neither.
inline std::string data_dir() {
  if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR"); dir != nullptr && *dir != '\0') {
    return dir;
  }
#ifdef TAPEGRAD_SHARED_DATA
  return TAPEGRAD_SHARED_DATA;
#else
  return "";
#endif
}

/// The folder with the Fashion-MNIST files, data_dir()/fashion-mnist or data_dir() itself; empty if
/// there is none.
inline std::string fashion_mnist_dir() {
  const std::filesystem::path dir = data_dir();
  if (dir.empty()) return "";
  for (const std::filesystem::path& folder : {dir / "fashion-mnist", dir}) {
    for (const char* name : {"train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"}) {
      std::error_code ignored;
      if (std::filesystem::exists(folder / name, ignored)) return folder.string();
    }
  }
  return "";
}

/// Leaves a test that needs the real Fashion-MNIST where it is absent.
#define SKIP_WITHOUT_FASHION_MNIST()                                              \
  if (fashion_mnist_dir().empty()) {                                              \
    GTEST_SKIP() << "no Fashion-MNIST in '" << data_dir()                         \
                 << "': set TAPEGRAD_DATA_DIR to the folder with its four files"; \
  }                                                                               \
  static_assert(true, "wants a semicolon")
