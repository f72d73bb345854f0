#pragma once

#include <string>
#include <vector>

#include <tapegrad/data/dataset.hpp>

/// \file
/// Readers of IDX files, the format of MNIST and Fashion-MNIST: unsigned bytes behind a big-endian
/// header of sizes. A file may be plain or gzip; its content decides, not its name.
///
/// Every reader throws FileError if a file is missing, is a folder, has another magic number, is
/// empty, is shorter or longer than its header says, or is corrupt gzip (damaged, truncated,
/// followed by other bytes).

namespace tapegrad::data {

/// The images of an IDX file (magic number 2051) as an array (N, 1, rows, columns), with pixels
/// scaled from 0…255 to [0, 1]. Throws FileError.
Array<float> read_idx_images(const std::string& path);

/// The N labels of an IDX file (magic number 2049). Throws FileError.
std::vector<int> read_idx_labels(const std::string& path);

/// Images and their labels as a data set; `classes` = 0 means one more than the largest label.
/// Throws FileError, also if the counts of images and labels differ or a label is no class, and
/// ValueError for negative `classes`.
Dataset load_idx(const std::string& images_path, const std::string& labels_path, int classes = 0);

/// A data set in four files named as MNIST's: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`
/// and the same with `t10k` for the test images, with or without `.gz`, in `dir` or in
/// `dir/fashion-mnist`. `classes` as for load_idx. Throws FileError and as load_idx.
Dataset load_idx_folder(const std::string& dir, Split split, int classes = 0);

/// Fashion-MNIST: 10 classes with their names, 60,000 training and 10,000 test images of 28×28
/// pixels, (N, 1, 28, 28), in files as load_idx_folder wants them. Throws FileError.
Dataset load_fashion_mnist(const std::string& dir, Split split);

}  // namespace tapegrad::data
