#include <tapegrad/train/progress_bar.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace tapegrad::train {

namespace {

constexpr int bar_width = 24;

std::string bar(double share) {
  const int filled = static_cast<int>(share * bar_width);
  return std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(bar_width - filled), '.');
}

std::string duration(double seconds) {
  const long whole = std::lround(std::max(0.0, seconds));
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar(std::FILE* stream)
    : stream_(stream),
      terminal_(isatty(fileno(stream)) != 0),
      last_line_(std::chrono::steady_clock::now()) {}

void ProgressBar::operator()(const Progress& p) {
  const bool epoch_ends = p.step == p.steps;
  const bool training_ends = epoch_ends && (p.stopped || p.epoch + 1 == p.epochs);
  const auto now = std::chrono::steady_clock::now();
  // Short epochs share a line; long ones each leave theirs behind.
  const bool ends_line =
      training_ends || (epoch_ends && now - last_line_ >= std::chrono::seconds(1));
  const bool redraws = terminal_ && now - last_drawn_ >= std::chrono::milliseconds(100);
  if (!ends_line && !redraws) return;
  last_drawn_ = now;
  if (ends_line) last_line_ = now;

  const std::string share = bar(static_cast<double>(p.step) / static_cast<double>(p.steps));
  const std::string validation =
      p.validation_accuracy ? fmt::format("  validation {:.4f}", *p.validation_accuracy) : "";
  const std::string text = fmt::format(
      "epoch {}/{}{} loss {:.4f}  accuracy {:.4f}{}  {:.0f} samples/s  {:.1f} MB a step  "
      "{} left",
      p.epoch + 1, p.epochs, terminal_ ? " [" + share + "]" : "", p.loss, p.accuracy, validation,
      p.samples_per_second, static_cast<double>(p.step_bytes) * 1e-6, duration(p.seconds_left));
  // Escape 2K clears what a longer line left behind.
  fmt::print(stream_, "{}{}{}", terminal_ ? "\r\x1b[2K" : "", text, ends_line ? "\n" : "");
  std::fflush(stream_);
}

}  // namespace tapegrad::train
