#pragma once

#include <cstdint>
#include <vector>

namespace tapegrad::nn {

/// A tree whose leaves are the classes of a hierarchical softmax: nodes 0 … K − 1 are the leaves,
/// labelled so, and the nodes from K on stand above them, each with two children or more.
///
///     // cat dog | car bus tram: 0 and 1 under 5, 2 to 4 under 6, these under the root, 7.
///     nn::LabelTree tree({5, 5, 6, 6, 6, 7, 7, -1});
class LabelTree {
 public:
  /// parents[v] is the node above node v, −1 for the root. Throws ValueError, saying what is wrong,
  /// unless this is one tree of the form above with at least two leaves.
  explicit LabelTree(std::vector<std::int64_t> parents);

  /// A tree whose nodes are split into `branching` parts of equal size, as far as there are enough
  /// leaves: labels that follow one another lie together, and the ways to any two leaves differ by
  /// at most one step. Throws ValueError for fewer than two classes or parts.
  static LabelTree balanced(std::int64_t classes, std::int64_t branching = 2);

  /// K, the number of leaves.
  std::int64_t classes() const { return classes_; }
  /// The number of nodes, leaves included.
  std::int64_t size() const { return static_cast<std::int64_t>(parents_.size()); }
  /// The node above a node, −1 for the root.
  std::int64_t parent(std::int64_t node) const { return parents_[index(node)]; }
  /// The nodes below a node in ascending order; none of a leaf.
  const std::vector<std::int64_t>& children(std::int64_t node) const {
    return children_[index(node)];
  }
  /// All nodes, each after its parent: the root first.
  const std::vector<std::int64_t>& from_root() const { return from_root_; }

 private:
  static std::size_t index(std::int64_t node) { return static_cast<std::size_t>(node); }

  std::vector<std::int64_t> parents_;
  std::vector<std::vector<std::int64_t>> children_;
  std::vector<std::int64_t> from_root_;
  std::int64_t classes_ = 0;
};

}  // namespace tapegrad::nn
