#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include <tapegrad/ops/kernels/lanes.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Panels]
// The product C = A · B is made of tiles: 6 rows by 2 registers, whose 12 sums, 2 registers of B
// and one of A fill the 16 that x86 has. A tile walks down the inner axis and takes, per step, two
// registers from B and one number from each row of A. B is copied into panels, two registers wide,
// in which these lie one after the other; A is read as it lies if its rows run along the inner
// axis, and copied into such rows if not. The inner axis is cut into pieces of at most
// `most_depth`, and B into blocks that stay in the second-level cache while all rows of A pass by.

/// An operand of a product: element (i, p) lies at data[i · row + p · column].
template <class T>
struct Matrix {
  const T* data;
  std::int64_t row, column;
  const T* at(std::int64_t i, std::int64_t p) const { return data + i * row + p * column; }
  Matrix from(std::int64_t i, std::int64_t p) const { return {at(i, p), row, column}; }
  Matrix transposed() const { return {data, column, row}; }
};

constexpr int tile_rows = 6;
template <class T>
constexpr std::int64_t panel_width = 2 * Lanes<T>::width;
/// A row of A of this length, six times, and a panel fill the first-level cache.
constexpr std::int64_t most_depth = 512;
/// Numbers of a block: 128 KB of floats.
constexpr std::int64_t block_size = std::int64_t{1} << 15;
/// So few last columns of A · Bᵀ are dot products of rows rather than a panel that is mostly empty.
constexpr std::int64_t most_dots = 4;

/// Calls f(first, size) for pieces of 0…count as equal as possible and at most `most` long: no
/// piece is so short that its tile would idle.
template <class F>
void for_even_pieces(std::int64_t count, std::int64_t most, F f) {
  // Small products, all in one piece, would notice the divisions.
  std::int64_t pieces = count <= most ? 1 : (count + most - 1) / most;
  for (std::int64_t first = 0; first < count; --pieces) {
    const std::int64_t left = count - first;
    const std::int64_t size = pieces == 1 ? left : (left + pieces - 1) / pieces;
    f(first, size);
    first += size;
  }
}

/// Calls f(std::integral_constant<int, rows>) for 1 to tile_rows rows: loops over the rows of a
/// tile must be unrolled, or else its sums are not kept in registers.
template <class F>
void with_tile_rows(std::int64_t rows, F f) {
  switch (rows) {
    case 1:
      return f(std::integral_constant<int, 1>());
    case 2:
      return f(std::integral_constant<int, 2>());
    case 3:
      return f(std::integral_constant<int, 3>());
    case 4:
      return f(std::integral_constant<int, 4>());
    case 5:
      return f(std::integral_constant<int, 5>());
    default:
      return f(std::integral_constant<int, tile_rows>());
  }
}

// --- Copies ---------------------------------------------------------------------------------

/// Transposes as many rows as a register has numbers, in registers: first the two off-diagonal
/// quarters of the square change places, then those of each quarter, and so on.
/// Source: Eklundh, A Fast Computer Method for Matrix Transposing, 1972.
template <class T>
class Square {
 public:
  static constexpr int width = static_cast<int>(Lanes<T>::width);

  static void transpose(const T* from, std::int64_t from_row, T* to, std::int64_t to_row) {
    Vector x[width];
    for (int i = 0; i < width; ++i) std::memcpy(&x[i], from + i * from_row, sizeof(Vector));
    exchange<width / 2>(x);
    for (int i = 0; i < width; ++i) std::memcpy(to + i * to_row, &x[i], sizeof(Vector));
  }

 private:
  // Not xsimd's registers, whose shuffles mean different things on different processors.
  typedef T Vector __attribute__((vector_size(width * sizeof(T))));

  /// In squares of twice `half`, and then in smaller ones.
  template <int half>
  static void exchange(Vector* x) {
    if constexpr (half > 0) {
      for (int i = 0; i < width; ++i) {
        if ((i & half) == 0) {
          exchange<half>(x[i], x[i + half], std::make_integer_sequence<int, width>());
        }
      }
      exchange<half / 2>(x);
    }
  }

  template <int half, int... j>
  static void exchange(Vector& upper, Vector& lower, std::integer_sequence<int, j...>) {
    const Vector a = upper, b = lower;
    upper = __builtin_shufflevector(a, b, ((j & half) == 0 ? j : width + j - half)...);
    lower = __builtin_shufflevector(a, b, ((j & half) == 0 ? j + half : width + j)...);
  }
};

