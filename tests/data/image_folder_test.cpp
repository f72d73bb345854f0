#include <tapegrad/data/image_folder.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;
namespace fs = std::filesystem;

class ImageFolderTest : public ::testing::Test {
 protected:
  /// Makes an image whose numbers are all `level`/255.
  void image(const std::string& name, int level, std::size_t height = 2,
             std::size_t width = 3) const {
    fs::create_directories(fs::path(folder_.path(name)).parent_path());
    save_png(folder_.path(name), Array<float>(std::vector<std::size_t>{1, height, width},
                                              static_cast<float>(level) / 255.0F));
  }
  Dataset load(const ImageOptions& options = {}) const {
    return load_image_folder(folder_.path(), options);
  }
  /// The first number of each image, times 255.
  static std::vector<int> levels(const Dataset& dataset) {
    std::vector<int> result;
    for (std::size_t i = 0; i < dataset.size(); ++i) {
      const float first = dataset.inputs.data()[i * dataset.features()];
      result.push_back(static_cast<int>(first * 255 + 0.5F));
    }
    return result;
  }

  testing::TempFolder folder_;
};

TEST_F(ImageFolderTest, AClassPerFolder) {
  image("dog/b.png", 3);
  image("dog/a.jpeg", 2);  // Its content decides how it is read.
  image("cat/z.PNG", 1);
  image("emu/below/it/x.JpG", 5);
  image("emu/a.png", 4);
  const Dataset dataset = load();
  ASSERT_NO_THROW(dataset.validate());
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"cat", "dog", "emu"}));
  EXPECT_EQ(dataset.classes, 3);
  EXPECT_EQ(dataset.labels, (std::vector<int>{0, 1, 1, 2, 2}));
  EXPECT_EQ(dataset.sample_shape(), (Shape{3, 2, 3}));
  EXPECT_EQ(levels(dataset), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(load({0, 0, Colors::grey}).sample_shape(), (Shape{1, 2, 3}));
}

TEST_F(ImageFolderTest, LeavesOutWhatIsNoImage) {
  image("cat/a.png", 1);
  image("dog/b.png", 2);
  image(".hidden/c.png", 3);
  image("dog/.d.png", 4);
  image("dog/.thumbnails/e.png", 5);
  image("beside.png", 6);
  folder_.write("cat/labels.txt", "no image");
  folder_.write("cat/png", "no image");
  fs::create_directories(folder_.path("dog/folder.png"));
  EXPECT_EQ(levels(load()), (std::vector<int>{1, 2}));
}

TEST_F(ImageFolderTest, ResizesToOneSize) {
  image("cat/a.png", 10, 4, 4);
  image("dog/b.png", 20, 9, 5);
  const Dataset dataset = load({3, 7});
  EXPECT_EQ(dataset.sample_shape(), (Shape{3, 3, 7}));
  EXPECT_EQ(levels(dataset), (std::vector<int>{10, 20}));
  expect_error<FileError>(
      [&] { load(); }, {"[load_image_folder]", "(" + folder_.path("dog/b.png") + ")", "(3, 9, 5)",
                        folder_.path("cat/a.png"), "(3, 4, 4)", "set height and width"});
  expect_error<ValueError>([&] { load({3, 0}); }, {"a height and a width"});
}

TEST_F(ImageFolderTest, NamesTheBrokenFile) {
  image("cat/a.png", 1);
  const std::string broken = folder_.write("cat/b.jpg", "\xff\xd8\xff broken");
  expect_error<FileError>([&] { load(); }, {"undamaged JPEG", broken});
}

TEST_F(ImageFolderTest, FoldersWithoutImages) {
  expect_error<FileError>([&] { load_image_folder(folder_.path("none")); },
                          {"[load_image_folder]", folder_.path("none"), "No such file"});
  image("beside.png", 6);
  expect_error<FileError>([&] { load(); },
                          {"[load_image_folder]", folder_.path(), "one sub-folder per class"});
  expect_error<FileError>([&] { load_image_folder(folder_.path("beside.png")); },
                          {"[load_image_folder]", folder_.path("beside.png")});
  image("cat/a.png", 1);
  fs::create_directories(folder_.path("empty"));
  expect_error<FileError>([&] { load(); },
                          {"[load_image_folder]", folder_.path("empty"), "got none"});
}

}  // namespace
}  // namespace tapegrad::data
