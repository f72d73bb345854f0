#pragma once

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/ops/error.hpp>

namespace tapegrad::detail {

/// Adds the user's line to an error of a rule, which cannot know it.
template <class F>
decltype(auto) with_place(Place place, F f) {
  try {
    return f();
  } catch (const ShapeError& error) {
    throw ShapeError(error.what() + (" (" + to_string(place) + ")"));
  } catch (const ValueError& error) {
    throw ValueError(error.what() + (" (" + to_string(place) + ")"));
  }
}

}  // namespace tapegrad::detail
