// tapegrad without what own_costs.hpp does besides: the step is recorded, the gradient alone is
// taken, the matrices are multiplied.
#include "own_costs.hpp"

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv,
                           {{"replay", bench::work<bench::TanhMlp>},
                            {"replay of a network", bench::work<bench::Mlp>},
                            {"second order", bench::work<bench::Gradient>},
                            {"distances", bench::work<bench::ProductOfPoints>}});
}
