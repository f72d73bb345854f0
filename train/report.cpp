#include <tapegrad/train/report.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>

#include <fmt/format.h>
#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/train/detail/optional_json.hpp>

namespace tapegrad::detail {

/// train/page/report.html.
extern const Page report_page;

}  // namespace tapegrad::detail

namespace tapegrad::train {

namespace {

using nlohmann::json;
using Origin = tapegrad::detail::Origin;

// NOTE [Size of a report]
// A page may have 5 MB, of which its scripts take a third of one. A chart has about a thousand
// pixels, so more than 400 points of a curve would not be seen; the rest is shared out: so many
// numbers for histograms, for curves of parameters and so many bytes for filters, among all runs,
// whatever their lengths and numbers of layers. A number takes up to 10 bytes, one of a
// histogram 4.
constexpr std::size_t most_points = 400, most_epochs = 200;
constexpr std::size_t histogram_numbers = 200'000, curve_numbers = 50'000, filter_bytes = 300'000;

/// A number with five digits: more are not seen in a picture.
json brief(double number) {
  if (!std::isfinite(number)) return nullptr;
  return std::strtod(fmt::format("{:.5g}", number).c_str(), nullptr);
}

json brief(const std::optional<double>& number) {
  return number ? brief(*number) : json();
}

/// At most so many of the positions below `count`, evenly, the first and the last among them.
std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  most = std::max<std::size_t>(most, 2);
  const std::size_t kept = std::min(count, most);
  std::vector<std::size_t> positions(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    positions[i] = kept < 2 ? 0 : i * (count - 1) / (kept - 1);
  }
  return positions;
}

/// Where each step is, in epochs done after it: a half, say, in the middle of the first.
std::vector<double> epochs_after(const History& history) {
  std::map<int, double> steps_of;
  for (const StepRecord& step : history.steps) ++steps_of[step.epoch];
  // An epoch that broke off is as long as the longest: all are, but one that a resumed run began
  // in.
  double longest = 0;
  for (const auto& [epoch, steps] : steps_of) longest = std::max(longest, steps);
  for (const EpochRecord& epoch : history.epochs) {
    if (!epoch.complete) steps_of[epoch.epoch] = longest;
  }
  std::vector<double> places;
  places.reserve(history.steps.size());
  double done = 0;
  int epoch = -1;
  for (const StepRecord& step : history.steps) {
    done = step.epoch == epoch ? done + 1 : 1;
    epoch = step.epoch;
    places.push_back(epoch + done / steps_of[epoch]);
  }
  return places;
}

/// Losses and rates of batches, in groups of neighbours.
json batches_of(const History& history) {
  const std::vector<double> places = epochs_after(history);
  const std::size_t count = history.steps.size();
  const std::size_t together = std::max<std::size_t>(1, (count + most_points - 1) / most_points);
  json at = json::array(), mean = json::array(), low = json::array(), high = json::array();
  json rates = json::array(), lost = json::array();
  std::size_t lost_count = 0;
  for (std::size_t first = 0; first < count; first += together) {
    const std::size_t end = std::min(count, first + together);
    double sum = 0, smallest = INFINITY, largest = -INFINITY;
    std::size_t finite = 0;
    for (std::size_t i = first; i < end; ++i) {
      const double loss = history.steps[i].loss;
      if (!std::isfinite(loss)) continue;
      ++finite;
      sum += loss;
      smallest = std::min(smallest, loss);
      largest = std::max(largest, loss);
    }
    at.push_back(brief((places[first] + places[end - 1]) / 2));
    mean.push_back(finite > 0 ? brief(sum / static_cast<double>(finite)) : json());
    low.push_back(brief(smallest));
    high.push_back(brief(largest));
    rates.push_back(brief(history.steps[end - 1].learning_rate));
    if (finite < end - first) lost.push_back(at.back());
    lost_count += end - first - finite;
  }
  return {{"together", together}, {"steps", count}, {"at", at},     {"mean", mean},
          {"low", low},           {"high", high},   {"lost", lost}, {"lostCount", lost_count},
          {"rate", rates}};
}

/// The epochs' own figures. Of one that broke off before its first step nothing is known.
json epochs_of(const History& history) {
  json at = json::array(), loss = json::array(), accuracy = json::array();
  json validation_loss = json::array(), validation_accuracy = json::array();
  double seconds = 0;
  for (const EpochRecord& epoch : history.epochs) seconds += epoch.seconds;
  for (const std::size_t i : spread(history.epochs.size(), 5 * most_epochs)) {
    const EpochRecord& epoch = history.epochs[i];
    const bool known = epoch.complete || epoch.steps > 0;
    at.push_back(epoch.epoch + 1);
    loss.push_back(known ? brief(epoch.loss) : json());
    accuracy.push_back(known ? brief(epoch.accuracy) : json());
    validation_loss.push_back(brief(epoch.validation_loss));
    validation_accuracy.push_back(brief(epoch.validation_accuracy));
  }
  const auto complete = std::count_if(history.epochs.begin(), history.epochs.end(),
                                      [](const EpochRecord& epoch) { return epoch.complete; });
  return {{"at", at},
          {"complete", complete},
          {"seconds", brief(seconds)},
          {"loss", loss},
          {"accuracy", accuracy},
          {"validationLoss", validation_loss},
          {"validationAccuracy", validation_accuracy}};
}

/// The record of the given name, at best at the given position.
template <class Record>
const Record* find(const std::vector<Record>& records, std::size_t position,
                   const std::string& name) {
  if (position < records.size() && records[position].name == name) return &records[position];
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const Record& record) { return record.name == name; });
  return found == records.end() ? nullptr : &*found;
}

