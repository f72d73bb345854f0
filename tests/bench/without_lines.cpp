// tapegrad in a program that is compiled without the lines of its gates.
#define TAPEGRAD_NO_PLACES
#include "steps.hpp"

int main(int argc, char** argv) {
  return bench::run_worker(
      argc, argv,
      {{"lines", bench::work<bench::TanhMlp>}, {"lines of a chain", bench::work<bench::Chain>}});
}
