#include <tapegrad/data/batches.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/data/detail/augment.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::data {

namespace {

constexpr std::uint64_t batches_stream = 0x62617463'00000000;  // "batc", see NOTE [Random numbers]

/// A batch of `size` samples of the data set, not filled in.
Batch make_batch(const Dataset& dataset, std::size_t size) {
  Batch batch;
  auto shape = dataset.inputs.shape();
  shape[0] = size;
  batch.inputs.resize(shape);
  batch.labels.resize(size);
  return batch;
}

}  // namespace

Batches::Batches(const Dataset& dataset, std::int64_t batch_size, std::uint64_t seed, bool shuffle,
                 bool drop_last)
    : dataset_(&dataset), seed_(seed), shuffle_(shuffle) {
  dataset.validate();
  const std::size_t samples = dataset.size();
  if (samples == 0) {
    throw ValueError("[batches] needs at least 1 sample; the data set is empty; fill it first");
  }
  if (batch_size < 1) {
    throw ValueError(fmt::format(
        "[batches] needs a batch size of at least 1; got {}; 32 to 256 is usual", batch_size));
  }
  const auto wanted = static_cast<std::uint64_t>(batch_size);
  if (drop_last && wanted > samples) {
    throw ValueError(
        fmt::format("[batches] needs {} samples for a batch, since drop_last leaves out smaller "
                    "ones; got {}; lower the batch size",
                    wanted, samples));
  }

  batch_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, samples));
  count_ = samples / batch_size_;
  sample_shape_ = dataset.sample_shape();
  full_ = make_batch(dataset, batch_size_);
  if (const std::size_t left_over = samples % batch_size_; left_over > 0 && !drop_last) {
    last_ = make_batch(dataset, left_over);
    ++count_;
  }
  order_.resize(samples);
}

void Batches::augment(const Augmentation& augmentation) {
  augmentation.validate(sample_shape_);
  augmentation_ = augmentation;
}

void Batches::set_next_epoch(std::uint64_t epoch, std::size_t batch) {
  if (batch > count_) {
    throw ValueError(fmt::format(
        "[batches] needs a batch from 0 to {}, the end of an epoch; got {}", count_, batch));
  }
  next_epoch_ = epoch;
  next_batch_ = batch;
}

Batches::Iterator Batches::begin() {
  if (dataset_->sample_shape() != sample_shape_ || dataset_->inputs.shape()[0] != order_.size() ||
      dataset_->size() != order_.size()) {
    throw ShapeError(
        fmt::format("[batches] needs a data set that keeps its shape, here {} samples of shape {}; "
                    "it changed; make new batches",
                    order_.size(), to_string(sample_shape_)));
  }
  epoch_ = next_epoch_++;
  // From the first order each time: an epoch must not depend on how many came before.
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (shuffle_) Generator(seed_, batches_stream + epoch_).shuffle(order_.begin(), order_.end());
  ++loops_;
  return Iterator(this, std::exchange(next_batch_, 0));
}

Batches::Iterator Batches::end() {
  return Iterator(this, count_);
}

const Batch& Batches::gather(std::size_t index) {
  const std::size_t first = index * batch_size_;
  Batch& batch = order_.size() - first < batch_size_ ? last_ : full_;
  const std::int64_t features = sample_shape_.size();
  float* to = batch.inputs.data();
  for (std::size_t row = 0; row < batch.size(); ++row, to += features) {
    const std::size_t sample = order_[first + row];
    detail::augmented_copy(augmentation_, sample_shape_, {seed_, epoch_, sample},
                           dataset_->inputs.data() + static_cast<std::int64_t>(sample) * features,
                           to);
    batch.labels[row] = dataset_->labels[sample];
  }
  return batch;
}

Batches::Iterator::Iterator(Batches* batches, std::size_t index)
    : batches_(batches), loop_(batches->loops_), index_(index) {
  if (index_ < batches_->count_) batch_ = &batches_->gather(index_);
}

Batches::Iterator& Batches::Iterator::operator++() {
  if (loop_ != batches_->loops_) {
    throw ValueError(
        "[batches] needs one loop at a time; another one over the same Batches was started within "
        "this one; make a second Batches for it");
  }
  ++index_;
  if (index_ < batches_->count_) batch_ = &batches_->gather(index_);
  return *this;
}

}  // namespace tapegrad::data
