#pragma once

// Everything at once.

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/draw.hpp>
#include <tapegrad/autograd/functional.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/gradgradcheck.hpp>
#include <tapegrad/autograd/gradient_ledger.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/memory_by_gate.hpp>
#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/non_finite.hpp>
#include <tapegrad/autograd/numeric_gradient.hpp>
#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/autograd/scope.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/tape_difference.hpp>
#include <tapegrad/autograd/threads.hpp>
#include <tapegrad/data/augmentation.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/data/cifar10.hpp>
#include <tapegrad/data/cross_validate.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/data/idx.hpp>
#include <tapegrad/data/image.hpp>
#include <tapegrad/data/image_folder.hpp>
#include <tapegrad/data/image_grid.hpp>
#include <tapegrad/data/mean_subtraction.hpp>
#include <tapegrad/data/normalization.hpp>
#include <tapegrad/data/npy.hpp>
#include <tapegrad/data/npz.hpp>
#include <tapegrad/data/pca.hpp>
#include <tapegrad/data/per.hpp>
#include <tapegrad/data/preprocessing.hpp>
#include <tapegrad/data/safetensors.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/data/splits.hpp>
#include <tapegrad/data/subset.hpp>
#include <tapegrad/data/transform.hpp>
#include <tapegrad/data/whitening.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/architecture.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/bias_trick.hpp>
#include <tapegrad/nn/binary_classifier.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/conversion.hpp>
#include <tapegrad/nn/dropconnect.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/flatten.hpp>
#include <tapegrad/nn/fully_convolutional.hpp>
#include <tapegrad/nn/functional.hpp>
#include <tapegrad/nn/gaussian_noise.hpp>
#include <tapegrad/nn/hierarchical_softmax.hpp>
#include <tapegrad/nn/hooks.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/label_tree.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/locally_connected2d.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/max_norm.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/pooling.hpp>
#include <tapegrad/nn/prelu.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/nn/structured_hinge.hpp>
#include <tapegrad/nn/subnetworks.hpp>
#include <tapegrad/nn/summary.hpp>
#include <tapegrad/nn/weights.hpp>
#include <tapegrad/nn/window.hpp>
#include <tapegrad/optim/adagrad.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/clip_grad.hpp>
#include <tapegrad/optim/decay_only.hpp>
#include <tapegrad/optim/exponential_moving_average.hpp>
#include <tapegrad/optim/lbfgs.hpp>
#include <tapegrad/optim/newton.hpp>
#include <tapegrad/optim/reduce_lr_on_plateau.hpp>
#include <tapegrad/optim/rmsprop.hpp>
#include <tapegrad/optim/schedule.hpp>
#include <tapegrad/optim/scheduler.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/approximate_neighbors.hpp>
#include <tapegrad/train/checkpoint.hpp>
#include <tapegrad/train/checkpoint_options.hpp>
#include <tapegrad/train/decision_regions.hpp>
#include <tapegrad/train/diagnosis.hpp>
#include <tapegrad/train/direction.hpp>
#include <tapegrad/train/ensemble.hpp>
#include <tapegrad/train/evaluation.hpp>
#include <tapegrad/train/fit.hpp>
#include <tapegrad/train/history.hpp>
#include <tapegrad/train/k_choice.hpp>
#include <tapegrad/train/k_neighbors_classifier.hpp>
#include <tapegrad/train/landscape.hpp>
#include <tapegrad/train/metrics.hpp>
#include <tapegrad/train/nearest_neighbors.hpp>
#include <tapegrad/train/observer.hpp>
#include <tapegrad/train/progress_bar.hpp>
#include <tapegrad/train/recorder.hpp>
#include <tapegrad/train/report.hpp>
#include <tapegrad/train/sanity_checks.hpp>
#include <tapegrad/train/search.hpp>
#include <tapegrad/train/search_results.hpp>
#include <tapegrad/train/stateful.hpp>
#include <tapegrad/train/templates.hpp>

/// Automatic differentiation on an explicit tape: tapes, values, parameters, and the functions and
/// operators of expressions.
namespace tapegrad {

/// The gates: a struct with value and gradient for each function, and what their rules are written
/// with. Nothing in it knows of tapes.
namespace ops {}

/// Networks, made of gates and nothing else: modules, losses, initialisers.
namespace nn {

/// Fills parameters with their first numbers.
namespace init {}

}  // namespace nn

/// Rules that change parameters by their gradients.
namespace optim {

/// Numbers that change from step to step, such as the factor of a learning rate.
namespace schedule {}

}  // namespace optim

/// Data sets, preprocessing and mini-batches.
namespace data {}

/// The loop around a network: training, what is recorded of it, checkpoints, search, ensembles,
/// evaluation.
namespace train {}

}  // namespace tapegrad
