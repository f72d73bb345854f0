// Checkpoints: what a file keeps, what damage it notices, and runs that are killed and go on.

#include <tapegrad/train/checkpoint.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/safetensors.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/architecture.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/reduce_lr_on_plateau.hpp>
#include <tapegrad/optim/scheduler.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/fit.hpp>

#include "support/child_process.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

namespace fs = std::filesystem;
using train::Checkpoint;

// --- Files ----------------------------------------------------------------------------------

Checkpoint small() {
  const Array<double> weights = {1.5, -2};
  return {{{"model.0.weight", Parameter(weights, f32)},
           {"model.1.bias", Parameter(Array<double>{1.0 / 3, 1e300}, f64)},
           {"optimizer.0.step", Parameter(7.0, f64)}},
          {{"seed", "3"}, {"words", "\"crc32\":\"00000000\" ä\n"}}};
}

TEST(Checkpoint, FileKeepsEverything) {
  const TempFolder folder;
  train::save_checkpoint(folder.path("a"), small());
  const Checkpoint loaded = train::load_checkpoint(folder.path("a"));
  EXPECT_EQ(loaded.words, small().words);
  ASSERT_EQ(loaded.values.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(loaded.values[i].first, small().values[i].first);
    EXPECT_EQ(loaded.values[i].second.precision(), small().values[i].second.precision());
    EXPECT_EQ(loaded.values[i].second.value(), small().values[i].second.value());
  }
  const NamedParameters model = loaded.part("model");
  ASSERT_EQ(model.size(), 2U);
  EXPECT_EQ(model[0].first, "0.weight");
  EXPECT_TRUE(loaded.part("mod").empty());
}

TEST(Checkpoint, IsAFileOfSafetensors) {
  const TempFolder folder;
  train::save_checkpoint(folder.path("a"), small());
  const NamedParameters named = data::load_safetensors(folder.path("a"));
  ASSERT_EQ(named.size(), 3U);
  EXPECT_EQ(named[1].second.value(), small().values[1].second.value());
}

