#pragma once

#include <tapegrad/autograd/array_ref.hpp>

/// Small helpers between raw memory and arrays.
namespace tapegrad::detail {

/// Memory aligned for SIMD, never null. Throws std::bad_alloc.
void* allocate_aligned(std::int64_t bytes);
void free_aligned(void* memory) noexcept;

/// Writes an array argument as numbers of the given precision.
void copy_in(const ArrayRef& array, void* target, Precision precision);

/// A copy as an xtensor array; zeros if `numbers` is null.
Array<double> to_array(const Shape& shape, const void* numbers, Precision precision);

/// The first number, as double.
double first_number(const void* numbers, Precision precision);

/// Σ|x| over all elements.
double sum_of_magnitudes(const Array<double>& numbers);

/// How many elements of a tensor are shown.
inline constexpr std::size_t most_shown = 4;

/// A number, or the first elements of a tensor in brackets: `[0.1 0.2 0.3 0.4 …]`.
std::string elements_text(const Array<double>& array, const char* number_format);

/// The position of the first of `count` numbers that is NaN or infinite; −1 if all are finite.
std::int64_t find_non_finite(const void* numbers, Precision precision, std::int64_t count);

/// Converts `count` numbers between precisions, with `=` or `+=`.
void convert(const void* from, Precision from_precision, void* to, Precision to_precision,
             std::int64_t count, bool accumulate);

/// Throws ShapeError unless both agree.
void check_same_shape(const Shape& got, const Shape& needed, const char* who);

}  // namespace tapegrad::detail