json parameters_of(const History& history, std::size_t runs) {
  const std::vector<ParameterRecord>& named =
      history.epochs.empty() ? history.start : history.epochs.front().parameters;
  const std::size_t curves = std::max<std::size_t>(1, runs * named.size());
  const auto epochs = spread(history.epochs.size(), std::min(most_epochs, curve_numbers / curves));
  json at = json::array(), parameters = json::array();
  for (const std::size_t epoch : epochs) at.push_back(history.epochs[epoch].epoch + 1);
  for (std::size_t i = 0; i < named.size(); ++i) {
    json ratios = json::array();
    for (const std::size_t epoch : epochs) {
      const ParameterRecord* record = find(history.epochs[epoch].parameters, i, named[i].name);
      // Without a step that was looked at there is no ratio.
      const bool known = record != nullptr && history.epochs[epoch].observed > 0;
      ratios.push_back(known ? brief(record->update_ratio) : json());
    }
    parameters.push_back({{"name", named[i].name},
                          {"shape", to_string(named[i].shape)},
                          {"axes", named[i].shape.rank()},
                          {"ratio", ratios}});
  }
  return {{"at", at}, {"named", parameters}};
}

/// Shares per interval, in thousandths.
json histogram_of(const Histogram& histogram, int epoch) {
  const double total = static_cast<double>(
      std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::int64_t{0}));
  json shares = json::array();
  for (const std::int64_t count : histogram.counts) {
    const double share = static_cast<double>(count) / total;
    // A few numbers among many are not none.
    shares.push_back(count == 0 ? 0 : std::round(std::max(share, 1e-4) * 1e4) / 10);
  }
  return {{"at", epoch + 1},
          {"low", brief(histogram.low)},
          {"high", brief(histogram.high)},
          {"mean", brief(histogram.mean)},
          {"deviation", brief(histogram.standard_deviation)},
          {"shares", shares}};
}

json layers_of(const History& history, std::size_t runs) {
  const std::vector<LayerRecord> none;
  const auto first = std::find_if(history.epochs.begin(), history.epochs.end(),
                                  [](const EpochRecord& epoch) { return !epoch.layers.empty(); });
  const std::vector<LayerRecord>& named = first == history.epochs.end() ? none : first->layers;
  std::size_t intervals = 1;
  for (const LayerRecord& layer : named) {
    intervals += layer.activations.counts.size() + layer.gradients.counts.size();
  }
  const auto epochs = spread(history.epochs.size(),
                             std::min(most_epochs / 4, histogram_numbers / (runs * intervals)));
  const auto curve_epochs = spread(
      history.epochs.size(),
      std::min(most_epochs, curve_numbers / (runs * std::max<std::size_t>(1, named.size()))));
  json at = json::array(), layers = json::array();
  for (const std::size_t epoch : curve_epochs) at.push_back(history.epochs[epoch].epoch + 1);
  for (std::size_t i = 0; i < named.size(); ++i) {
    json dead = json::array(), saturated = json::array();
    json activations = json::array(), gradients = json::array();
    for (const std::size_t epoch : curve_epochs) {
      const LayerRecord* record = find(history.epochs[epoch].layers, i, named[i].name);
      dead.push_back(record != nullptr ? brief(record->dead_share) : json());
      saturated.push_back(record != nullptr ? brief(record->saturated_share) : json());
    }
    for (const std::size_t epoch : epochs) {
      const LayerRecord* record = find(history.epochs[epoch].layers, i, named[i].name);
      if (record == nullptr) continue;
      const int number = history.epochs[epoch].epoch;
      if (!record->activations.counts.empty()) {
        activations.push_back(histogram_of(record->activations, number));
      }
      if (!record->gradients.counts.empty()) {
        gradients.push_back(histogram_of(record->gradients, number));
      }
    }
    layers.push_back({{"name", named[i].name},
                      {"kind", named[i].kind},
                      {"units", named[i].units},
                      {"dead", dead},
                      {"saturated", saturated},
                      {"activations", activations},
                      {"gradients", gradients}});
  }
  return {{"at", at}, {"named", layers}};
}

