#pragma once

#include <memory>
#include <string>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

namespace detail {
struct Circuit;
}  // namespace detail

/// How a drawing is made.
struct DrawOptions {
  /// Above the drawing; empty for none.
  std::string title;
  /// Modules, scopes and long runs of gates are opened, the outermost first, as long as no more
  /// boxes and gates than this are seen; the others are drawn as one box each. On the page a click
  /// opens them.
  std::size_t max_shown = 120;
};

/// A picture of a circuit: each gate with its value above its wire and, below, the gradient that
/// has arrived at it. Holds copies: the tape may go on or end.
class Drawing {
 public:
  /// For draw().
  explicit Drawing(detail::Circuit circuit);
  ~Drawing();
  /// The drawing moved from can only be assigned to or destroyed.
  Drawing(Drawing&& other) noexcept;
  /// Takes over the other's picture.
  Drawing& operator=(Drawing&& other) noexcept;

  /// In Graphviz's language.
  std::string dot() const;
  /// An SVG image, laid out by Graphviz. Throws Error if its program `dot` is not installed or
  /// fails.
  std::string svg() const;
  /// A page in one file that needs no network: zoom, open and close modules, search, and click a
  /// gate for its operands, local gradients, ledger and line. Throws Error if the library was built
  /// without npm, which bundles the page, ValueError above 200,000 gates.
  std::string html() const;
  /// Writes what the name's ending says: `.dot` or `.gv`, `.svg`, `.html`. Throws ValueError for
  /// another ending, FileError if it cannot be written.
  void save(const std::string& path) const;

 private:
  std::unique_ptr<const detail::Circuit> circuit_;
};

/// Draws all gates of a tape. Throws TapeError if a lean tape has reused their memory or a
/// parameter has changed since it was read.
///
///     draw(tape).save("circuit.html");
Drawing draw(const Tape& tape, const DrawOptions& options = {}, Place place = Place::here());

}  // namespace tapegrad
