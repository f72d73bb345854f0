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

/// data_dir()/NAME or data_dir() itself, whichever has this file, plain or compressed; empty if
/// neither.
inline std::string data_set_dir(const std::string& name, const std::string& file) {
  const std::filesystem::path dir = data_dir();
  if (dir.empty()) return "";
  for (const std::filesystem::path& folder : {dir / name, dir}) {
    for (const char* ending : {".gz", ""}) {
      std::error_code ignored;
      if (std::filesystem::exists(folder / (file + ending), ignored)) return folder.string();
    }
  }
  return "";
}

/// The folder with the Fashion-MNIST files; empty if there is none.
inline std::string fashion_mnist_dir() {
  return data_set_dir("fashion-mnist", "train-images-idx3-ubyte");
}

/// The folder with the CIFAR-10 files; empty if there is none.
inline std::string cifar10_dir() {
  return data_set_dir("cifar10", "data_batch_1.bin");
}

/// Leaves a test that needs a real data set where it is absent.
#define SKIP_WITHOUT(dir, name)                                              \
  if ((dir).empty()) {                                                       \
    GTEST_SKIP() << "no " name " in '" << data_dir()                         \
                 << "': set TAPEGRAD_DATA_DIR to the folder with its files"; \
  }                                                                          \
  static_assert(true, "wants a semicolon")
#define SKIP_WITHOUT_FASHION_MNIST() SKIP_WITHOUT(fashion_mnist_dir(), "Fashion-MNIST")
#define SKIP_WITHOUT_CIFAR10() SKIP_WITHOUT(cifar10_dir(), "CIFAR-10")
