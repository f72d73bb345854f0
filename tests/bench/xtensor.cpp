// The peer of the compile-time row: xtensor's header by itself.
#include "compilation.hpp"
#include "worker.hpp"

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv, {{"compilation", bench::work<bench::Compilation>}});
}
