// All formats of what a run recorded, as files of a folder.

#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/train/metrics.hpp>

namespace tapegrad::train {

void save_metrics(const History& history, const std::string& folder) {
  using Seconds = std::chrono::duration<double>;
  double start_time = Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const EpochRecord& epoch : history.epochs) start_time -= epoch.seconds;
  const std::vector<std::pair<std::string, std::string>> files = {
      {"steps.csv", steps_csv(history)},
      {"epochs.csv", epochs_csv(history)},
      {"parameters.csv", parameters_csv(history)},
      {"layers.csv", layers_csv(history)},
      {"metrics.jsonl", metrics_jsonl(history)},
      // TensorBoard takes a file for its own if `tfevents` is in its name.
      {"events.out.tfevents.tapegrad", tensorboard_events(history, start_time)}};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    tapegrad::detail::Origin{"save_metrics", folder}.fail(
        "needs a folder to write into; it cannot be made ({}); name another", error.message());
  }
  for (const auto& [name, bytes] : files) {
    tapegrad::detail::write_file({"save_metrics", (std::filesystem::path(folder) / name).string()},
                                 bytes);
  }
}

}  // namespace tapegrad::train
