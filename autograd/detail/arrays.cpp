#include <tapegrad/autograd/detail/arrays.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>

#include <fmt/format.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace tapegrad::detail {

namespace {

constexpr std::align_val_t alignment{64};

/// Loops over arrays that no cache holds spend up to a fifth of their time on finding small pages.
void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::int64_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = std::uintptr_t{1} << 21;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + static_cast<std::uintptr_t>(bytes)) / page * page;
  // Advice: nothing is lost where the system does not take it.
  if (first < end) {
    madvise(static_cast<char*>(memory) + (first - begin), end - first, MADV_HUGEPAGE);
  }
#endif
}

}  // namespace

void* allocate_aligned(std::int64_t bytes) {
  void* const memory =
      ::operator new(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)), alignment);
  prefer_huge_pages(memory, bytes);
  return memory;
}

void free_aligned(void* memory) noexcept {
  ::operator delete(memory, alignment);
}

void copy_in(const ArrayRef& array, void* target, Precision precision) {
  with_precision(precision,
                 [&](auto type) { array.copy_to(static_cast<decltype(type)*>(target)); });
}

Array<double> to_array(const Shape& shape, const void* numbers, Precision precision) {
  const std::vector<std::size_t> sizes(shape.begin(), shape.end());
  Array<double> result = Array<double>::from_shape(sizes);
  if (numbers == nullptr) {
    std::fill(result.data(), result.data() + shape.size(), 0.0);
  } else {
    convert(numbers, precision, result.data(), f64, shape.size(), false);
  }
  return result;
}

double sum_of_magnitudes(const Array<double>& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += std::abs(x);
  return sum;
}

std::string elements_text(const Array<double>& array, const char* number_format) {
  if (array.dimension() == 0) return fmt::format(fmt::runtime(number_format), array());
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(most_shown, array.size()); ++i) {
    text += (i > 0 ? " " : "") + fmt::format(fmt::runtime(number_format), array.data()[i]);
  }
  return text + (array.size() > most_shown ? " …]" : "]");
}

std::int64_t find_non_finite(const void* numbers, Precision precision, std::int64_t count) {
  return with_precision(precision, [&](auto type) -> std::int64_t {
    const auto* const first = static_cast<const decltype(type)*>(numbers);
    for (std::int64_t i = 0; i < count; ++i) {
      if (!std::isfinite(first[i])) return i;
    }
    return -1;
  });
}

double first_number(const void* numbers, Precision precision) {
  return with_precision(precision, [&](auto type) {
    return static_cast<double>(*static_cast<const decltype(type)*>(numbers));
  });
}

void convert(const void* from, Precision from_precision, void* to, Precision to_precision,
             std::int64_t count, bool accumulate) {
  with_precision(from_precision, [&](auto from_type) {
    with_precision(to_precision, [&](auto to_type) {
      using To = decltype(to_type);
      const auto* source = static_cast<const decltype(from_type)*>(from);
      To* target = static_cast<To*>(to);
      for (std::int64_t i = 0; i < count; ++i) {
        const To number = static_cast<To>(source[i]);
        target[i] = accumulate ? target[i] + number : number;
      }
    });
  });
}

void check_same_shape(const Shape& got, const Shape& needed, const char* who) {
  if (got != needed) {
    throw ShapeError(std::string("[") + who + "] needs shape " + to_string(needed) + ", got " +
                     to_string(got));
  }
}

}  // namespace tapegrad::detail
