#include <tapegrad/train/recorder.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/type_name.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/hooks.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/prelu.hpp>
#include <tapegrad/train/detail/measure.hpp>
#include <tapegrad/train/fit.hpp>

namespace tapegrad::train {

namespace {

using Clock = std::chrono::steady_clock;

// Where the slope of an activation is 4 % of its largest: σ' = σ(1 − σ) against 0.25, and
// tanh' = 1 − tanh² against 1. The two agree, as tanh x = 2σ(2x) − 1.
constexpr double saturated_sigmoid = 0.99, saturated_tanh = 0.98;

/// What an activation can suffer from.
enum class Trouble : std::uint8_t { none, death, sigmoid_saturation, tanh_saturation };

/// Nothing if the module is no activation.
std::optional<Trouble> trouble_of(const nn::Module& module) {
  const auto is = [&](auto* type) { return dynamic_cast<decltype(type)>(&module) != nullptr; };
  if (is(static_cast<const nn::ReLU*>(nullptr))) return Trouble::death;
  if (is(static_cast<const nn::Sigmoid*>(nullptr))) return Trouble::sigmoid_saturation;
  if (is(static_cast<const nn::Tanh*>(nullptr))) return Trouble::tanh_saturation;
  if (is(static_cast<const nn::LeakyReLU*>(nullptr)) ||
      is(static_cast<const nn::PReLU*>(nullptr)) || is(static_cast<const nn::Maxout*>(nullptr))) {
    return Trouble::none;
  }
  return std::nullopt;
}

/// A parameter and what an epoch gathers of it.
struct WatchedParameter {
  std::string name;
  Parameter parameter;
  std::vector<char> before = {};  ///< Its numbers before a step.
  double ratio_sum = 0, gradient_norm_sum = 0;
  bool reached = false, received_gradient = false;

  std::size_t bytes() const {
    return static_cast<std::size_t>(parameter.size()) *
           (parameter.precision() == f32 ? sizeof(float) : sizeof(double));
  }
  /// The record of an epoch with so many steps observed, 0 of them for the start.
  ParameterRecord record(std::int64_t observed) const {
    const double steps = std::max(1.0, static_cast<double>(observed));
    return {name,
            parameter.shape(),
            ratio_sum / steps,
            gradient_norm_sum / steps,
            detail::norm(parameter.state()->value, parameter.precision(), parameter.size()),
            reached,
            received_gradient,
            detail::unit_spread(parameter)};
  }
  void forget() {
    ratio_sum = gradient_norm_sum = 0;
    reached = received_gradient = false;
  }
};

/// An activation and what an epoch gathers of it.
struct WatchedLayer {
  std::string name;
  std::string kind;
  Trouble trouble;
  std::vector<char> active = {};  ///< Per unit.
  std::int64_t saturated = 0, outputs = 0;
  Histogram activations = {}, gradients = {};

  void look(const Array<double>& values, const Array<double>& grads, int bins) {
    const std::size_t units = values.dimension() < 2 ? 1 : values.shape()[1];
    active.resize(units);
    detail::note_active(values, active);
    if (trouble == Trouble::tanh_saturation || trouble == Trouble::sigmoid_saturation) {
      const bool is_tanh = trouble == Trouble::tanh_saturation;
      const double high = is_tanh ? saturated_tanh : saturated_sigmoid;
      const double low = is_tanh ? -high : 1 - high;
      saturated += std::count_if(values.begin(), values.end(),
                                 [&](double y) { return y > high || y < low; });
    }
    outputs += static_cast<std::int64_t>(values.size());
    activations = detail::histogram(values, bins);
    gradients = detail::histogram(grads, bins);
  }

