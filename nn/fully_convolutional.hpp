#pragma once

#include <tapegrad/nn/architecture.hpp>

// A classifier of images as a network of convolutions alone. A dense layer over a feature map
// (C, H, W) is a convolution with filters H×W, a dense layer behind it one with filters 1×1. The
// twin takes larger images and makes a map of scores in one pass, (N, classes, positions down,
// positions across), where the classifier would be run on a window at each position: the same
// scores if no layer pads, and else what it sees at borders differs. `mean(scores, {2, 3})` are the
// scores averaged over all positions.

namespace tapegrad::nn {

/// The twin of a classifier, for images of the given shape (C, H, W), not smaller than the
/// classifier's: a 224-net gives 6×6 positions on 384×384 images at a stride of 32. Throws
/// ShapeError unless the classifier takes images, ValueError for layers that cannot slide, which
/// are LocallyConnected2d, Maxout, and any with parameters between Flatten and a dense layer.
Architecture fully_convolutional(const Architecture& classifier, const Shape& input);

/// The twin of a network that was built of an architecture, with copies of its parameters. Throws
/// as above, and ValueError if `trained` was built of another architecture.
///
///     nn::Sequential twin = nn::fully_convolutional(architecture, model);
///     Var scores = mean(twin(larger_images), {2, 3});
Sequential fully_convolutional(const Architecture& classifier, const Module& trained);

/// The twin's scores at every `step` pixels where one pass has a position every `stride` pixels,
/// the classifier's own: (stride/step)² passes over shifted images, interleaved. Throws ValueError
/// unless `step` divides the stride along both sides, ShapeError for images smaller than the
/// classifier's.
Var shifted_scores(Module& twin, const Architecture& classifier, const Var& images,
                   HeightWidth step);

}  // namespace tapegrad::nn
