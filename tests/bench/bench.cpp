// Measures tapegrad beside its peers on the same work. Each library has a process of its own (see
// worker.hpp); rounds of tapegrad and of a peer alternate, so that both meet the same moods of a
// shared machine, and only the ratio of neighbouring rounds is taken.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "contest.hpp"
#include "gates.hpp"
#include "report.hpp"
#include "workloads.hpp"

namespace {

struct Peer {
  bench::Library library;
  std::vector<std::string> kinds;  ///< of workloads it can do
};

/// tapegrad on another size of the same work.
bench::Library itself(const std::filesystem::path& folder, const bench::Workload& workload) {
  return {"at " + std::to_string(static_cast<int>(workload.units)),
          folder / "bench_tapegrad",
          {{}},
          true,
          workload.name};
}

/// libtorch's OpenMP threads spin while they wait, which may help or hurt: both ways are tried.
std::vector<Peer> all_peers(const std::filesystem::path& folder) {
  return {
      {{"Stan Math", folder / "bench_stan", {{}}}, {"scalar-tanh-mlp", "chain"}},
      {{"ADOL-C", folder / "bench_adolc", {{}}}, {"scalar-tanh-mlp"}},
      {{"libtorch", folder / "bench_torch", {{}, {{"OMP_WAIT_POLICY", "passive"}}}},
       {"scalar-tanh-mlp", "sigmoid-circuit", "mlp", "convnet", "normalized convnet", "pointwise",
        "epoch", "gate", "copying gate", "program"}},
      {itself(folder, bench::growing_chain(bench::base_gates)), {"growing chain"}},
      {itself(folder, bench::growing_batch(bench::base_batch)), {"growing convnet"}},
      {{"1 thread", folder / "bench_tapegrad", {{}}, true, "", 1},
       {"second thread of sgemm", "second thread of mlp", "second thread of convnet",
        "second thread of normalized convnet", "second thread of pointwise"}},
      {{"memcpy", folder / "bench_copy", {{}}, true}, {"copying gate", "own gate"}},
      {{"without lines", folder / "bench_without_lines", {{}}}, {"lines", "lines of a chain"}},
      {{"recording", folder / "bench_plain", {{}}}, {"replay", "replay of a network"}},
      {{"gradient", folder / "bench_plain", {{}}}, {"second order"}},
      {{"product alone", folder / "bench_plain", {{}}, true}, {"distances"}},
      {{"xarray.hpp", folder / "bench_xtensor", {{}}}, {"compilation"}},
  };
}

std::vector<bench::Row> rows_in(const char* mode, const std::vector<bench::Workload>& workloads,
                                int threads = 1) {
  std::vector<bench::Row> rows;
  for (const bench::Workload& workload : workloads) rows.push_back({workload, threads, mode});
  return rows;
}

std::vector<bench::Row> step_rows() {
  std::vector<bench::Row> rows;
  for (const bench::Workload& workload : bench::step_workloads()) {
    const std::set<std::string> on_arrays = {"mlp", "convnet", "normalized convnet", "pointwise",
                                             "epoch"};
    if (on_arrays.count(workload.kind) == 0) {
      // On a tape of scalars, lean has nothing to save, and no gate is worth a second thread.
      rows.push_back({workload, 1, "inspect"});
      continue;
    }
    for (const int threads : {1, 2}) {
      // train::fit's tapes are lean.
      if (workload.kind != "epoch") rows.push_back({workload, threads, "inspect"});
      rows.push_back({workload, threads, "lean"});
    }
  }
  return rows;
}

/// Rows that are measured when they are asked for.
struct Group {
  std::string option;
  std::string what;
  std::vector<bench::Row> rows;
  bool wanted = false;
};

}  // namespace

int main(int argc, char** argv) try {
  std::string filter;
  std::string csv_path;
  int rounds = 9;
  CLI::App app{"tapegrad beside its peers: the same work, in the same minutes"};
  app.add_option("FILTER", filter, "only workloads whose name contains this");
  app.add_option("--csv", csv_path, "write the figures to this file too");
  app.add_option("--rounds", rounds, "of about 0.1 s for each library, at least 9")
      ->capture_default_str()
      ->check(CLI::Range(9, 9999));
  int threads = 0;
  app.add_option("--threads", threads, "only rows of so many threads")->check(CLI::Range(1, 2));
  bool all = false;
  app.add_flag("--all", all, "whole steps, and whatever the following measure");
  std::vector<Group> groups = {
      {"--parts", "forward alone, and forward and backward",
       rows_in("lean", bench::part_workloads())},
      {"--growth", "ever more gates and images", rows_in("lean", bench::growing_workloads())},
      {"--second-thread", "what a second thread gains",
       rows_in("lean", bench::second_thread_workloads(), 2)},
      {"--memory", "memory and programs, in MiB", rows_in("lean", bench::memory_workloads())},
      {"--gates", "each gate by itself", rows_in("inspect", bench::gate_workloads())},
      {"--itself", "tapegrad beside itself: source lines, replay, second order, distances",
       rows_in("inspect", bench::own_cost_workloads())},
  };
  for (Group& group : groups) {
    app.add_flag(group.option, group.wanted, group.what + " instead of whole steps");
  }
  CLI11_PARSE(app, argc, argv);

  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const bench::Library tapegrad = {"tapegrad", folder / "bench_tapegrad", {{}}};
  std::vector<bench::Row> rows;
  for (const Group& group : groups) {
    if (group.wanted || all) rows.insert(rows.end(), group.rows.begin(), group.rows.end());
  }
  if (rows.empty() || all) {
    const std::vector<bench::Row> steps = step_rows();
    rows.insert(rows.begin(), steps.begin(), steps.end());
  }
  const auto unwanted = [&](const bench::Row& row) {
    return row.workload.name.find(filter) == std::string::npos ||
           (threads != 0 && row.threads != threads);
  };
  rows.erase(std::remove_if(rows.begin(), rows.end(), unwanted), rows.end());
  if (rows.empty()) {
    throw std::invalid_argument("no row has so many threads and a name that contains '" + filter +
                                "'");
  }

  bench::Report report(csv_path);
  for (const bench::Row& row : rows) {
    for (const auto& [peer, kinds] : all_peers(folder)) {
      if (std::count(kinds.begin(), kinds.end(), row.workload.kind) == 0) continue;
      try {
        report.add(row, peer.name, measure(row, tapegrad, peer, rounds));
      } catch (const std::exception& error) {
        report.add_failure(row, peer.name, error.what());
      }
    }
  }
  fmt::print("\nratio: peer's figure / tapegrad's, median of {} interleaved rounds\n", rounds);
  if (report.failures() > 0) fmt::print("{} lines could not be measured\n", report.failures());
  return report.failures() > 0 ? 1 : 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench: {}\n", error.what());
  return 1;
}
