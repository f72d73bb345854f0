#pragma once

#include <array>
#include <type_traits>

#include <tapegrad/ops/strides.hpp>

namespace tapegrad::ops::kernels {

/// One loop over elements: how many steps, and how far each moves in the source and the target.
struct Loop {
  std::int64_t size, in, out;
};

/// Nested loops, outermost first, neighbours merged where both sides allow it.
struct Loops {
  std::array<Loop, max_rank> loop;
  int count = 0;
};

inline Loops merged_loops(const Shape& shape, const Strides& in, const Strides& out) {
  Loops loops;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const Loop next{shape[axis], in[axis], out[axis]};
    if (loops.count > 0) {
      Loop& last = loops.loop[static_cast<std::size_t>(loops.count - 1)];
      if (last.in == next.size * next.in && last.out == next.size * next.out) {
        last = {last.size * next.size, next.in, next.out};
        continue;
      }
    }
    loops.loop[static_cast<std::size_t>(loops.count++)] = next;
  }
  if (loops.count == 0) loops.loop[static_cast<std::size_t>(loops.count++)] = {1, 1, 1};
  return loops;
}

/// Calls run(in, out) at the start of each innermost loop, for pointers or offsets.
template <class In, class Out, class Run>
void for_each_inner(const Loops& loops, In in, Out out, Run run) {
  const int outer = loops.count - 1;
  std::array<std::int64_t, max_rank> index{};
  while (true) {
    run(in, out);
    int level = outer - 1;
    for (; level >= 0; --level) {
      const Loop& loop = loops.loop[static_cast<std::size_t>(level)];
      std::int64_t& i = index[static_cast<std::size_t>(level)];
      in += loop.in;
      out += loop.out;
      if (++i < loop.size) break;
      in -= i * loop.in;
      out -= i * loop.out;
      i = 0;
    }
    if (level < 0) return;
  }
}

/// The same for loops of which the innermost may be a row that is met again and again in the
/// target: such rows come several at a time. Calls run(in, out, distance between the rows in the
/// source, number of rows), the number being a std::integral_constant of `most_rows` or 1.
template <int most_rows, class In, class Out, class Run>
void for_each_rows(const Loops& loops, In in, Out out, Run run) {
  const auto inner = static_cast<std::size_t>(loops.count - 1);
  constexpr std::integral_constant<int, most_rows> many;
  constexpr std::integral_constant<int, 1> one;
  if (inner == 0 || loops.loop[inner].out == 0 || loops.loop[inner - 1].out != 0) {
    return for_each_inner(loops, in, out, [&](In from, Out to) { run(from, to, 0, one); });
  }
  const Loop rows = loops.loop[inner - 1];
  Loops others = loops;
  others.loop[inner - 1] = loops.loop[inner];
  --others.count;
  for_each_inner(others, in, out, [&](In from, Out to) {
    std::int64_t row = 0;
    for (; row + most_rows <= rows.size; row += most_rows) {
      run(from + row * rows.in, to, rows.in, many);
    }
    for (; row < rows.size; ++row) run(from + row * rows.in, to, rows.in, one);
  });
}

}  // namespace tapegrad::ops::kernels
