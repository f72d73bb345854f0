// What a run recorded as lines of JSON, in the order in which it happened.

#include <tapegrad/train/detail/optional_json.hpp>
#include <tapegrad/train/metrics.hpp>

namespace tapegrad::train {

namespace {

using detail::optional_json;
using nlohmann::json;

json settings_of(const History& history) {
  json settings = json::object();
  for (const auto& [name, value] : history.settings) settings[name] = value;
  return settings;
}

json parameters_of(const std::vector<ParameterRecord>& records) {
  json parameters = json::array();
  for (const ParameterRecord& record : records) {
    parameters.push_back({{"name", record.name},
                          {"shape", std::vector(record.shape.begin(), record.shape.end())},
                          {"update_ratio", record.update_ratio},
                          {"gradient_norm", record.gradient_norm},
                          {"weight_norm", record.weight_norm},
                          {"reached", record.reached},
                          {"received_gradient", record.received_gradient},
                          {"unit_spread", optional_json(record.unit_spread)}});
  }
  return parameters;
}

json histogram_of(const Histogram& histogram) {
  if (histogram.counts.empty()) return nullptr;
  return {{"low", histogram.low},
          {"high", histogram.high},
          {"counts", histogram.counts},
          {"mean", histogram.mean},
          {"standard_deviation", histogram.standard_deviation}};
}

json layers_of(const std::vector<LayerRecord>& records) {
  json layers = json::array();
  for (const LayerRecord& record : records) {
    layers.push_back({{"name", record.name},
                      {"kind", record.kind},
                      {"units", record.units},
                      {"dead_share", record.dead_share},
                      {"saturated_share", record.saturated_share},
                      {"activations", histogram_of(record.activations)},
                      {"gradients", histogram_of(record.gradients)}});
  }
  return layers;
}

json step_line(const StepRecord& step) {
  return {{"type", "step"},    {"epoch", step.epoch},     {"step", step.step},
          {"loss", step.loss}, {"penalty", step.penalty}, {"learning_rate", step.learning_rate}};
}

json epoch_line(const EpochRecord& epoch) {
  return {{"type", "epoch"},
          {"epoch", epoch.epoch},
          {"complete", epoch.complete},
          {"steps", epoch.steps},
          {"observed", epoch.observed},
          {"loss", epoch.loss},
          {"penalty", epoch.penalty},
          {"accuracy", epoch.accuracy},
          {"validation_loss", optional_json(epoch.validation_loss)},
          {"validation_accuracy", optional_json(epoch.validation_accuracy)},
          {"learning_rate", epoch.learning_rate},
          {"seconds", epoch.seconds},
          {"parameters", parameters_of(epoch.parameters)},
          {"layers", layers_of(epoch.layers)}};
}

}  // namespace

std::string metrics_jsonl(const History& history) {
  std::string lines;
  const auto add = [&](const json& line) {
    lines += detail::json_text(line);
    lines += '\n';
  };
  add({{"type", "run"},
       {"name", history.name},
       {"settings", settings_of(history)},
       {"classes", history.classes},
       {"class_names", history.class_names},
       {"samples", history.samples},
       {"validation_samples", history.validation_samples},
       {"parameters", parameters_of(history.start)}});
  auto step = history.steps.begin();
  for (const EpochRecord& epoch : history.epochs) {
    for (; step != history.steps.end() && step->epoch <= epoch.epoch; ++step) add(step_line(*step));
    add(epoch_line(epoch));
  }
  for (; step != history.steps.end(); ++step) add(step_line(*step));
  add({{"type", "end"},
       {"best_epoch", history.best_epoch < 0 ? json() : json(history.best_epoch)},
       {"stopped", history.stopped},
       {"error", history.error.empty() ? json() : json(history.error)},
       {"confusion", history.confusion}});
  return lines;
}

}  // namespace tapegrad::train
