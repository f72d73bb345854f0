// What a run recorded as a TensorBoard event file. Messages and their fields are those of
// TensorFlow's event.proto and summary.proto.

#include <algorithm>
#include <numeric>

#include <tapegrad/train/detail/event_file.hpp>
#include <tapegrad/train/metrics.hpp>

namespace tapegrad::train {

namespace {

using detail::Message;

/// HistogramProto: min 1, max 2, num 3, sum 4, sum_squares 5, bucket_limit 6, bucket 7.
Message histogram_message(const Histogram& histogram) {
  const auto intervals = static_cast<double>(histogram.counts.size());
  const double width = (histogram.high - histogram.low) / intervals;
  const auto count = static_cast<double>(
      std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::int64_t{0}));
  const double variance = histogram.standard_deviation * histogram.standard_deviation;
  std::vector<double> limits, counts(histogram.counts.begin(), histogram.counts.end());
  limits.reserve(counts.size());
  for (std::size_t i = 1; i < counts.size(); ++i) {
    limits.push_back(histogram.low + width * static_cast<double>(i));
  }
  limits.push_back(histogram.high);
  return Message()
      .real(1, histogram.low)
      .real(2, histogram.high)
      .real(3, count)
      .real(4, histogram.mean * count)
      .real(5, (variance + histogram.mean * histogram.mean) * count)
      .reals(6, limits)
      .reals(7, counts);
}

/// Event: wall_time 1, step 2, file_version 3, summary 5. Summary: value 1. Its Value: tag 1,
/// simple_value 2, histo 5.
class EventFile {
 public:
  explicit EventFile(double start_time) {
    add(Message().real(1, start_time).text(3, "brain.Event:2"));
  }

  /// Where the records that follow stand.
  void at(double time, std::int64_t step) {
    time_ = time;
    step_ = step;
  }

  void scalar(const std::string& tag, double number) {
    value(Message().text(1, tag).single(2, static_cast<float>(number)));
  }

  void histogram(const std::string& tag, const Histogram& histogram) {
    if (histogram.counts.empty()) return;
    value(Message().text(1, tag).text(5, histogram_message(histogram).bytes()));
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void value(const Message& value) {
    const Message summary = Message().text(1, value.bytes());
    add(Message().real(1, time_).integer(2, step_).text(5, summary.bytes()));
  }

  void add(const Message& event) { bytes_ += detail::record(event.bytes()); }

  double time_ = 0;
  std::int64_t step_ = 0;
  std::string bytes_;
};

void add_step(EventFile& file, const StepRecord& step) {
  file.scalar("batch/loss", step.loss);
  file.scalar("batch/penalty", step.penalty);
  file.scalar("batch/learning_rate", step.learning_rate);
}

void add_epoch(EventFile& file, const EpochRecord& epoch) {
  file.scalar("loss/training", epoch.loss);
  file.scalar("accuracy/training", epoch.accuracy);
  if (epoch.validation_loss) file.scalar("loss/validation", *epoch.validation_loss);
  if (epoch.validation_accuracy) file.scalar("accuracy/validation", *epoch.validation_accuracy);
  for (const ParameterRecord& parameter : epoch.parameters) {
    file.scalar("update_ratio/" + parameter.name, parameter.update_ratio);
    file.scalar("gradient_norm/" + parameter.name, parameter.gradient_norm);
    file.scalar("weight_norm/" + parameter.name, parameter.weight_norm);
  }
  for (const LayerRecord& layer : epoch.layers) {
    file.scalar("dead_share/" + layer.name, layer.dead_share);
    file.scalar("saturated_share/" + layer.name, layer.saturated_share);
    file.histogram("activations/" + layer.name, layer.activations);
    file.histogram("gradients/" + layer.name, layer.gradients);
  }
}

}  // namespace

std::string tensorboard_events(const History& history, double start_time) {
  EventFile file(start_time);
  auto step = history.steps.begin();
  double epoch_start = start_time;
  std::int64_t steps = 0;
  for (const EpochRecord& epoch : history.epochs) {
    for (std::int64_t i = 1; step != history.steps.end() && step->epoch <= epoch.epoch;
         ++i, ++step) {
      // When a step was made is not recorded: they are taken to last equally long.
      const double share = static_cast<double>(i) / static_cast<double>(epoch.steps + 1);
      file.at(epoch_start + epoch.seconds * std::min(share, 1.0), step->step);
      add_step(file, *step);
    }
    epoch_start += epoch.seconds;
    steps += epoch.steps;
    file.at(epoch_start, steps);
    add_epoch(file, epoch);
  }
  for (; step != history.steps.end(); ++step) {
    file.at(epoch_start, step->step);
    add_step(file, *step);
  }
  return file.bytes();
}

}  // namespace tapegrad::train
