#pragma once

#include <string>

#include <tapegrad/data/dataset.hpp>

/// \file
/// The reader of CIFAR-10's binary version: records of a label and 3·32·32 bytes, the red plane of
/// an image before the green and the blue one. A file may be plain or gzip; its content decides,
/// not its name.
/// Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.

namespace tapegrad::data {

/// The images of one file (N, 3, 32, 32), with pixels scaled from 0…255 to [0, 1], their labels and
/// the 10 classes with their names. Throws FileError if the file is missing, is a folder, is empty,
/// ends within a record, has a label above 9, or is corrupt gzip.
Dataset read_cifar10(const std::string& path);

/// CIFAR-10 in the files of its binary version, `data_batch_1.bin` to `data_batch_5.bin` to learn
/// from and `test_batch.bin` to test, with or without `.gz`, in `dir` or in its folder `cifar10` or
/// `cifar-10-batches-bin`. Those training batches that are there are read, in their order: a part
/// of the data set will do. Throws FileError if there is none, and as read_cifar10.
Dataset load_cifar10(const std::string& dir, Split split);

}  // namespace tapegrad::data
