#include <tapegrad/train/detail/checkpointer.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/train/detail/checkpoint_name.hpp>

namespace tapegrad::detail {

namespace {

namespace fs = std::filesystem;

void check(const train::CheckpointOptions& options) {
  if (options.every_epochs >= 0 && options.every_steps >= 0 && options.keep >= 1) return;
  throw ValueError(fmt::format(
      "[fit] needs checkpoints every 0 or more epochs and steps, of which 1 or more stay; got "
      "every {} epochs, every {} steps, {} to keep",
      options.every_epochs, options.every_steps, options.keep));
}

void check(const std::vector<train::Stateful>& state) {
  std::set<std::string> names;
  for (const train::Stateful& part : state) {
    const bool is_simple = !part.name.empty() && part.name.find('.') == std::string::npos;
    if (!is_simple || !part.state_dict || !part.load_state_dict) {
      throw ValueError(
          "[fit] needs state for checkpoints under names without dots, with functions to get and "
          "to set it, got '" +
          part.name + "'");
    }
    if (!names.insert(part.name).second) {
      throw ValueError("[fit] needs state for checkpoints under names of its own, got '" +
                       part.name +
                       "' twice; model, optimizer, generator, position and best are "
                       "those of fit itself");
    }
  }
}

LockFile lock(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error && !fs::is_directory(folder)) {
    Origin{"fit", folder}.fail(
        "needs a folder for checkpoints; it cannot be made ({}); name another", error.message());
  }
  const Origin origin{"fit", (fs::path(folder) / ".lock").string()};
  auto locked = LockFile::try_lock(origin);
  if (!locked) {
    origin.fail(
        "needs a folder of checkpoints of its own; another run writes to it now; wait for its end "
        "or name another");
  }
  return std::move(*locked);
}

/// Values that stay what they are when their originals change.
NamedParameters copy_of(const NamedParameters& values) {
  NamedParameters copy;
  copy.reserve(values.size());
  for (const auto& [name, value] : values) copy.emplace_back(name, value.clone());
  return copy;
}

/// What differs between the settings of a checkpoint and those of now, each as
/// `; 'fit.seed' was 1 and is 2`.
std::string differences(const std::map<std::string, std::string>& then,
                        const std::map<std::string, std::string>& now) {
  std::string text;
  for (const auto& [name, value] : now) {
    const auto found = then.find(name);
    if (found == then.end()) {
      text += fmt::format("; '{}' was not there and is {}", name, value);
    } else if (found->second != value) {
      text += fmt::format("; '{}' was {} and is {}", name, found->second, value);
    }
  }
  for (const auto& [name, value] : then) {
    if (now.count(name) == 0) text += fmt::format("; '{}' was {} and is not there", name, value);
  }
  return text;
}

}  // namespace

Checkpointer::Checkpointer(const train::CheckpointOptions& options,
                           std::vector<train::Stateful> state,
                           std::map<std::string, std::string> settings)
    : options_(options),
      state_(std::move(state)),
      settings_(std::move(settings)),
      lock_((check(options), check(state_), lock(options.folder))) {
  remove_unfinished(options.folder);
}

bool Checkpointer::resume() {
  train::Resumed resumed;
  for (const std::string& path : train::checkpoint_files(options_.folder)) {
    train::Checkpoint checkpoint;
    try {
      checkpoint = train::load_checkpoint(path);
    } catch (const FileError& error) {
      resumed.refused.emplace_back(error.what());
      continue;
    }
    load(checkpoint, path);
    resumed.path = path;
    if (options_.on_resume) options_.on_resume(resumed);
    return true;
  }
  if (!resumed.refused.empty()) {
    Origin{"fit", options_.folder}.fail(
        "needs a whole checkpoint to go on from; none of {} is one, the newest for this reason: "
        "{}; "
        "empty the folder to begin anew",
        resumed.refused.size(), resumed.refused.front());
  }
  return false;
}

void Checkpointer::load(const train::Checkpoint& checkpoint, const std::string& path) {
  if (const std::string text = differences(checkpoint.words, settings_); !text.empty()) {
    throw ValueError("[fit] needs the data and options that the checkpoint " + path +
                     " was made with" + text + "; name another folder to begin anew");
  }
  for (const auto& [name, value] : checkpoint.values) {
    const std::string part = name.substr(0, name.find('.'));
    const auto is_it = [&](const train::Stateful& ours) { return ours.name == part; };
    if (std::none_of(state_.begin(), state_.end(), is_it)) {
      throw ValueError(
          fmt::format("[fit] needs all state that the checkpoint {} holds; '{}' is not among "
                      "CheckpointOptions::state; add it, or name another folder to begin anew",
                      path, part));
    }
  }
  std::vector<NamedParameters> before;
  before.reserve(state_.size());
  for (const train::Stateful& part : state_) before.push_back(copy_of(part.state_dict()));
  for (std::size_t i = 0; i < state_.size(); ++i) {
    try {
      state_[i].load_state_dict(checkpoint.part(state_[i].name));
    } catch (const Error& error) {
      while (i-- > 0) state_[i].load_state_dict(before[i]);
      throw ValueError(fmt::format(
          "[fit] needs a run like the one that the checkpoint {} was made by; what it holds does "
          "not fit: {}; name another folder to begin anew",
          path, error.what()));
    }
  }
}

void Checkpointer::after_step(std::int64_t steps, bool ends_epoch, std::int64_t epochs,
                              bool ends_run) {
  const bool epoch_due =
      ends_epoch && options_.every_epochs > 0 && epochs % options_.every_epochs == 0;
  const bool step_due = options_.every_steps > 0 && steps % options_.every_steps == 0;
  if (ends_run || epoch_due || step_due) write(steps);
}

void Checkpointer::write(std::int64_t steps) const {
  train::Checkpoint checkpoint;
  checkpoint.words = settings_;
  for (const train::Stateful& part : state_) {
    for (const auto& [name, value] : part.state_dict()) {
      checkpoint.values.emplace_back(fmt::format("{}.{}", part.name, name), value);
    }
  }
  train::save_checkpoint((fs::path(options_.folder) / checkpoint_name(steps)).string(), checkpoint);

  // Newer ones are damaged, or this run would have begun there: they do not count.
  std::int64_t stays = options_.keep;
  for (const std::string& path : train::checkpoint_files(options_.folder)) {
    if (step_of(fs::path(path).filename().string()) > steps || stays-- > 0) continue;
    std::error_code ignored;
    fs::remove(path, ignored);
  }
}

}  // namespace tapegrad::detail
