#include <tapegrad/autograd/draw.hpp>

#include <utility>

#include <tapegrad/autograd/detail/circuit.hpp>
#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/autograd/detail/graphviz.hpp>

namespace tapegrad {

Drawing::Drawing(detail::Circuit circuit)
    : circuit_(std::make_unique<const detail::Circuit>(std::move(circuit))) {}

Drawing::~Drawing() = default;
Drawing::Drawing(Drawing&&) noexcept = default;
Drawing& Drawing::operator=(Drawing&&) noexcept = default;

std::string Drawing::dot() const {
  return detail::to_dot(*circuit_);
}

std::string Drawing::svg() const {
  return detail::svg_by_graphviz(dot());
}

std::string Drawing::html() const {
  return detail::to_page(*circuit_);
}

void Drawing::save(const std::string& path) const {
  const detail::Origin origin{"draw", path};
  const std::size_t point = path.rfind('.');
  const std::string ending = point == std::string::npos ? "" : path.substr(point);
  if (ending == ".html") {
    detail::write_file(origin, html());
  } else if (ending == ".svg") {
    detail::write_file(origin, svg());
  } else if (ending == ".dot" || ending == ".gv") {
    detail::write_file(origin, dot());
  } else {
    throw ValueError("[draw] needs a file name that ends in .html, .svg, .dot or .gv, got '" +
                     path + "'");
  }
}

Drawing draw(const Tape& tape, const DrawOptions& options, Place place) {
  return Drawing(detail::read_circuit(tape.block(), options.title, options.max_shown, place));
}

}  // namespace tapegrad
