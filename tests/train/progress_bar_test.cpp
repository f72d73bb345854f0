// The progress bar where the stream is no terminal: whole lines, at most one per second.

#include <tapegrad/train/progress_bar.hpp>

#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace tapegrad::testing {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string text_of(std::FILE* file) {
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

TEST(ProgressBar, WritesALineAtTheEnd) {
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  ASSERT_NE(file, nullptr);
  train::ProgressBar bar(file.get());
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (std::int64_t step = 1; step <= 10; ++step) {
      bar(train::Progress{epoch, 3, step, 10, 0.51234, 0.98765, 1234.5, 61.0, 2'345'678});
    }
  }
  EXPECT_EQ(text_of(file.get()),
            "epoch 3/3 loss 0.5123  accuracy 0.9877  1234 samples/s  2.3 MB a step  1:01 left\n");
}

TEST(ProgressBar, SaysNothingWithinAnEpoch) {
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  ASSERT_NE(file, nullptr);
  train::ProgressBar bar(file.get());
  bar(train::Progress{0, 3, 1, 10, 1, 0, 1, 1, 0});
  EXPECT_EQ(text_of(file.get()), "");
}

TEST(ProgressBar, ShowsTheValidationSetAndEndsWhereTrainingStops) {
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  ASSERT_NE(file, nullptr);
  train::ProgressBar bar(file.get());
  train::Progress progress{1, 300, 10, 10, 0.5, 0.75, 1000, 0, 1'000'000};
  progress.validation_accuracy = 0.65625;
  progress.stopped = true;
  bar(progress);
  EXPECT_EQ(text_of(file.get()),
            "epoch 2/300 loss 0.5000  accuracy 0.7500  validation 0.6562  1000 samples/s  "
            "1.0 MB a step  0:00 left\n");
}

TEST(ProgressBar, LongTimes) {
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  ASSERT_NE(file, nullptr);
  train::ProgressBar bar(file.get());
  bar(train::Progress{0, 1, 1, 1, 1, 0, 1, 3'725, 0});
  EXPECT_NE(text_of(file.get()).find("1:02:05 left"), std::string::npos);
}

}  // namespace
}  // namespace tapegrad::testing
