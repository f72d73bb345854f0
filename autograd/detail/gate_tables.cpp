#include <tapegrad/autograd/detail/gate_table.hpp>

#include <tapegrad/autograd/detail/make_table.hpp>
#include <tapegrad/ops/kernels/exp.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/tanh.hpp>

namespace tapegrad::detail {

namespace {

/// Elements in SIMD registers: how listed gates run.
template <class T, int registers>
struct Simd {
  using L = ops::Lanes<T, registers>;
  static constexpr std::int64_t width = L::width;
  static L load(const T* from) { return L::load(from); }
  static L load_part(const T* from, std::int64_t count) { return L::load_part(from, count); }
  static void store(L value, T* to) { value.store(to); }
  static void store_part(L value, T* to, std::int64_t count) { value.store_part(to, count); }
};

}  // namespace

// constexpr: the tables exist before any static object of a user records a gate.
constexpr GateTable gate_tables[] = {GateTable{},
#define TAPEGRAD_GATE(name, Type) make_table<ops::Type, Simd>(#name, Op::name##_),
                                     TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
};

}  // namespace tapegrad::detail
