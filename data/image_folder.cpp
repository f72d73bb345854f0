#include <tapegrad/data/image_folder.hpp>

#include <algorithm>
#include <filesystem>
#include <vector>

#include <tapegrad/data/detail/file.hpp>

namespace tapegrad::data {
namespace {

namespace fs = std::filesystem;
using detail::Origin;

Origin origin_of(const fs::path& path) {
  return {"load_image_folder", path.string()};
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().front() == '.';
}

bool is_image(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& letter : ending) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// Calls visit(iterator) for all that lies in a folder. Iterator says whether with what is below.
template <class Iterator, class Visit>
void each_in(const fs::path& folder, const Visit& visit) {
  std::error_code error;
  for (Iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    visit(entry);
  }
  if (error) {
    origin_of(folder).fail("needs a folder; it cannot be read ({}); check the path",
                           error.message());
  }
}

std::vector<fs::path> class_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  each_in<fs::directory_iterator>(root, [&](const auto& entry) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !is_hidden(*entry)) folders.push_back(*entry);
  });
  if (folders.empty()) {
    origin_of(root).fail(
        "needs one sub-folder per class; got none; sort the images into folders named as their "
        "classes");
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<fs::path> images_below(const fs::path& folder) {
  std::vector<fs::path> images;
  each_in<fs::recursive_directory_iterator>(folder, [&](auto& entry) {
    std::error_code ignored;
    if (is_hidden(*entry)) {
      entry.disable_recursion_pending();
    } else if (is_image(*entry) && entry->is_regular_file(ignored)) {
      images.push_back(*entry);
    }
  });
  if (images.empty()) {
    origin_of(folder).fail(
        "needs a .png, .jpg or .jpeg file in the folder of each class; got none; add some or "
        "remove the folder");
  }
  std::sort(images.begin(), images.end());
  return images;
}

}  // namespace

Dataset load_image_folder(const std::string& root, const ImageOptions& options) {
  Dataset dataset;
  std::vector<fs::path> paths;
  for (const fs::path& folder : class_folders(root)) {
    const std::vector<fs::path> images = images_below(folder);
    paths.insert(paths.end(), images.begin(), images.end());
    dataset.labels.resize(paths.size(), dataset.classes++);
    dataset.class_names.push_back(folder.filename().string());
  }

  float* to = nullptr;
  for (const fs::path& path : paths) {
    const Array<float> image = load_image(path.string(), options);
    const auto& sizes = image.shape();
    if (to == nullptr) {
      dataset.inputs.resize({paths.size(), sizes[0], sizes[1], sizes[2]});
      to = dataset.inputs.data();
    }
    const Shape shape(sizes.begin(), sizes.end());
    if (shape != dataset.sample_shape()) {
      origin_of(path).fail(
          "needs images of one size, or options that say to which to resize them; this one is {} "
          "and the first, {}, is {}; set height and width",
          to_string(shape), paths.front().string(), to_string(dataset.sample_shape()));
    }
    to = std::copy_n(image.data(), image.size(), to);
  }
  return dataset;
}

}  // namespace tapegrad::data
