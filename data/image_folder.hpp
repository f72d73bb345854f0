#pragma once

#include <string>

#include <tapegrad/data/dataset.hpp>
#include <tapegrad/data/image.hpp>

namespace tapegrad::data {

/// A folder of images with one sub-folder per class, as torchvision's ImageFolder: classes in the
/// order of their folders' names, which are their names; of each the files, in folders below it
/// too, whose names end with .png, .jpg or .jpeg (in whatever case), in the order of their paths.
/// Hidden files and folders, and what lies beside the sub-folders, are left out. Inputs are
/// (N, C, H, W) as load_image reads them; without a size to resize to, all images must have the
/// first one's.
///
/// Throws FileError, naming the file or folder, if the folder is missing or has no sub-folder, a
/// class has no image, an image has another size than the first, or as load_image; and ValueError
/// as load_image.
Dataset load_image_folder(const std::string& root, const ImageOptions& options = {});

}  // namespace tapegrad::data
