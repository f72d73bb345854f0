#include <tapegrad/nn/label_tree.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::nn {

namespace {

[[noreturn]] void refuse(const std::string& needed, const std::string& got) {
  throw ValueError("[LabelTree] needs " + needed + ", got " + got);
}

}  // namespace

LabelTree::LabelTree(std::vector<std::int64_t> parents)
    : parents_(std::move(parents)), children_(parents_.size()) {
  std::int64_t root = -1;
  for (std::int64_t node = 0; node < size(); ++node) {
    const std::int64_t above = parent(node);
    if (above < -1 || above >= size()) {
      refuse("parents from 0 to " + std::to_string(size() - 1) + ", or -1 for the root",
             std::to_string(above) + " above node " + std::to_string(node));
    }
    if (above >= 0) {
      children_[index(above)].push_back(node);
    } else if (root >= 0) {
      refuse("one root", "nodes " + std::to_string(root) + " and " + std::to_string(node) +
                             " without a parent");
    } else {
      root = node;
    }
  }
  const auto has_children = [](const auto& list) { return !list.empty(); };
  classes_ = std::find_if(children_.begin(), children_.end(), has_children) - children_.begin();
  for (std::int64_t node = classes_; node < size(); ++node) {
    if (children(node).size() < 2) {
      refuse("leaves first and then nodes of two children or more",
             "node " + std::to_string(node) + " with " + std::to_string(children(node).size()) +
                 " after the leaves 0 to " + std::to_string(classes_ - 1));
    }
  }
  if (classes_ < 2) refuse("at least two leaves", std::to_string(classes_));

  // Nodes of a circle have parents too, but are never reached.
  if (root >= 0) from_root_.push_back(root);
  for (std::size_t next = 0; next < from_root_.size(); ++next) {
    const std::vector<std::int64_t>& below = children(from_root_[next]);
    from_root_.insert(from_root_.end(), below.begin(), below.end());
  }
  if (from_root_.size() != parents_.size()) {
    refuse("a root above all nodes", std::to_string(parents_.size() - from_root_.size()) +
                                         " nodes that are above one another in a circle");
  }
}

LabelTree LabelTree::balanced(std::int64_t classes, std::int64_t branching) {
  if (classes < 2 || branching < 2) {
    refuse("at least two classes and two parts of a node",
           std::to_string(classes) + " classes and " + std::to_string(branching) + " parts");
  }
  struct Range {
    std::int64_t first, last, parent;
  };
  std::vector<std::int64_t> parents(index(classes), -1);
  std::vector<Range> open = {{0, classes, -1}};
  for (std::size_t next = 0; next < open.size(); ++next) {
    const Range range = open[next];
    const std::int64_t leaves = range.last - range.first;
    if (leaves == 1) {
      parents[index(range.first)] = range.parent;
      continue;
    }
    const auto node = static_cast<std::int64_t>(parents.size());
    parents.push_back(range.parent);
    const std::int64_t parts = std::min(branching, leaves);
    for (std::int64_t part = 0; part < parts; ++part) {
      open.push_back(
          {range.first + leaves * part / parts, range.first + leaves * (part + 1) / parts, node});
    }
  }
  return LabelTree(std::move(parents));
}

}  // namespace tapegrad::nn