  LayerRecord record() const {
    LayerRecord result{name, kind, static_cast<std::int64_t>(active.size()), activations, gradients,
                       0,    0};
    if (trouble == Trouble::death && !active.empty()) {
      result.dead_share = static_cast<double>(std::count(active.begin(), active.end(), 0)) /
                          static_cast<double>(active.size());
    }
    if (outputs > 0) {
      result.saturated_share = static_cast<double>(saturated) / static_cast<double>(outputs);
    }
    return result;
  }
};

std::string text_of(double number) {
  return fmt::format("{:.6g}", number);
}

/// Notes the numbers of an optimizer's groups: `learning rate`, or with several groups
/// `learning rate (group 1)`.
void add_rates(const optim::Optimizer& optimizer, History& history) {
  const std::string prefix = "groups.";
  for (const auto& [path, number] : optimizer.state_dict()) {
    if (path.rfind(prefix, 0) != 0) continue;
    const std::size_t dot = path.find('.', prefix.size());
    std::string name = path.substr(dot + 1);
    const double value = number.value()();
    if (name == "weight_decay") history.weight_decay = std::max(history.weight_decay, value);
    std::replace(name.begin(), name.end(), '_', ' ');
    if (optimizer.group_count() > 1) {
      name += fmt::format(" (group {})", path.substr(prefix.size(), dot - prefix.size()));
    }
    history.settings.emplace_back(name, text_of(value));
  }
}

/// The weights of the first layer as images, if it looks at images of the given shape.
Array<float> filters_of(const Parameter& weight, const Shape& image_shape) {
  const Shape& shape = weight.shape();
  std::vector<std::size_t> sizes;
  if (shape.rank() == 4) {
    sizes.assign(shape.begin(), shape.end());
  } else if (shape.rank() == 2 && image_shape.rank() == 3 && shape[1] == image_shape.size()) {
    sizes.push_back(static_cast<std::size_t>(shape[0]));
    sizes.insert(sizes.end(), image_shape.begin(), image_shape.end());
  } else {
    return Array<float>::from_shape({0});
  }
  Array<float> filters = Array<float>::from_shape(sizes);
  const Array<double> numbers = weight.value();
  std::transform(numbers.begin(), numbers.end(), filters.begin(),
                 [](double x) { return static_cast<float>(x); });
  return filters;
}

}  // namespace

struct Recorder::State {
  explicit State(const Run& run_) : run(run_) {}
  ~State() {
    for (nn::HookHandle& hook : hooks) hook.remove();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Lets every activation of the model tell what comes out of it.
  void hook_activations() {
    for (const auto& [path, module] : run.model.named_modules()) {
      const std::optional<Trouble> trouble = trouble_of(*module);
      if (!trouble) continue;
      const std::string name = path;
      hooks.push_back(module->register_forward_hook(
          [this, name, trouble](nn::Module& self, const Var&, const Var& y) {
            // Under no_grad the step is not what runs: a closure of the user's, say.
            if (observing && y.requires_grad()) note(name, self, *trouble, y);
          }));
    }
  }

  /// Keeps the output of an activation until there are gradients.
  void note(const std::string& path, const nn::Module& module, Trouble trouble, const Var& y) {
    // A module that is called twice in a step is two layers.
    const int call = ++calls[path];
    const std::string name = call == 1 ? path : fmt::format("{} (call {})", path, call);
    const auto is_it = [&](const WatchedLayer& layer) { return layer.name == name; };
    auto found = std::find_if(layers.begin(), layers.end(), is_it);
    if (found == layers.end()) {
      layers.push_back({name, detail::type_name(typeid(module)), trouble});
      found = layers.end() - 1;
    }
    outputs.emplace_back(static_cast<std::size_t>(found - layers.begin()), y);
  }

  void start_step(bool observes) {
    observing = observes;
    outputs.clear();
    calls.clear();
  }

  const Run run;
  std::vector<nn::HookHandle> hooks;
  std::vector<WatchedParameter> parameters;
  std::vector<WatchedLayer> layers;
  /// Of the step that is being made: places in `layers`, and their outputs.
  std::vector<std::pair<std::size_t, Var>> outputs;
  std::map<std::string, int> calls;
  bool observing = false;
  std::int64_t observed = 0;     ///< Steps of this epoch that were looked at closely.
  std::int64_t epoch_steps = 0;  ///< Steps of this epoch that were completed.
  int epoch = 0;
  Clock::time_point epoch_start = Clock::now();
};

Recorder::Recorder(RecorderOptions options) : options_(std::move(options)) {
  if (options_.observed_steps < 1) {
    throw ValueError(fmt::format("[recorder] needs at least one observed step per epoch, got {}",
                                 options_.observed_steps));
  }
  if (options_.bins < 1) {
    throw ValueError(fmt::format("[recorder] needs histograms with at least one interval, got {}",
                                 options_.bins));
  }
  if (options_.image_shape.rank() != 0 && options_.image_shape.rank() != 3) {
    throw ShapeError("[recorder] needs an image shape (C, H, W) or none, got " +
                     to_string(options_.image_shape));
  }
  history_.name = options_.name;
}

Recorder::~Recorder() = default;

void Recorder::add_setting(const std::string& name, const std::string& value) {
  added_settings_.emplace_back(name, value);
  history_.settings.emplace_back(name, value);
}

void Recorder::begin(const Run& run) {
  state_.reset();  // Hooks of a run that never ended.
  auto state = std::make_unique<State>(run);
  History history;
  history.name = options_.name;
  history.settings = {
      {"optimizer", detail::type_name(typeid(run.optimizer))},
      {"epochs", std::to_string(run.options.epochs)},
      {"batch size", std::to_string(run.options.batch_size)},
      {"seed", std::to_string(run.options.seed)},
      {"precision", run.options.precision == f32 ? "f32" : "f64"},
  };
  add_rates(run.optimizer, history);
  history.classes = run.dataset.classes;
  history.class_names = run.dataset.class_names;
  history.class_sizes.resize(static_cast<std::size_t>(run.dataset.classes));
  for (const int label : run.dataset.labels) ++history.class_sizes[static_cast<std::size_t>(label)];
  history.samples = static_cast<std::int64_t>(run.dataset.size());
  history.steps_before = run.steps_before;
  if (run.steps_before > 0) {
    history.settings.emplace_back("steps before recording", std::to_string(run.steps_before));
  }
  if (run.options.validation != nullptr) {
    history.validation_samples = static_cast<std::int64_t>(run.options.validation->size());
  }
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : run.model.named_parameters()) {
    state->parameters.push_back({name, parameter});
    history.start.push_back(state->parameters.back().record(0));
    numbers += parameter.size();
  }
  history.settings.emplace_back("parameters", std::to_string(numbers));
  history.settings.insert(history.settings.end(), added_settings_.begin(), added_settings_.end());
  state->hook_activations();
  history_ = std::move(history);
  state_ = std::move(state);
}

bool Recorder::wants_values(int epoch, std::int64_t index) {
  // An even spread that ends with the last step of the epoch.
  const std::int64_t steps = state_->run.steps;
  const auto before = [&](std::int64_t i) { return i * options_.observed_steps / steps; };
  const bool is_first = epoch == 0 && index == 0;
  state_->start_step(is_first || before(index + 1) > before(index));
  return state_->observing;
}

void Recorder::after_forward(const Step& step) {
  state_->epoch = step.epoch;
  history_.steps.push_back({step.epoch, step.epoch * state_->run.steps + step.index,
                            step.loss.item(), step.penalty, state_->run.optimizer.learning_rate()});
}

void Recorder::before_update(const Step&) {
  if (!state_->observing) return;
  for (const auto& [layer, output] : state_->outputs) {
    state_->layers[layer].look(output.value(), output.grad(), options_.bins);
  }
  state_->outputs.clear();
  for (WatchedParameter& watched : state_->parameters) {
    const Parameter& parameter = watched.parameter;
    watched.before.resize(watched.bytes());
    std::memcpy(watched.before.data(), parameter.state()->value, watched.bytes());
    if (!parameter.has_grad()) continue;
    watched.reached = true;
    const double norm =
        detail::norm(parameter.state()->grad, parameter.precision(), parameter.size());
    watched.gradient_norm_sum += norm;
    watched.received_gradient = watched.received_gradient || norm != 0;
  }
}

void Recorder::after_update(const Step&) {
  ++state_->epoch_steps;
  if (!state_->observing) return;
  state_->observing = false;
  ++state_->observed;
  for (WatchedParameter& watched : state_->parameters) {
    const Parameter& parameter = watched.parameter;
    const double before =
        detail::norm(watched.before.data(), parameter.precision(), parameter.size());
    const double update = detail::distance(parameter.state()->value, watched.before.data(),
                                           parameter.precision(), parameter.size());
    if (before > 0) watched.ratio_sum += update / before;
  }
}

void Recorder::close_epoch(const Progress& progress, bool complete) {
  EpochRecord record;
  record.epoch = state_->epoch;
  record.complete = complete;
  record.steps = state_->epoch_steps;
  record.observed = state_->observed;
  // Of an epoch that broke off, progress may still tell of the one before.
  if (complete || (progress.epoch == state_->epoch && state_->epoch_steps > 0)) {
    record.loss = progress.loss;
    record.penalty = progress.penalty;
    record.accuracy = progress.accuracy;
    record.validation_loss = progress.validation_loss;
    record.validation_accuracy = progress.validation_accuracy;
  }
  if (!history_.steps.empty()) record.learning_rate = history_.steps.back().learning_rate;
  const Clock::time_point now = Clock::now();
  record.seconds = std::chrono::duration<double>(now - state_->epoch_start).count();
  for (WatchedParameter& watched : state_->parameters) {
    record.parameters.push_back(watched.record(state_->observed));
    watched.forget();
  }
  record.layers.reserve(state_->layers.size());
  for (const WatchedLayer& layer : state_->layers) record.layers.push_back(layer.record());
  history_.epochs.push_back(std::move(record));
  state_->layers.clear();
  state_->observed = state_->epoch_steps = 0;
  state_->epoch_start = now;
  if (!state_->parameters.empty()) {
    const Shape sample = state_->run.dataset.sample_shape();
    history_.filters = filters_of(state_->parameters.front().parameter,
                                  options_.image_shape.rank() == 3 ? options_.image_shape : sample);
  }
}

void Recorder::epoch_end(const Progress& progress) {
  close_epoch(progress, true);
  history_.best_epoch = progress.best_epoch;
  history_.stopped = progress.stopped;
}

void Recorder::end(const Progress& progress, const char* error) {
  if (error != nullptr) {
    history_.error = error;
    const int last = history_.epochs.empty() ? -1 : history_.epochs.back().epoch;
    if (!history_.steps.empty() && history_.steps.back().epoch > last) close_epoch(progress, false);
  }
  const Run run = state_->run;
  state_.reset();
  if (error == nullptr && run.options.validation != nullptr) {
    history_.confusion =
        evaluate(run.model, *run.options.validation, run.options.loss, run.options.precision)
            .confusion;
  }
}

}  // namespace tapegrad::train
