#include <tapegrad/nn/summary.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/text_table.hpp>
#include <tapegrad/autograd/detail/type_name.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/nn/mode_guard.hpp>

namespace tapegrad::nn {

namespace {

std::int64_t sum(const Summary& summary, std::int64_t LayerSummary::*count) {
  return std::accumulate(
      summary.layers.begin(), summary.layers.end(), std::int64_t{0},
      [=](std::int64_t total, const LayerSummary& layer) { return total + layer.*count; });
}

/// Counts a parameter where it belongs.
void count_parameter(LayerSummary& layer, const std::string& name, const Shape& shape) {
  const std::string own = name.substr(name.rfind('.') + 1);
  (own == "bias" ? layer.biases : layer.weights) += shape.size();
}

bool is_image(const Shape& sample) {
  return sample.rank() == 3;
}

// --- Of a module ----------------------------------------------------------------------------

/// One call of a module.
struct Call {
  std::size_t module;  ///< Its position in named_modules().
  std::uint32_t x, y;  ///< Its input's and output's gates.
  Shape output;        ///< With the axis of samples.
  bool made_inside;    ///< Whether a module within it has made the output.
  bool same_numbers;   ///< Whether it gives its input's numbers in another shape.
};

/// Watches the calls of a module and all below it while it lives.
class Watch {
 public:
  explicit Watch(Module& module) : modules_(module.named_modules()) {
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      handles_.push_back(modules_[i].second->register_forward_hook(
          [this, i](Module&, const Var& x, const Var& y) { note(i, x, y); }));
    }
  }
  ~Watch() {
    for (HookHandle& handle : handles_) handle.remove();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  const std::vector<Call>& calls() const { return calls_; }
  const std::vector<std::pair<std::string, Module*>>& modules() const { return modules_; }
  Module& module_of(const Call& call) const { return *modules_[call.module].second; }

 private:
  void note(std::size_t module, const Var& x, const Var& y) {
    const detail::Block& block = detail::live_block(y, "summary", Place::here());
    const bool made_inside = std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) {
      return call.y == y.index() && is_within(call.module, module);
    });
    const bool same_numbers = x.index() != y.index() && x.shape() != y.shape() &&
                              block.value(x.index()) == block.value(y.index());
    calls_.push_back({module, x.index(), y.index(), y.shape(), made_inside, same_numbers});
  }
  bool is_within(std::size_t inner, std::size_t outer) const {
    const std::string& path = modules_[outer].first;
    return inner != outer && (path.empty() || modules_[inner].first.rfind(path + ".", 0) == 0);
  }

  std::vector<std::pair<std::string, Module*>> modules_;
  std::vector<HookHandle> handles_;
  std::vector<Call> calls_;
};

bool is_leaf(Module& module) {
  return module.named_modules().size() == 1;
}

using Fields = std::vector<std::optional<ReceptiveField>>;

/// What sees all that two see.
void widen(std::optional<ReceptiveField>& field, const std::optional<ReceptiveField>& other) {
  if (!other.has_value()) return;
  if (!field.has_value()) {
    field = other;
    return;
  }
  const auto larger = [](HeightWidth a, HeightWidth b) {
    return HeightWidth(std::max(a.height, b.height), std::max(a.width, b.width));
  };
  field = ReceptiveField{larger(field->size, other->size), larger(field->stride, other->stride)};
}

/// The field of each gate: a module without children widens that of its input by its window, gates
/// between modules see what their operands see.
Fields fields_of(const detail::Block& block, const Var& input, const Watch& watch) {
  std::multimap<std::uint32_t, const Call*> by_output;
  for (const Call& call : watch.calls()) {
    if (call.y != call.x && is_leaf(watch.module_of(call))) by_output.emplace(call.y, &call);
  }
  Fields fields(block.size);
  fields[input.index()] = ReceptiveField{};
  for (std::uint32_t gate = 0; gate < block.size; ++gate) {
    for (std::uint32_t k = 0; k < block.operand_count(gate); ++k) {
      widen(fields[gate], fields[block.operand(gate, k)]);
    }
    const auto [first, last] = by_output.equal_range(gate);
    for (auto entry = first; entry != last; ++entry) {
      const Call& call = *entry->second;
      const std::optional<ReceptiveField> seen = fields[call.x];
      if (seen.has_value()) fields[gate] = seen->through(watch.module_of(call).window());
    }
  }
  return fields;
}

}  // namespace

