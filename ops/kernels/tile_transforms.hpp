#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include <tapegrad/ops/kernels/lanes.hpp>

// The transformations of NOTE [Winograd].

namespace tapegrad::ops::kernels {

/// Places of a transformed tile.
constexpr int tile_places = 16;

/// U = G·g·Gᵀ of K·C filters: element (place, k, c).
template <class T>
void transform_filters(std::int64_t count, const T* w, T* u) {
  const auto line = [](T a, T b, T c, T* out, int step) {
    out[0] = a;
    out[step] = (a + b + c) / 2;
    out[2 * step] = (a - b + c) / 2;
    out[3 * step] = c;
  };
  for (std::int64_t i = 0; i < count; ++i, w += 9) {
    T half[4 * 3], all[tile_places];
    for (int b = 0; b < 3; ++b) line(w[b], w[3 + b], w[6 + b], half + b, 3);
    for (int a = 0; a < 4; ++a) line(half[3 * a], half[3 * a + 1], half[3 * a + 2], all + 4 * a, 1);
    for (int place = 0; place < tile_places; ++place) u[place * count + i] = all[place];
  }
}

/// Gᵀ·U·G, the gradient in a filter for that in its transformed one, added up over `parts` arrays.
template <class T>
void filter_gradient(const T* u, std::int64_t place_step, int parts, std::int64_t part_step, T* w,
                     bool accumulate) {
  const auto line = [](T a, T b, T c, T d, T* out, int step) {
    out[0] = a + (b + c) / 2;
    out[step] = (b - c) / 2;
    out[2 * step] = (b + c) / 2 + d;
  };
  T all[tile_places], half[3 * 4], g[9];
  for (int place = 0; place < tile_places; ++place) {
    const T* from = u + place * place_step;
    all[place] = 0;
    for (int part = 0; part < parts; ++part, from += part_step) all[place] += *from;
  }
  for (int b = 0; b < 4; ++b) line(all[b], all[4 + b], all[8 + b], all[12 + b], half + b, 4);
  for (int a = 0; a < 3; ++a) {
    line(half[4 * a], half[4 * a + 1], half[4 * a + 2], half[4 * a + 3], g + 3 * a, 1);
  }
  for (int i = 0; i < 9; ++i) w[i] = accumulate ? w[i] + g[i] : g[i];
}

/// Where a register of transformed tiles is written to. Passed by value: sizes that lie in memory
/// would be read again after each store.
template <class T>
struct Places {
  T* first;
  std::int64_t step;
  [[gnu::always_inline]] void store(int place, const typename Lanes<T>::Batch& numbers) const {
    numbers.store_unaligned(first + place * step);
  }
};

/// Bᵀ·d·B of a register of tiles, whose rows of d are 2·line apart.
template <class T>
void transform_tiles(const T* d, std::int64_t line, Places<T> to) {
  using Batch = typename Lanes<T>::Batch;
  const auto load = [&](int row, int column) {
    return Batch::load_unaligned(d + (2 * row + column % 2) * line + column / 2);
  };
  const auto column = [&](int b, auto combine) {
    const Batch h[4] = {combine(0), combine(1), combine(2), combine(3)};
    to.store(b, h[0] - h[2]);
    to.store(4 + b, h[1] + h[2]);
    to.store(8 + b, h[2] - h[1]);
    to.store(12 + b, h[1] - h[3]);
  };
  column(0, [&](int row) { return load(row, 0) - load(row, 2); });
  column(1, [&](int row) { return load(row, 1) + load(row, 2); });
  column(2, [&](int row) { return load(row, 2) - load(row, 1); });
  column(3, [&](int row) { return load(row, 1) - load(row, 3); });
}

/// A·dY·Aᵀ of the same for 2×2 numbers.
template <class T>
void transform_outputs(const T* d, std::int64_t line, Places<T> to) {
  using Batch = typename Lanes<T>::Batch;
  const auto load = [&](int row, int column) {
    return Batch::load_unaligned(d + (2 * row + column) * line);
  };
  const auto column = [&](int b, auto combine) {
    const Batch above = combine(0), below = combine(1);
    to.store(b, above);
    to.store(4 + b, above + below);
    to.store(8 + b, above - below);
    to.store(12 + b, Batch(T(0)) - below);
  };
  column(0, [&](int row) { return load(row, 0); });
  column(1, [&](int row) { return load(row, 0) + load(row, 1); });
  column(2, [&](int row) { return load(row, 0) - load(row, 1); });
  column(3, [&](int row) { return Batch(T(0)) - load(row, 1); });
}

/// Two registers as one row in which their numbers alternate.
template <class T>
class Alternating {
 public:
  static constexpr int width = static_cast<int>(Lanes<T>::width);
  using Batch = typename Lanes<T>::Batch;

  static void store(const Batch& even, const Batch& odd, T* to) {
    Vector a, b;
    std::memcpy(&a, &even, sizeof a);
    std::memcpy(&b, &odd, sizeof b);
    store(a, b, to, std::make_integer_sequence<int, width>());
  }

 private:
  typedef T Vector __attribute__((vector_size(width * sizeof(T))));

  template <int... i>
  static void store(Vector a, Vector b, T* to, std::integer_sequence<int, i...>) {
    const Vector first = __builtin_shufflevector(a, b, (i / 2 + i % 2 * width)...);
    const Vector second = __builtin_shufflevector(a, b, ((width + i) / 2 + i % 2 * width)...);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + width, &second, sizeof second);
  }
};

/// Aᵀ·M·A of a register of tiles: put(row, even columns, odd columns) for both rows.
template <class T, class Put>
void transform_back(const T* m, std::int64_t place_step, Put put) {
  using Batch = typename Lanes<T>::Batch;
  Batch above[4], below[4];
  for (int b = 0; b < 4; ++b) {
    const auto load = [&](int a) { return Batch::load_unaligned(m + (4 * a + b) * place_step); };
    const Batch first = load(1), second = load(2);
    above[b] = load(0) + first + second;
    below[b] = first - second - load(3);
  }
  put(0, above[0] + above[1] + above[2], above[1] - above[2] - above[3]);
  put(1, below[0] + below[1] + below[2], below[1] - below[2] - below[3]);
}

}  // namespace tapegrad::ops::kernels
