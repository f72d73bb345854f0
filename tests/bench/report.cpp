#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstdio>
#include <stdexcept>

namespace bench {

namespace {

void print_line(const std::string& workload, const std::string& threads, const std::string& mode,
                const std::string& ours, const std::string& peer, const std::string& ratio) {
  fmt::print("{:<37} | {:>7} | {:<7} | {:>8} | {:<18} | {}\n", workload, threads, mode, ours, peer,
             ratio);
  std::fflush(stdout);
}

void print_row(const Row& row, const std::string& ours, const std::string& peer,
               const std::string& ratio) {
  const Workload& workload = row.workload;
  const std::string unit = workload.unit == "step" ? "" : " (per " + workload.unit + ")";
  print_line(workload.name + unit, std::to_string(row.threads), row.mode, ours, peer, ratio);
}

/// Three digits are as much as a shared machine can tell.
std::string three_digits(double number) {
  const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", number, decimals);
}

/// 1.25e-8 as `12.5 ns`.
std::string pretty_time(double seconds) {
  if (seconds < 999.5e-9) return three_digits(seconds * 1e9) + " ns";
  if (seconds < 999.5e-6) return three_digits(seconds * 1e6) + " µs";
  if (seconds < 999.5e-3) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string pretty(const Row& row, double figure) {
  return row.workload.measure == Measure::time ? pretty_time(figure)
                                               : three_digits(figure) + " MiB";
}

std::string csv_key(const Row& row, const std::string& peer) {
  return fmt::format("{},{},{},{},{}", row.workload.name, row.workload.unit, row.threads, row.mode,
                     peer);
}

}  // namespace

Report::Report(const std::string& csv_path) {
  if (!csv_path.empty()) {
    csv_.open(csv_path);
    if (!csv_) throw std::runtime_error("cannot write " + csv_path);
    csv_ << "workload,unit,threads,mode,peer,tapegrad_figure,peer_figure,ratio,"
            "ratio_lower_quartile,ratio_upper_quartile,error\n";
  }
  print_line("workload", "threads", "mode", "tapegrad", "peer", "ratio (quartiles)");
  fmt::print("{:-<38}|{:->9}|{:-<9}|{:->10}|{:-<20}|{:-<20}\n", "", "", "", "", "", "");
}

void Report::add(const Row& row, const std::string& peer, const Result& result) {
  const auto& [lower, median, upper] = result.ratio;
  print_row(
      row, pretty(row, result.ours), fmt::format("{:<9} {:>8}", peer, pretty(row, result.peers)),
      row.workload.measure == Measure::time ? fmt::format("{} ({} – {})", three_digits(median),
                                                          three_digits(lower), three_digits(upper))
                                            : three_digits(median));
  fmt::print(csv_, "{},{},{},{},{},{},\n", csv_key(row, peer), result.ours, result.peers, median,
             lower, upper);
}

void Report::add_failure(const Row& row, const std::string& peer, const std::string& reason) {
  print_row(row, "-", peer, reason);
  fmt::print(csv_, "{},,,,,,\"{}\"\n", csv_key(row, peer), reason);
  ++failures_;
}

}  // namespace bench