/// to[c · to_row + r] = from[r · from_row + c].
template <class T>
void copy_transposed(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_row,
                     T* to, std::int64_t to_row) {
  constexpr std::int64_t width = Lanes<T>::width;
  std::int64_t r = 0;
  for (; r + width <= rows; r += width) {
    std::int64_t c = 0;
    for (; c + width <= columns; c += width) {
      Square<T>::transpose(from + r * from_row + c, from_row, to + c * to_row + r, to_row);
    }
    for (; c < columns; ++c) {
      for (std::int64_t i = r; i < r + width; ++i) to[c * to_row + i] = from[i * from_row + c];
    }
  }
  for (; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) to[c * to_row + r] = from[r * from_row + c];
  }
}

/// Copies the first `columns` columns of B into panels; what an incomplete one lacks is zero.
template <class T>
void pack_panels(Matrix<T> b, std::int64_t depth, std::int64_t columns, T* panels) {
  using L = Lanes<T>;
  constexpr std::int64_t full = panel_width<T>;
  const std::int64_t whole = columns / full * full;
  if (whole < columns) std::fill_n(panels + whole * depth, full * depth, T(0));
  if (b.column != 1) {
    for (std::int64_t j = 0; j < columns; j += full) {
      copy_transposed(std::min(full, columns - j), depth, b.at(0, j), b.column, panels + j * depth,
                      full);
    }
    return;
  }
  // Row by row, as B lies in memory. Registers, since compilers turn std::copy into a block move
  // that starts slowly.
  for (std::int64_t p = 0; p < depth; ++p) {
    const T* from = b.at(p, 0);
    T* to = panels + p * full;
    for (std::int64_t j = 0; j < whole; j += full, to += depth * full) {
      L::load(from + j).store(to);
      L::load(from + j + L::width).store(to + L::width);
    }
    for (std::int64_t j = whole; j < columns; ++j) to[j - whole] = from[j];
  }
}

// --- Tiles ----------------------------------------------------------------------------------