TEST(Checkpoint, EveryBitIsGuarded) {
  const TempFolder folder;
  train::save_checkpoint(folder.path("a"), small());
  const std::string whole = content_of(folder.path("a"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    folder.write("b", damaged);
    EXPECT_THROW(train::load_checkpoint(folder.path("b")), FileError) << at;
  }
  for (std::size_t length = 0; length < whole.size(); ++length) {
    folder.write("b", whole.substr(0, length));
    EXPECT_THROW(train::load_checkpoint(folder.path("b")), FileError) << length;
  }
  folder.write("b", whole + "x");
  expect_error<FileError>([&] { train::load_checkpoint(folder.path("b")); },
                          {"[load_checkpoint]", "whole checkpoint", "damaged", "b)"});
}

TEST(Checkpoint, RefusesOtherFiles) {
  const TempFolder folder;
  data::save_safetensors(folder.path("a"), small().values);
  expect_error<FileError>([&] { train::load_checkpoint(folder.path("a")); },
                          {"[load_checkpoint]", "save_checkpoint has written"});
  expect_error<FileError>([&] { train::load_checkpoint(folder.path("none")); },
                          {"cannot be opened"});
  Checkpoint bad = small();
  bad.words["crc32"] = "x";
  expect_error<FileError>([&] { train::save_checkpoint(folder.path("b"), bad); }, {"crc32"});
  bad = small();
  bad.words["x"] = "\xff";
  expect_error<FileError>([&] { train::save_checkpoint(folder.path("b"), bad); }, {"UTF-8"});
  expect_error<FileError>([&] { train::save_checkpoint(folder.path("no/b"), small()); },
                          {"no folder"});
  EXPECT_FALSE(fs::exists(folder.path("b")));
}

// --- Runs -----------------------------------------------------------------------------------

/// A run on the spiral that can be stopped after some steps and begun again.
struct SpiralRun {
  explicit SpiralRun(const std::string& folder) {
    set_default_precision(f32);
    nn::manual_seed(4);
    model = nn::Architecture("fc8 relu dropout0.2 fc3", {2}).build();
    set_default_precision(f64);
    options.epochs = 3;
    options.batch_size = 16;
    options.seed = 9;
    options.precision = f32;
    options.checkpoints.folder = folder;
    options.checkpoints.on_resume = [this](const train::Resumed& from) { resumed = from; };
  }

  /// Trains; a monitor ends it by an exception after so many steps of this call.
  train::Progress fit(int stop_after = 0) {
    if (!sgd) sgd.emplace(model.parameters(), 0.1, 0.9);
    int steps = 0;
    return train::fit(model, *sgd, spiral, options, [&](const train::Progress&) {
      if (++steps == stop_after) throw std::runtime_error("enough");
    });
  }

  std::vector<Array<double>> weights() const {
    std::vector<Array<double>> all;
    for (const Parameter& parameter : model.parameters()) all.push_back(parameter.value());
    return all;
  }

  data::Dataset spiral = data::spiral(20);  // Four steps an epoch.
  nn::Sequential model;
  std::optional<optim::SGD> sgd;
  train::Options options;
  train::Resumed resumed;
};

std::vector<Array<double>> undisturbed() {
  SpiralRun run("");
  run.fit();
  return run.weights();
}

TEST(Checkpoint, ARunThatEndsGoesOnToTheSameBits) {
  const std::vector<Array<double>> expected = undisturbed();
  for (const int stop_after : {1, 3, 4, 5, 8, 11}) {
    const TempFolder folder;
    {
      SpiralRun run(folder.path("run"));
      run.options.checkpoints.every_steps = 3;
      EXPECT_THROW(run.fit(stop_after), std::runtime_error);
    }
    SpiralRun run(folder.path("run"));
    run.options.checkpoints.every_steps = 3;
    run.fit();
    EXPECT_EQ(run.weights(), expected) << stop_after;
    // The step at which the monitor throws is in no checkpoint.
    EXPECT_EQ(run.resumed.path.empty(), stop_after <= 3);
  }
}

TEST(Checkpoint, HoldsWhatTheMonitorChanges) {
  // A plateau at every epoch, so that every one of them must be in the checkpoint.
  const auto train_for = [](const std::string& folder, int epochs) {
    SpiralRun run(folder);
    run.sgd.emplace(run.model.parameters(), 0.1, 0.9);
    optim::PlateauOptions every_epoch;
    every_epoch.patience = 0;
    optim::ReduceLROnPlateau plateau(*run.sgd, every_epoch);
    run.options.checkpoints.state = {{"plateau", plateau}};
    run.options.epochs = epochs;
    train::fit(run.model, *run.sgd, run.spiral, run.options, [&](const train::Progress& now) {
      if (now.step == now.steps) plateau.step(1);
    });
    return run.weights();
  };
  const TempFolder folder;
  train_for(folder.path("run"), 2);
  EXPECT_EQ(train_for(folder.path("run"), 4), train_for("", 4));
}

TEST(Checkpoint, AFinishedRunReturnsItsEnd) {
  const TempFolder folder;
  SpiralRun first(folder.path("run"));
  const train::Progress end = first.fit();
  SpiralRun again(folder.path("run"));
  const train::Progress same = again.fit(1);  // Not one step is made.
  EXPECT_EQ(again.weights(), first.weights());
  EXPECT_EQ(same.epoch, end.epoch);
  EXPECT_EQ(same.step, end.step);
  EXPECT_EQ(same.loss, end.loss);
  EXPECT_EQ(same.accuracy, end.accuracy);

  // More epochs are as if they had been asked for at once.
  again.options.epochs = 5;
  again.sgd.emplace(again.model.parameters(), 0.1, 0.9);
  again.fit();
  SpiralRun at_once("");
  at_once.options.epochs = 5;
  at_once.fit();
  EXPECT_EQ(again.weights(), at_once.weights());
}

TEST(Checkpoint, ADamagedOneIsPassedOver) {
  const std::vector<Array<double>> expected = undisturbed();
  const TempFolder folder;
  {
    SpiralRun run(folder.path("run"));
    run.options.checkpoints.every_steps = 1;
    EXPECT_THROW(run.fit(8), std::runtime_error);
  }
  const std::vector<std::string> files = train::checkpoint_files(folder.path("run"));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(fs::path(files[0]).filename(), "checkpoint-000000000007.safetensors");
  EXPECT_EQ(fs::path(files[1]).filename(), "checkpoint-000000000006.safetensors");
  fs::resize_file(files[0], fs::file_size(files[0]) / 2);
  {
    SpiralRun run(folder.path("run"));
    run.fit();
    EXPECT_EQ(run.weights(), expected);
    EXPECT_EQ(run.resumed.path, files[1]);
    ASSERT_EQ(run.resumed.refused.size(), 1U);
    EXPECT_NE(run.resumed.refused[0].find("damaged"), std::string::npos);
  }
  for (const std::string& file : train::checkpoint_files(folder.path("run"))) {
    fs::resize_file(file, fs::file_size(file) - 1);
  }
  SpiralRun run(folder.path("run"));
  const std::vector<Array<double>> before = run.weights();
  expect_error<FileError>([&] { run.fit(); }, {"[fit]", "whole checkpoint", "none of 2", "damaged",
                                               "empty the folder"});
  EXPECT_EQ(run.weights(), before);
}

TEST(Checkpoint, OtherDataOptionsAndModelsAreListed) {
  const TempFolder folder;
  {
    SpiralRun run(folder.path("run"));
    run.options.checkpoints.settings["lambda"] = "0.1";
    run.fit();
  }
  SpiralRun run(folder.path("run"));
  run.options.checkpoints.settings["lambda"] = "0.2";
  run.options.batch_size = 32;
  run.options.seed = 1;
  run.options.augmentation.noise = 0.5;
  run.spiral.inputs(3, 1) += 1;
  run.sgd.emplace(run.model.parameters(), 0.2, 0.9);
  const std::vector<Array<double>> before = run.weights();
  expect_error<ValueError>(
      [&] { run.fit(); },
      {"[fit]", "data and options", "'fit.batch_size' was 16 and is 32",
       "'fit.seed' was 9 and is 1",
       "'fit.augmentation' was flip 0, padding 0, noise 0 and is flip 0, padding 0, noise 0.5",
       "'fit.data' was 60 samples (2,), 3 classes, CRC-32 ", "'lambda' was 0.1 and is 0.2",
       "'fit.optimizer.groups.0.learning_rate' was 0.1 and is 0.2", "another folder"});
  EXPECT_EQ(run.weights(), before);

  SpiralRun wider(folder.path("run"));
  wider.options.checkpoints.settings["lambda"] = "0.1";
  wider.model = nn::Architecture("fc9 relu fc3", {2}).build();
  const std::vector<Array<double>> initial = wider.weights();
  const GeneratorState draws = nn::default_generator().state();
  expect_error<ValueError>([&] { wider.fit(); },
                           {"[fit]", "checkpoint-000000000012", "[load_state_dict]", "'0.weight'",
                            "'0.bias'", "'2.weight'"});
  EXPECT_EQ(wider.weights(), initial);
  EXPECT_EQ(nn::default_generator().state(), draws);

  SpiralRun adam(folder.path("run"));
  adam.options.checkpoints.settings["lambda"] = "0.1";
  optim::LRScheduler schedule((adam.sgd.emplace(adam.model.parameters(), 0.1, 0.9), *adam.sgd),
                              optim::schedule::cosine_annealing(12));
  adam.options.checkpoints.state = {{"schedule", schedule}};
  const std::vector<Array<double>> start = adam.weights();
  expect_error<ValueError>([&] { adam.fit(); }, {"[fit]", "[LRScheduler]", "'t' is missing"});
  EXPECT_EQ(adam.weights(), start);  // What fitted has been taken back.

  SpiralRun fewer(folder.path("run"));
  fewer.options.checkpoints.settings["lambda"] = "0.1";
  fewer.options.epochs = 2;
  expect_error<ValueError>([&] { fewer.fit(); }, {"[fit]", "at least the 3 epochs", "got 2"});
}

TEST(Checkpoint, StateThatNobodyTakesIsRefused) {
  const TempFolder folder;
  Generator generator(1);
  {
    SpiralRun run(folder.path("run"));
    run.options.checkpoints.state = {{"mine", generator}};
    EXPECT_THROW(run.fit(5), std::runtime_error);
  }
  SpiralRun run(folder.path("run"));
  expect_error<ValueError>([&] { run.fit(); }, {"[fit]", "'mine' is not among"});
}

TEST(Checkpoint, AGeneratorOfOnesOwn) {
  const TempFolder folder;
  Generator generator(0xFEDCBA9876543210U, 0x0123456789ABCDEFU);
  for (int i = 0; i < 7; ++i) generator.next();
  const train::Stateful state("mine", generator);
  const NamedParameters saved = state.state_dict();
  Generator other(1);
  train::Stateful("mine", other).load_state_dict(saved);
  EXPECT_EQ(other.state(), generator.state());
  EXPECT_EQ(other.next(), generator.next());
}

TEST(Checkpoint, OptionsAndFolders) {
  const TempFolder folder;
  folder.write("file", "x");
  SpiralRun run(folder.path("file"));
  expect_error<FileError>([&] { run.fit(); }, {"[fit]", "folder", "file"});
  run.options.checkpoints.folder = "/proc/tapegrad";  // Where even root can make none.
  expect_error<FileError>([&] { run.fit(); }, {"[fit]", "folder", "/proc/tapegrad"});
  run.options.checkpoints.folder = folder.path("run");
  run.options.checkpoints.keep = 0;
  expect_error<ValueError>([&] { run.fit(); }, {"[fit]", "0 to keep"});
  run.options.checkpoints.keep = 1;
  Generator generator(1);
  for (const char* name : {"", "a.b"}) {
    run.options.checkpoints.state = {{name, generator}};
    expect_error<ValueError>([&] { run.fit(); }, {"[fit]", "without dots"});
  }
  run.options.checkpoints.state = {{"model", generator}};
  expect_error<ValueError>([&] { run.fit(); }, {"[fit]", "'model' twice"});
  EXPECT_FALSE(fs::exists(folder.path("run")));
}

TEST(Checkpoint, TwoRunsInOneFolder) {
  const TempFolder folder;
  SpiralRun run(folder.path("run"));
  run.sgd.emplace(run.model.parameters(), 0.1);
  int refused = 0;
  train::fit(run.model, *run.sgd, run.spiral, run.options, [&](const train::Progress& progress) {
    if (progress.epoch > 0 || progress.step > 1) return;
    SpiralRun other(folder.path("run"));
    expect_error<FileError>([&] { other.fit(); }, {"[fit]", "another run writes"});
    ++refused;
  });
  EXPECT_EQ(refused, 1);
}

/// The name of this machine as it is in names of files.
std::string host_word() {
  char name[256] = {};
  EXPECT_EQ(gethostname(name, sizeof(name) - 1), 0);
  std::string word = std::string(name).substr(0, 64);
  const auto is_odd = [](unsigned char c) { return c >= 128 || std::isalnum(c) == 0; };
  std::replace_if(word.begin(), word.end(), is_odd, '_');
  return word;
}

TEST(Checkpoint, LeftoversOfKilledProcessesGo) {
  const TempFolder folder;
  ChildProcess child({"/bin/true"});
  ASSERT_TRUE(child.ends_within(std::chrono::seconds(10)));
  const auto left_by = [&](const std::string& host, pid_t pid) {
    return folder.write("run/.tapegrad-" + host + "-" + std::to_string(pid) + "-99.tmp", "x");
  };
  const std::string dead = left_by(host_word(), child.pid());
  const std::string alive = left_by(host_word(), getpid());
  // Of another machine, whose processes have numbers of their own.
  const std::string elsewhere = left_by(std::to_string(child.pid()) + "th_machine", child.pid());
  SpiralRun run(folder.path("run"));
  run.fit();
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_TRUE(fs::exists(elsewhere));
}

TEST(Checkpoint, AsManyAsWanted) {
  for (const int keep : {1, 3, 100}) {
    const TempFolder folder;
    SpiralRun run(folder.path("run"));
    run.options.checkpoints.keep = keep;
    run.options.checkpoints.every_epochs = 0;
    run.options.checkpoints.every_steps = 2;
    run.fit();
    EXPECT_EQ(train::checkpoint_files(folder.path("run")).size(),
              static_cast<std::size_t>(std::min(keep, 6)));
  }
  EXPECT_TRUE(train::checkpoint_files("/no/such/folder").empty());
}

// --- Kills ----------------------------------------------------------------------------------

/// Kills a run of training at random moments and starts it again, as often as it takes, until
/// `kills` were made; whenever one ends, it has the bits of an undisturbed one.
void kill_often(int kills) {
  const TempFolder folder;
  const auto command = [&](const std::string& run, const std::string& result) {
    return std::vector<std::string>{TAPEGRAD_INTERRUPTED_TRAINING, run, folder.path(result)};
  };
  const auto start = std::chrono::steady_clock::now();
  ChildProcess undisturbed(command("", "undisturbed"));
  ASSERT_TRUE(undisturbed.ends_within(std::chrono::seconds(60)));
  ASSERT_EQ(undisturbed.exit_code(), 0);
  const std::string expected = content_of(folder.path("undisturbed"));
  ASSERT_FALSE(expected.empty());
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);

  Generator generator(static_cast<std::uint64_t>(start.time_since_epoch().count()));
  int made = 0, ended = 0, torn = 0;
  while (made < kills || ended == 0) {
    const std::string run = folder.path("run" + std::to_string(ended));
    ChildProcess child(command(run, "result"));
    const auto time =
        std::chrono::microseconds(generator.below(static_cast<std::uint64_t>(whole.count()) + 1));
    const bool ends =
        made == kills ? child.ends_within(std::chrono::seconds(60)) : child.ends_within(time);
    if (ends) {
      ASSERT_EQ(child.exit_code(), 0);
      ASSERT_EQ(content_of(folder.path("result")), expected) << "after " << made << " kills";
      fs::remove(folder.path("result"));
      ++ended;
    } else {
      child.kill();
      ++made;
      for (const std::string& file : train::checkpoint_files(run)) {
        EXPECT_NO_THROW(train::load_checkpoint(file));
      }
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(run, ignored)) {
        torn += entry.path().extension() == ".tmp" ? 1 : 0;
      }
    }
  }
  ::testing::Test::RecordProperty("runs", ended);
  ::testing::Test::RecordProperty("kills_within_a_write", torn);
}

TEST(Checkpoint, KilledAtSixMoments) {
  kill_often(6);
}

TEST(SlowCheckpoint, KilledAtFiftyMoments) {
  kill_often(50);
}

}  // namespace
}  // namespace tapegrad::testing
