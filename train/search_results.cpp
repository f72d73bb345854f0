#include <tapegrad/train/search_results.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/train/checkpoint.hpp>
#include <tapegrad/train/detail/search_json.hpp>

namespace tapegrad::detail {

/// train/page/search.html.
extern const Page search_page;

}  // namespace tapegrad::detail

namespace tapegrad::train {

namespace {

namespace fs = std::filesystem;

/// Whether a trial is to be named before another of the same stage.
bool is_better(const TrialRecord& a, const TrialRecord& b) {
  if (std::isnan(a.score) != std::isnan(b.score)) return std::isnan(b.score);
  if (a.score != b.score && !std::isnan(a.score)) return a.score > b.score;
  return a.trial < b.trial;
}

/// Every record, later stages first, each stage best first.
std::vector<TrialRecord> in_order(const SearchResults& results) {
  std::vector<TrialRecord> records = results.records;
  std::sort(records.begin(), records.end(), [](const TrialRecord& a, const TrialRecord& b) {
    return a.stage != b.stage ? a.stage > b.stage : is_better(a, b);
  });
  return records;
}

/// The names of all statistics.
std::set<std::string> statistics_of(const SearchResults& results) {
  std::set<std::string> names;
  for (const TrialRecord& record : results.records) {
    for (const auto& [name, value] : record.statistics) names.insert(name);
  }
  return names;
}

/// A number as a field of a table; one that is none leaves it empty.
std::string field(double number) {
  return std::isnan(number) ? std::string() : fmt::format("{}", number);
}

}  // namespace

std::vector<TrialRecord> SearchResults::ranked(int stage) const {
  std::vector<TrialRecord> ranking;
  for (const TrialRecord& record : records) {
    if (record.stage == stage) ranking.push_back(record);
  }
  std::sort(ranking.begin(), ranking.end(), is_better);
  return ranking;
}

std::vector<TrialRecord> SearchResults::ranked() const {
  std::vector<TrialRecord> ranking;
  std::set<int> seen;
  for (TrialRecord& record : in_order(*this)) {
    if (seen.insert(record.trial).second) ranking.push_back(std::move(record));
  }
  return ranking;
}

std::vector<std::string> SearchResults::warnings() const {
  constexpr double margin = 0.05;
  std::vector<std::string> texts;
  const std::vector<TrialRecord> ranking = ranked();
  if (ranking.empty() || std::isnan(ranking.front().score)) return texts;
  for (const auto& [name, value] : ranking.front().parameters) {
    for (const Range& range : ranges) {
      if (range.name != name) continue;
      const double share = range.share(value);
      if (share > margin && share < 1 - margin) continue;
      texts.push_back(fmt::format(
          "the best {} is {:.3g}, at the {} edge of {:.3g} to {:.3g}: a better one may lie {} it; "
          "search a wider range",
          name, value, share <= margin ? "lower" : "upper", range.low, range.high,
          share <= margin ? "below" : "above"));
    }
  }
  return texts;
}

std::string SearchResults::to_table(int most) const {
  std::string table = fmt::format("{:>5} {:>6} {:>8}", "trial", "epochs", "score");
  for (const Range& range : ranges) table += fmt::format(" {:>10}", range.name);
  table += '\n';
  for (const TrialRecord& record : ranked()) {
    if (most-- <= 0) break;
    table += fmt::format("{:>5} {:>6} {:>8}", record.trial, record.epochs,
                         std::isnan(record.score) ? "none" : fmt::format("{:.4f}", record.score));
    for (const auto& [name, value] : record.parameters) table += fmt::format(" {:>10.3g}", value);
    table += '\n';
  }
  for (const std::string& text : warnings()) table += fmt::format("warning: {}\n", text);
  return table;
}

std::string SearchResults::csv() const {
  const std::set<std::string> statistics = statistics_of(*this);
  std::string table = "stage,trial,epochs,score";
  for (const Range& range : ranges) table += ',' + range.name;
  for (const std::string& name : statistics) table += ',' + name;
  table += ",seconds\n";
  for (const TrialRecord& record : in_order(*this)) {
    table += fmt::format("{},{},{},{}", record.stage + 1, record.trial, record.epochs,
                         field(record.score));
    for (const auto& [name, value] : record.parameters) table += ',' + field(value);
    for (const std::string& name : statistics) {
      const auto found = record.statistics.find(name);
      table += ',' + (found == record.statistics.end() ? std::string() : field(found->second));
    }
    table += fmt::format(",{:.3f}\n", record.seconds);
  }
  return table;
}

std::string SearchResults::jsonl() const {
  std::string lines;
  for (const TrialRecord& record : in_order(*this)) lines += detail::to_json(record) + '\n';
  return lines;
}

std::string SearchResults::html() const {
  nlohmann::ordered_json data;
  data["title"] = title;
  data["warnings"] = warnings();
  for (const Range& range : ranges) {
    data["ranges"].push_back({{"name", range.name},
                              {"low", range.low},
                              {"high", range.high},
                              {"logarithmic", range.logarithmic}});
  }
  data["records"] = nlohmann::ordered_json::array();
  for (const TrialRecord& record : in_order(*this)) {
    data["records"].push_back(nlohmann::ordered_json::parse(detail::to_json(record)));
  }
  return detail::page_with_data(detail::search_page,
                                data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                                "search", "ask for .csv or .jsonl");
}

void SearchResults::save(const std::string& path) const {
  const detail::Origin origin{"search", path};
  const std::string ending = fs::path(path).extension().string();
  if (ending == ".html") {
    detail::write_file(origin, html());
  } else if (ending == ".jsonl") {
    detail::write_file(origin, jsonl());
  } else if (ending == ".csv") {
    detail::write_file(origin, csv());
  } else {
    throw ValueError("[search] needs a file name that ends in .html, .jsonl or .csv, got '" + path +
                     "'");
  }
}

SearchResults search_results(const std::string& folder) {
  const detail::Origin origin{"search", (fs::path(folder) / "search.json").string()};
  SearchResults results = detail::search_of_json(detail::read_file(origin), origin);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(folder) / "results", ignored)) {
    if (entry.path().extension() != ".safetensors") continue;
    const std::string path = entry.path().string();
    const Checkpoint checkpoint = load_checkpoint(path);
    const auto record = checkpoint.words.find("record");
    results.records.push_back(detail::record_of_json(
        record == checkpoint.words.end() ? std::string() : record->second, {"search", path}));
    results.records.back().path = path;
  }
  std::sort(results.records.begin(), results.records.end(),
            [](const TrialRecord& a, const TrialRecord& b) {
              return std::pair(a.stage, a.trial) < std::pair(b.stage, b.trial);
            });
  return results;
}

}  // namespace tapegrad::train