/// Each filter scaled by its largest weight: 128 is 0, 1 and 255 are that weight; 0 is no number.
json filters_of(const History& history, std::size_t runs) {
  const auto& shape = history.filters.shape();
  if (shape.size() != 4 || history.filters.size() == 0) return nullptr;
  // Colours are three channels; any other number of channels is so many grey images.
  const bool is_colour = shape[1] == 3;
  const std::size_t images = is_colour ? shape[0] : shape[0] * shape[1];
  const std::size_t pixels = (is_colour ? 3 : 1) * shape[2] * shape[3];
  const std::size_t room = filter_bytes / runs / pixels;
  const std::size_t shown = std::min<std::size_t>({images, std::max<std::size_t>(room, 1), 256});
  std::string bytes;
  bytes.reserve(2 * shown * pixels);
  for (std::size_t image = 0; image < shown; ++image) {
    const float* weights = history.filters.data() + image * pixels;
    float largest = 0;
    for (std::size_t i = 0; i < pixels; ++i) {
      if (std::isfinite(weights[i])) largest = std::max(largest, std::abs(weights[i]));
    }
    for (std::size_t i = 0; i < pixels; ++i) {
      const float scaled = largest > 0 ? weights[i] / largest : 0.0F;
      const long level = std::isfinite(scaled) ? 128 + std::lround(127 * scaled) : 0;
      bytes += fmt::format("{:02x}", level);
    }
  }
  return {{"count", images},    {"shown", shown},    {"channels", is_colour ? 3 : 1},
          {"height", shape[2]}, {"width", shape[3]}, {"levels", bytes}};
}

/// The cells of the confusion matrix that are not 0, as position and count in turn.
json confusion_of(const History& history) {
  const auto classes = static_cast<std::size_t>(std::max(history.classes, 0));
  json cells = json::array();
  if (history.confusion.size() != classes * classes) return cells;
  for (std::size_t cell = 0; cell < history.confusion.size(); ++cell) {
    if (history.confusion[cell] == 0) continue;
    cells.push_back(cell);
    cells.push_back(history.confusion[cell]);
  }
  return cells;
}

json diagnosis_of(const History& history, const DiagnosisThresholds& thresholds) {
  json findings = json::array();
  for (const Finding& finding : diagnose(history, thresholds)) {
    findings.push_back({{"problem", to_string(finding.problem)},
                        {"subject", finding.subject},
                        {"text", finding.text}});
  }
  return findings;
}

/// One of so many runs.
json run_of(const History& history, const DiagnosisThresholds& thresholds, std::size_t runs) {
  return {{"name", history.name},
          {"settings", history.settings},
          {"classes", history.classes},
          {"classNames", history.class_names},
          {"samples", history.samples},
          {"validationSamples", history.validation_samples},
          {"batches", batches_of(history)},
          {"epochs", epochs_of(history)},
          {"parameters", parameters_of(history, runs)},
          {"layers", layers_of(history, runs)},
          {"filters", filters_of(history, runs)},
          {"confusion", confusion_of(history)},
          {"bestEpoch", history.best_epoch < 0 ? json() : json(history.best_epoch + 1)},
          {"stopped", history.stopped},
          {"error", history.error},
          {"diagnosis", diagnosis_of(history, thresholds)}};
}

}  // namespace

std::string Report::json() const {
  nlohmann::json written = nlohmann::json::array();
  for (const History& run : runs) written.push_back(run_of(run, thresholds, runs.size()));
  return detail::json_text({{"title", title}, {"runs", std::move(written)}});
}

std::string Report::html() const {
  return tapegrad::detail::page_with_data(tapegrad::detail::report_page, json(), "report",
                                          "ask for .json, or for metrics");
}

void Report::save(const std::string& path) const {
  const Origin origin{"report", path};
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".html") {
    tapegrad::detail::write_file(origin, html());
  } else if (ending == ".json") {
    tapegrad::detail::write_file(origin, json());
  } else {
    throw ValueError("[report] needs a file name that ends in .html or .json, got '" + path + "'");
  }
}

}  // namespace tapegrad::train
