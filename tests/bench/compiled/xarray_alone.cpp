// Compiled, never run: what every user of xtensor pays before writing a line.
#include <xtensor/xarray.hpp>

int main() {}
