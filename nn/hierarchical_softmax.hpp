#pragma once

#include <vector>

#include <tapegrad/nn/label_tree.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// A classifier whose classes are the leaves of a tree: the probability of a class is the product
/// of the decisions on the way to it from the root, so those of all classes add up to 1, and a
/// training step computes the decisions on the way to its labels only, about log K of them in
/// place of K scores.
///
/// A node of two children decides by one logistic unit: σ(w·x + b) is the probability of the second
/// child. A node of C children decides by a softmax whose C scores are 0 for the first child and
/// one unit each for the others; that the first is fixed loses nothing, since a softmax sees only
/// differences, and makes the logistic unit its case C = 2. Altogether these are K − 1 units,
/// whatever the tree: parameters `weight` (K − 1, in), with He's initialisation, and `bias`
/// (K − 1), zero. The units of a node follow one another, node after node by their numbers. A
/// sample takes the time of the longest way, each step of which is as wide as the largest node.
///
///     nn::HierarchicalSoftmax head(64, 1000);  // A balanced binary tree over 1000 classes.
///     Var loss = head.loss(features, labels);
///
/// Source: Morin and Bengio, "Hierarchical Probabilistic Neural Network Language Model", 2005.
class HierarchicalSoftmax : public Module {
 public:
  /// Throws ValueError for fewer than one input.
  HierarchicalSoftmax(std::int64_t in, LabelTree tree);
  /// Over a balanced binary tree. Throws ValueError for fewer than one input or two classes.
  HierarchicalSoftmax(std::int64_t in, std::int64_t classes)
      : HierarchicalSoftmax(in, LabelTree::balanced(classes)) {}

  /// −log of the probability of each sample's label, for x (N, in) and N labels, whole numbers from
  /// 0 to K − 1, by default the mean over the samples. Computes the units on the ways to the labels
  /// only. Throws ShapeError if the sizes differ, ValueError on a label that is no class.
  Var loss(const Var& x, Operand labels, Reduction reduction = Reduction::mean,
           Place place = Place::here());

  /// The logarithms of the probabilities of all classes, (N, in) to (N, K). Throws ShapeError for
  /// another shape.
  Var log_prob(const Var& x);
  /// The same.
  Var forward(const Var& x) override { return log_prob(x); }

  /// Whose leaves are the classes.
  const LabelTree& tree() const { return tree_; }
  /// One row per unit, shape (K − 1, in).
  const Parameter& weight() const { return weight_; }
  /// Shape (K − 1).
  const Parameter& bias() const { return bias_; }

 private:
  // NOTE [Ways through a tree]
  // A tree enters a tape as tables of whole numbers, from which index_select takes what a batch
  // needs; their rows are filled up to the length of the longest. They are parameters only so that
  // tapes read them without a copy and as long as they like: no gradient goes there.

  /// What the ways from the root to the classes have in common.
  struct Ways {
    explicit Ways(const LabelTree& tree);
    /// How many decisions the longest has, and how many units the largest node.
    std::int64_t steps, units_per_step;
    /// Which units decide, (K, steps·units_per_step); 0 to fill up.
    Parameter units;
    /// 1 for a unit, 0 where `units` is filled up.
    Parameter is_unit;
    /// Which child each decision is for, (K, steps); 0 to fill up.
    Parameter children;
  };

  /// The tree level by level, for the probabilities of all classes.
  struct Levels {
    explicit Levels(const LabelTree& tree);
    /// For each inner node the columns of its children's scores, (K', C) for the largest number C
    /// of children; behind the K − 1 units, column K − 1 is the first child's 0, K fills up.
    Parameter scores;
    /// Of each level below the root, for its nodes and the leaves above it: where in the level
    /// before they come from.
    std::vector<Parameter> origins;
    /// The same: by which decision, a position in `scores`, or behind it if by none.
    std::vector<Parameter> decisions;
  };

  LabelTree tree_;
  Ways ways_;
  Levels levels_;
  Parameter weight_, bias_;
};

}  // namespace tapegrad::nn
