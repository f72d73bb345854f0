#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tapegrad/data/augmentation.hpp>
#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

/// A few samples of a data set, copied side by side.
struct Batch {
  /// Shape (B, …): as the data set's, (B, D) or (B, C, H, W).
  Array<float> inputs;
  /// B class numbers.
  std::vector<int> labels;

  /// The number of samples B.
  std::size_t size() const { return labels.size(); }
};

/// Shuffled mini-batches: each loop over it is one epoch, which visits every sample once.
///
///     Batches batches(train, 32, seed);
///     for (int epoch = 0; epoch < 5; ++epoch)
///       for (const Batch& batch : batches) ...
///
/// The order of an epoch depends on the seed and the epoch's number alone, so training resumed at
/// `set_next_epoch(n, batch)` sees what it would have seen. Batches are copied into two buffers
/// made beforehand: a loop allocates nothing, and a batch is valid until the next one. The data set
/// is referenced: it must live as long and keep its shape.
class Batches {
 public:
  class Iterator;

  /// Batches of `batch_size` samples of `dataset`. The last one of an epoch may be smaller;
  /// `drop_last` leaves such a one out. Without `shuffle`, samples come in their own order.
  /// Throws ValueError for a batch size below 1, an empty data set, or if `drop_last` leaves no
  /// batch at all, and what `Dataset::validate` throws.
  Batches(const Dataset& dataset, std::int64_t batch_size, std::uint64_t seed = 0,
          bool shuffle = true, bool drop_last = false);
  Batches(const Dataset&&, std::int64_t, std::uint64_t = 0, bool = true, bool = false) = delete;

  /// Changes the samples of all batches to come at random; see Augmentation. The data set stays
  /// what it is. Throws as `Augmentation::validate`.
  void augment(const Augmentation& augmentation);

  /// The number of batches in an epoch.
  std::size_t count() const { return count_; }

  /// The number of the epoch that the next loop will be, counted from 0.
  std::uint64_t next_epoch() const { return next_epoch_; }

  /// Makes the next loop epoch number `epoch`, as when training is resumed, and that loop alone
  /// begin at batch number `batch` of it. Throws ValueError for a batch beyond count().
  void set_next_epoch(std::uint64_t epoch, std::size_t batch = 0);

  /// Starts the next epoch, whether or not the one before was walked to its end. A loop within a
  /// loop over the same object makes the outer one throw ValueError. Throws ShapeError if the data
  /// set changed its shape.
  Iterator begin();

  /// Past the last batch of an epoch.
  Iterator end();

 private:
  const Batch& gather(std::size_t index);

  const Dataset* dataset_;
  Shape sample_shape_;
  Augmentation augmentation_;
  std::size_t batch_size_ = 0;
  std::uint64_t seed_;
  bool shuffle_;
  std::size_t count_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t next_epoch_ = 0;
  std::size_t next_batch_ = 0;
  std::uint64_t loops_ = 0;
  std::vector<std::size_t> order_;
  Batch full_;
  Batch last_;
};

/// Walks through the batches of one epoch, for range-based for.
class Batches::Iterator {
 public:
  /// The current batch, valid until the next step.
  const Batch& operator*() const { return *batch_; }
  /// Its members.
  const Batch* operator->() const { return batch_; }

  /// Goes on to the next batch. Throws ValueError if another loop was started meanwhile.
  Iterator& operator++();

  /// True at the same batch of an epoch.
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }
  /// True at different ones.
  friend bool operator!=(const Iterator& a, const Iterator& b) { return !(a == b); }

 private:
  friend class Batches;
  Iterator(Batches* batches, std::size_t index);

  Batches* batches_;
  std::uint64_t loop_;
  std::size_t index_;
  const Batch* batch_ = nullptr;
};

}  // namespace tapegrad::data