Summary summary(Module& module, const Shape& input, Precision precision) {
  Shape batch{1};
  for (const std::int64_t size : input) batch.push_back(size);
  checked_size(batch, "summary");
  const ModeGuard mode(module, false);
  const NoGrad no_grad;
  Tape tape(precision);
  const Var x = detail::record_zeros(tape.block(), batch, Place::here());
  Watch watch(module);
  module(x);

  Summary result{input, {}, precision};
  const Fields fields = fields_of(tape.block(), x, watch);
  std::vector<Parameter> counted;
  std::vector<bool> called(watch.modules().size());
  const auto row_of = [&](std::size_t index) {
    const auto& [name, part] = watch.modules()[index];
    LayerSummary layer;
    layer.name = name;
    layer.kind = detail::type_name(typeid(*part));
    for (const auto& [own, parameter] : part->named_parameters(false)) {
      const Parameter& candidate = parameter;
      const bool known = std::any_of(counted.begin(), counted.end(),
                                     [&](const Parameter& p) { return same(p, candidate); });
      if (known) continue;
      counted.push_back(parameter);
      count_parameter(layer, own, parameter.shape());
    }
    return layer;
  };
  for (const Call& call : watch.calls()) {
    const NamedParameters own = watch.module_of(call).named_parameters(false);
    called[call.module] = true;
    if (call.made_inside && own.empty()) continue;
    LayerSummary layer = row_of(call.module);
    layer.output = Shape(call.output.begin() + std::min(call.output.rank(), 1), call.output.end());
    const std::int64_t outputs = layer.output.size();
    const bool weighs = std::any_of(own.begin(), own.end(), [](const auto& parameter) {
      return parameter.first != "bias" && parameter.second.shape().rank() > 1;
    });
    if (weighs) layer.neurons = outputs;
    if (!call.made_inside && !call.same_numbers) layer.activations = outputs;
    if (is_image(layer.output)) layer.field = fields[call.y];
    result.layers.push_back(layer);
  }
  for (std::size_t i = 0; i < called.size(); ++i) {
    if (called[i]) continue;
    LayerSummary layer = row_of(i);
    layer.is_called = false;
    if (layer.parameters() > 0) result.layers.push_back(layer);
  }
  return result;
}

// --- Of an architecture ---------------------------------------------------------------------

Summary summary(const Architecture& architecture, Precision precision) {
  Summary result{architecture.input(), {}, precision};
  ReceptiveField field;
  for (const PlannedLayer& plan : architecture.layers()) {
    LayerSummary layer;
    layer.name = std::to_string(result.layers.size());
    layer.kind = plan.kind;
    layer.output = plan.output;
    layer.neurons = plan.neurons;
    layer.activations = plan.activations;
    for (const auto& [name, shape] : plan.parameters) count_parameter(layer, name, shape);
    field = field.through(plan.window);
    if (is_image(plan.output)) layer.field = field;
    result.layers.push_back(layer);
  }
  return result;
}

// --- Sums and text --------------------------------------------------------------------------

std::int64_t Summary::neurons() const {
  return sum(*this, &LayerSummary::neurons);
}
std::int64_t Summary::weights() const {
  return sum(*this, &LayerSummary::weights);
}
std::int64_t Summary::biases() const {
  return sum(*this, &LayerSummary::biases);
}
std::int64_t Summary::activations() const {
  return sum(*this, &LayerSummary::activations);
}
std::int64_t Summary::parameter_bytes() const {
  return parameters() * bytes_per_number(precision);
}
std::int64_t Summary::activation_bytes() const {
  return activations() * bytes_per_number(precision);
}

namespace {

/// `105,705,600`; nothing for 0 unless asked for.
std::string count_text(std::int64_t count, bool show_zero = false) {
  if (count == 0 && !show_zero) return {};
  std::string digits = std::to_string(count);
  for (auto i = static_cast<std::int64_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

/// `73.5 MiB`.
std::string bytes_text(std::int64_t bytes) {
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < std::size(units); ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

/// `3×3`; a single number where `both` may stand for equal sides.
std::string sides_text(HeightWidth sides, bool both) {
  if (both && sides.height == sides.width) return std::to_string(sides.height);
  return fmt::format("{}×{}", sides.height, sides.width);
}

}  // namespace

std::string to_string(const Summary& summary) {
  std::vector<std::vector<std::string>> rows{
      {"layer", "kind", "output", "neurons", "weights", "biases", "activations", "sees", "stride"}};
  const auto add = [&](const std::string& name, const std::string& kind, const std::string& output,
                       std::int64_t neurons, std::int64_t weights, std::int64_t biases,
                       std::int64_t activations, const std::optional<ReceptiveField>& field) {
    rows.push_back({name, kind, output, count_text(neurons), count_text(weights),
                    count_text(biases), count_text(activations),
                    field.has_value() ? sides_text(field->size, false) : "",
                    field.has_value() ? sides_text(field->stride, true) : ""});
  };
  add("", "input", to_string(summary.input), 0, 0, 0, 0, {});
  for (const LayerSummary& layer : summary.layers) {
    add(layer.name, layer.kind, layer.is_called ? to_string(layer.output) : "not called",
        layer.neurons, layer.weights, layer.biases, layer.activations, layer.field);
  }
  add("all", "", "", summary.neurons(), summary.weights(), summary.biases(), summary.activations(),
      {});
  return detail::text_table(rows, {3, 4, 5, 6, 7, 8}) +
         fmt::format("{} parameters: {}; activations of a sample: {}, with gradients {} ({})\n",
                     count_text(summary.parameters(), true), bytes_text(summary.parameter_bytes()),
                     bytes_text(summary.activation_bytes()),
                     bytes_text(summary.activation_bytes_with_gradients()),
                     summary.precision == f32 ? "float" : "double");
}

}  // namespace tapegrad::nn

fmt::format_context::iterator fmt::formatter<tapegrad::nn::Summary>::format(
    const tapegrad::nn::Summary& summary, fmt::format_context& context) const {
  return fmt::formatter<fmt::string_view>::format(tapegrad::nn::to_string(summary), context);
}
