#pragma once

#include <memory>

// All xtensor headers that our headers use, in one place: they moved in xtensor 0.26.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#endif

// NOTE [One array type]
// `xt::xarray<T>` is another type when XTENSOR_USE_XSIMD, -march or XTENSOR_DEFAULT_LAYOUT say so:
// users who compile with other settings than the library would get link errors, or memory from one
// allocator freed by another. With layout and allocator named it is the same type everywhere;
// without those settings it is `xt::xarray<T>` itself.

namespace tapegrad {

/// An xtensor array, row-major, of the same type whatever macros xtensor is used with.
template <class T>
using Array = xt::xarray<T, xt::layout_type::row_major, std::allocator<T>>;

}  // namespace tapegrad