/// C = or += A · panel for `rows` rows, C's rows being c_row apart.
template <class T, int rows>
void panel_tile(std::int64_t depth, Matrix<T> a, const T* panel, T* c, std::int64_t c_row,
                bool accumulate) {
  // Not Lanes, arrays of which GCC would keep in memory.
  using Batch = typename Lanes<T>::Batch;
  constexpr std::int64_t width = Lanes<T>::width;
  Batch sum[rows][2];
  for (int r = 0; r < rows; ++r) {
    sum[r][0] = accumulate ? Batch::load_unaligned(c + r * c_row) : Batch(T(0));
    sum[r][1] = accumulate ? Batch::load_unaligned(c + r * c_row + width) : Batch(T(0));
  }
  // Counting the steps takes room that the arithmetic needs where another thread shares the core:
  // 5 % of a product, measured on one half of such a core.
#pragma GCC unroll 4
  for (std::int64_t p = 0; p < depth; ++p, panel += panel_width<T>) {
    const Batch left = Batch::load_unaligned(panel);
    const Batch right = Batch::load_unaligned(panel + width);
    for (int r = 0; r < rows; ++r) {
      const Batch x(a.data[r * a.row + p]);
      sum[r][0] = xsimd::fma(x, left, sum[r][0]);
      sum[r][1] = xsimd::fma(x, right, sum[r][1]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    sum[r][0].store_unaligned(c + r * c_row);
    sum[r][1].store_unaligned(c + r * c_row + width);
  }
}

/// The same where only `width` columns of the panel belong to C.
template <class T, int rows>
void narrow_tile(std::int64_t depth, Matrix<T> a, const T* panel, std::int64_t width, T* c,
                 std::int64_t c_row, bool accumulate) {
  T tile[rows * panel_width<T>];
  panel_tile<T, rows>(depth, a, panel, tile, panel_width<T>, false);
  for (int r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < width; ++j) {
      const T number = tile[r * panel_width<T> + j];
      T& target = c[r * c_row + j];
      target = accumulate ? target + number : number;
    }
  }
}

/// One or two columns of C = or += A · Bᵀ, whose rows in B are b_row apart, as dot products.
template <class T, int rows, int columns>
void dot_tile(std::int64_t depth, Matrix<T> a, const T* b, std::int64_t b_row, T* c,
              std::int64_t c_row, bool accumulate) {
  using Batch = typename Lanes<T>::Batch;
  constexpr std::int64_t width = Lanes<T>::width;
  Batch sum[rows][columns];
  for (auto& row : sum) std::fill_n(row, columns, Batch(T(0)));
  std::int64_t p = 0;
  for (; p + width <= depth; p += width) {
    Batch y[columns];
    for (int j = 0; j < columns; ++j) y[j] = Batch::load_unaligned(b + j * b_row + p);
    for (int r = 0; r < rows; ++r) {
      const Batch x = Batch::load_unaligned(a.data + r * a.row + p);
      for (int j = 0; j < columns; ++j) sum[r][j] = xsimd::fma(x, y[j], sum[r][j]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int j = 0; j < columns; ++j) {
      T total = xsimd::hadd(sum[r][j]);
      for (std::int64_t q = p; q < depth; ++q) total += a.data[r * a.row + q] * b[j * b_row + q];
      T& target = c[r * c_row + j];
      target = accumulate ? target + total : total;
    }
  }
}

// --- The product ----------------------------------------------------------------------------

/// Memory for the copies, kept by each thread.
template <class T>
T* panel_memory(std::int64_t size, int which) {
  constexpr std::size_t line = 64;
  thread_local std::vector<T> memory[2];
  std::vector<T>& numbers = memory[which];
  const std::size_t needed = static_cast<std::size_t>(size) + line / sizeof(T);
  if (numbers.size() < needed) numbers.resize(needed);
  const auto address = reinterpret_cast<std::uintptr_t>(numbers.data());
  return numbers.data() + (line - address % line) % line / sizeof(T);
}

/// B as a matrix in memory. What has the same functions may stand in its place and need not exist
/// as a matrix.
template <class T>
struct MatrixPanels {
  Matrix<T> b;

  /// Writes rows p … p + depth of columns first … first + columns as panels.
  void pack(std::int64_t p, std::int64_t depth, std::int64_t first, std::int64_t columns,
            T* panels) const {
    pack_panels(b.from(p, first), depth, columns, panels);
  }

  /// How many of the last of n columns are dot products with rows of Bᵀ in memory.
  std::int64_t dots(std::int64_t n) const {
    const std::int64_t tail = n % panel_width<T>;
    return b.row == 1 && tail <= most_dots && n > panel_width<T> ? tail : 0;
  }

  /// Those of a tile of A's rows, from its p-th column on.
  template <int rows>
  void dot_tiles(std::int64_t p, std::int64_t depth, Matrix<T> a, std::int64_t n, T* c,
                 std::int64_t c_row, bool accumulate) const {
    for (std::int64_t j = n - dots(n); j < n; j += 2) {
      if (j + 2 <= n) {
        dot_tile<T, rows, 2>(depth, a, b.at(p, j), b.column, c + j, c_row, accumulate);
      } else {
        dot_tile<T, rows, 1>(depth, a, b.at(p, j), b.column, c + j, c_row, accumulate);
      }
    }
  }
};

/// C (m, n), whose rows are c_row apart, = or += A (m, k) · B (k, n).
template <class T, class Panels>
void multiply_panels(std::int64_t m, std::int64_t n, std::int64_t k, Matrix<T> a, const Panels& b,
                     T* c, std::int64_t c_row, bool accumulate) {
  if (k == 0 && !accumulate) {
    for (std::int64_t i = 0; i < m; ++i) std::fill_n(c + i * c_row, n, T(0));
  }
  constexpr std::int64_t full = panel_width<T>;
  const std::int64_t dots = b.dots(n);
  for_even_pieces(k, most_depth, [&](std::int64_t p, std::int64_t depth) {
    const bool add = accumulate || p > 0;
    const std::int64_t most_rows =
        a.column == 1 ? m : std::max<std::int64_t>(block_size / depth, 1);
    const std::int64_t most_columns = std::max(block_size / depth / full * full, full);
    for_even_pieces(m, most_rows, [&](std::int64_t first_row, std::int64_t row_count) {
      Matrix<T> left = a.from(first_row, p);
      if (a.column != 1) {
        T* const rows = panel_memory<T>(row_count * depth, 0);
        copy_transposed(depth, row_count, left.data, a.column, rows, depth);
        left = {rows, depth, 1};
      }
      T* const out = c + first_row * c_row;
      for (std::int64_t first = 0; first < n - dots; first += most_columns) {
        const std::int64_t columns = std::min(most_columns, n - dots - first);
        // A register more: who writes panels may run over the end.
        T* const panels =
            panel_memory<T>((columns + full - 1) / full * full * depth + Lanes<T>::width, 1);
        b.pack(p, depth, first, columns, panels);
        const bool last = first + columns == n - dots;
        for_even_pieces(row_count, tile_rows, [&](std::int64_t i, std::int64_t size) {
          with_tile_rows(size, [&](auto tile_size) {
            constexpr int rows = decltype(tile_size)::value;
            const Matrix<T> part = left.from(i, 0);
            T* const row = out + i * c_row;
            for (std::int64_t j = 0; j < columns; j += full) {
              const T* const panel = panels + j * depth;
              T* const tile = row + first + j;
              if (j + full <= columns) {
                panel_tile<T, rows>(depth, part, panel, tile, c_row, add);
              } else {
                narrow_tile<T, rows>(depth, part, panel, columns - j, tile, c_row, add);
              }
            }
            // While the rows of A are at hand.
            if (last) b.template dot_tiles<rows>(p, depth, part, n, row, c_row, add);
          });
        });
      }
    });
  });
}

}  // namespace tapegrad::ops::kernels
