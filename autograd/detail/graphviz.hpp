#pragma once

#include <string>

namespace tapegrad::detail {

/// Lets Graphviz's program `dot` turn a graph into an SVG image. Throws Error if it is not
/// installed or refuses the graph.
std::string svg_by_graphviz(const std::string& dot);

}  // namespace tapegrad::detail
