#include <tapegrad/train/detail/search_json.hpp>

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tapegrad/train/detail/optional_json.hpp>

namespace tapegrad::detail {

namespace {

/// Members stay in the order in which they are written.
using Json = nlohmann::ordered_json;

/// JSON has no NaN and no infinity: null.
double number_of(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

template <class Read>
auto read(const Origin& origin, Read read_it) {
  try {
    return read_it();
  } catch (const Json::exception&) {
    origin.fail("needs what a search has written; this is something else; name another folder");
  }
}

}  // namespace

std::string to_json(const train::SearchOptions& options) {
  Json ranges = Json::array(), stages = Json::array();
  for (const train::Range& range : options.ranges) {
    ranges.push_back({{"name", range.name},
                      {"low", range.low},
                      {"high", range.high},
                      {"logarithmic", range.logarithmic}});
  }
  for (const train::Stage& stage : options.stages) {
    stages.push_back({{"epochs", stage.epochs}, {"trials", stage.trials}});
  }
  const Json search = {{"ranges", ranges},
                       {"stages", stages},
                       {"seed", options.seed},
                       {"settings", options.settings}};
  return train::detail::json_text(search, 2) + '\n';
}

train::SearchResults search_of_json(const std::string& json, const Origin& origin) {
  return read(origin, [&] {
    const Json search = Json::parse(json);
    train::SearchResults results;
    for (const Json& range : search.at("ranges")) {
      results.ranges.push_back(
          {range.at("name"), range.at("low"), range.at("high"), range.at("logarithmic")});
    }
    for (const Json& stage : search.at("stages")) {
      results.stages.push_back({stage.at("epochs"), stage.at("trials")});
    }
    return results;
  });
}

std::string search_differences(const std::string& theirs, const std::string& ours) {
  const Json there = Json::parse(theirs, nullptr, false), here = Json::parse(ours);
  if (!there.is_object()) return "its search.json is not readable";
  std::string text;
  for (const auto& [name, value] : here.items()) {
    const Json other = there.contains(name) ? there[name] : Json();
    if (other == value) continue;
    text += fmt::format("{}{} was {} and is {}", text.empty() ? "" : "; ", name, other.dump(),
                        value.dump());
  }
  return text.empty() ? "its search.json is written otherwise" : text;
}

std::string to_json(const train::TrialRecord& record) {
  Json parameters = Json::object();
  for (const auto& [name, value] : record.parameters) parameters[name] = value;
  return train::detail::json_text<Json>({{"trial", record.trial},
                                         {"stage", record.stage + 1},
                                         {"epochs", record.epochs},
                                         {"score", record.score},
                                         {"parameters", parameters},
                                         {"statistics", record.statistics},
                                         {"seconds", record.seconds},
                                         {"error", record.error}});
}

train::TrialRecord record_of_json(const std::string& json, const Origin& origin) {
  return read(origin, [&] {
    const Json record = Json::parse(json);
    train::TrialRecord result;
    result.trial = record.at("trial");
    result.stage = record.at("stage").get<int>() - 1;
    result.epochs = record.at("epochs");
    result.score = number_of(record.at("score"));
    for (const auto& [name, value] : record.at("parameters").items()) {
      result.parameters.emplace_back(name, number_of(value));
    }
    for (const auto& [name, value] : record.at("statistics").items()) {
      result.statistics[name] = number_of(value);
    }
    result.seconds = number_of(record.at("seconds"));
    result.error = record.at("error");
    return result;
  });
}

}  // namespace tapegrad::detail
