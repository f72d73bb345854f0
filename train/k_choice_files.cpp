// The choice of k as a table, as JSON and as a page.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/train/detail/optional_json.hpp>
#include <tapegrad/train/detail/save.hpp>
#include <tapegrad/train/k_choice.hpp>

namespace tapegrad::detail {

/// train/page/k_choice.html.
extern const Page k_choice_page;

}  // namespace tapegrad::detail

namespace tapegrad::train {

namespace {

/// As many accuracies for each score, and at least one.
void check(const KChoice& choice) {
  bool is_whole = !choice.scores.empty();
  for (const KScore& score : choice.scores) {
    is_whole = is_whole && !score.accuracies.scores.empty() &&
               score.accuracies.scores.size() == choice.scores.front().accuracies.scores.size();
  }
  if (!is_whole) {
    throw ValueError(
        "[choose_k] needs scores with an accuracy for each fold, got none or different numbers of "
        "them; choose_k computes them");
  }
}

}  // namespace

std::string KChoice::csv() const {
  check(*this);
  std::string table = "metric,k,mean,deviation";
  for (std::size_t fold = 0; fold < scores.front().accuracies.scores.size(); ++fold) {
    table += fmt::format(",fold {}", fold + 1);
  }
  table += '\n';
  for (const KScore& score : scores) {
    table += fmt::format("{},{},{},{}", to_string(score.metric), score.k, score.accuracies.mean(),
                         score.accuracies.standard_deviation());
    for (const double accuracy : score.accuracies.scores) table += fmt::format(",{}", accuracy);
    table += '\n';
  }
  return table;
}

std::string KChoice::json() const {
  check(*this);
  nlohmann::json written = nlohmann::json::array();
  for (const KScore& score : scores) {
    written.push_back({{"metric", to_string(score.metric)},
                       {"k", score.k},
                       {"accuracies", score.accuracies.scores},
                       {"mean", score.accuracies.mean()},
                       {"deviation", score.accuracies.standard_deviation()}});
  }
  return detail::json_text({{"title", title}, {"scores", std::move(written)}});
}

std::string KChoice::html() const {
  return tapegrad::detail::page_with_data(tapegrad::detail::k_choice_page, json(), "choose_k",
                                          "ask for .csv or .json");
}

void KChoice::save(const std::string& path) const {
  detail::save(*this, path, "choose_k");
}

}  // namespace tapegrad::train
