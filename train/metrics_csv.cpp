// What a run recorded as comma-separated tables.

#include <optional>

#include <fmt/format.h>
#include <tapegrad/train/detail/csv_field.hpp>
#include <tapegrad/train/metrics.hpp>

namespace tapegrad::train {

namespace {

std::string field(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : "";
}

/// Range and moments of numbers; empty fields where there were none.
std::string fields(const Histogram& histogram) {
  if (histogram.counts.empty()) return ",,,";
  return fmt::format("{},{},{},{}", histogram.low, histogram.high, histogram.mean,
                     histogram.standard_deviation);
}

/// `100x2`: no commas.
std::string sizes(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape, "x"));
}

}  // namespace

std::string steps_csv(const History& history) {
  std::string table = "epoch,step,loss,penalty,learning_rate\n";
  for (const StepRecord& step : history.steps) {
    table += fmt::format("{},{},{},{},{}\n", step.epoch, step.step, step.loss, step.penalty,
                         step.learning_rate);
  }
  return table;
}

std::string epochs_csv(const History& history) {
  std::string table =
      "epoch,complete,steps,observed,loss,penalty,accuracy,validation_loss,validation_accuracy,"
      "learning_rate,seconds\n";
  for (const EpochRecord& epoch : history.epochs) {
    table += fmt::format("{},{:d},{},{},{},{},{},{},{},{},{}\n", epoch.epoch, epoch.complete,
                         epoch.steps, epoch.observed, epoch.loss, epoch.penalty, epoch.accuracy,
                         field(epoch.validation_loss), field(epoch.validation_accuracy),
                         epoch.learning_rate, epoch.seconds);
  }
  return table;
}

std::string parameters_csv(const History& history) {
  std::string table =
      "epoch,name,shape,update_ratio,gradient_norm,weight_norm,reached,received_gradient,"
      "unit_spread\n";
  const auto add = [&](int epoch, const ParameterRecord& parameter) {
    table +=
        fmt::format("{},{},{},{},{},{},{:d},{:d},{}\n", epoch, detail::csv_field(parameter.name),
                    sizes(parameter.shape), parameter.update_ratio, parameter.gradient_norm,
                    parameter.weight_norm, parameter.reached, parameter.received_gradient,
                    field(parameter.unit_spread));
  };
  for (const ParameterRecord& parameter : history.start) add(-1, parameter);
  for (const EpochRecord& epoch : history.epochs) {
    for (const ParameterRecord& parameter : epoch.parameters) add(epoch.epoch, parameter);
  }
  return table;
}

std::string layers_csv(const History& history) {
  std::string table =
      "epoch,name,kind,units,dead_share,saturated_share,activation_low,activation_high,"
      "activation_mean,activation_standard_deviation,gradient_low,gradient_high,gradient_mean,"
      "gradient_standard_deviation\n";
  for (const EpochRecord& epoch : history.epochs) {
    for (const LayerRecord& layer : epoch.layers) {
      table +=
          fmt::format("{},{},{},{},{},{},{},{}\n", epoch.epoch, detail::csv_field(layer.name),
                      detail::csv_field(layer.kind), layer.units, layer.dead_share,
                      layer.saturated_share, fields(layer.activations), fields(layer.gradients));
    }
  }
  return table;
}

}  // namespace tapegrad::train
