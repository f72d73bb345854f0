#include <tapegrad/nn/fully_convolutional.hpp>

#include <string>

#include <tapegrad/nn/state_dict.hpp>

namespace tapegrad::nn {

namespace {

/// `conv7x7-4096p0` for a dense layer over a feature map, `conv1-4096` for one over a vector.
std::string convolution_of(const Shape& map, std::int64_t outputs) {
  const std::string count = std::to_string(outputs);
  if (map.empty()) return "conv1-" + count;
  return "conv" + std::to_string(map[1]) + "x" + std::to_string(map[2]) + "-" + count + "p0";
}

/// How far apart neighbouring positions of the last layer look.
HeightWidth stride_of(const Architecture& network) {
  ReceptiveField field;
  for (const PlannedLayer& layer : network.layers()) field = field.through(layer.window);
  return field.stride;
}

/// Positions of windows along one side, for a first window that begins at `start`.
std::int64_t positions_from(std::int64_t start, std::int64_t size, std::int64_t window,
                            std::int64_t stride) {
  const std::int64_t room = size - window - start;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace

Architecture fully_convolutional(const Architecture& classifier, const Shape& input) {
  if (classifier.input().rank() != 3) {
    throw ShapeError("[fully_convolutional] needs a classifier of images (C, H, W), got one of " +
                     to_string(classifier.input()));
  }
  std::string words;
  Shape map;  // What has been flattened and not yet met a dense layer.
  for (const PlannedLayer& layer : classifier.layers()) {
    if (layer.kind == "Flatten") {
      if (layer.input.rank() == 3) map = layer.input;
      continue;
    }
    const bool dense = layer.kind == "Linear" || layer.kind == "DropConnect";
    const bool slides = layer.kind != "Maxout" && layer.kind != "LocallyConnected2d" &&
                        (map.empty() || layer.parameters.empty());
    if (!dense && !slides) {
      throw ValueError(
          "[fully_convolutional] needs layers that do the same at every position, got '" +
          layer.word + "' on " + to_string(layer.input) + "; use conv or fc in its place");
    }
    words += (dense ? convolution_of(map, layer.output[0]) : layer.word) + " ";
    if (dense) map = {};
  }
  return {words, input};
}

Sequential fully_convolutional(const Architecture& classifier, const Module& trained) {
  Sequential twin = fully_convolutional(classifier, classifier.input()).build();
  const NamedParameters source = state_dict(trained);
  NamedParameters target = state_dict(twin);
  bool fits = source.size() == target.size();
  for (std::size_t i = 0; fits && i < source.size(); ++i) {
    fits = source[i].second.size() == target[i].second.size();
  }
  if (!fits) {
    throw ValueError("[fully_convolutional] needs a network built of '" + classifier.pattern() +
                     "', got one with other parameters");
  }
  for (std::size_t i = 0; i < source.size(); ++i) {
    const Array<double> numbers = source[i].second.value();
    target[i].second.set_value(ArrayRef(numbers.data(), target[i].second.shape()));
  }
  twin.train(trained.is_training());
  return twin;
}

Var shifted_scores(Module& twin, const Architecture& classifier, const Var& images,
                   HeightWidth step) {
  const HeightWidth stride = stride_of(classifier);
  if (step.height < 1 || step.width < 1 || stride.height % step.height != 0 ||
      stride.width % step.width != 0) {
    throw ValueError("[shifted_scores] needs a step that divides the classifier's stride, " +
                     std::to_string(stride.height) + "×" + std::to_string(stride.width) + ", got " +
                     std::to_string(step.height) + "×" + std::to_string(step.width));
  }
  const HeightWidth image = ops::image_size(images.shape(), "shifted_scores");
  const HeightWidth window{classifier.input()[1], classifier.input()[2]};
  const HeightWidth positions{positions_from(0, image.height, window.height, step.height),
                              positions_from(0, image.width, window.width, step.width)};
  if (positions.height == 0 || positions.width == 0) {
    throw ShapeError("[shifted_scores] needs images at least as large as the classifier's, " +
                     to_string(classifier.input()) + ", got " + to_string(images.shape()));
  }
  Var scores;
  for (std::int64_t top = 0; top < stride.height; top += step.height) {
    const std::int64_t rows = positions_from(top, image.height, window.height, stride.height);
    for (std::int64_t left = 0; left < stride.width; left += step.width) {
      const std::int64_t columns = positions_from(left, image.width, window.width, stride.width);
      if (rows == 0 || columns == 0) continue;
      // No pixel more than the windows need, so that strides divide what is left.
      const std::int64_t bottom = top + window.height + (rows - 1) * stride.height;
      const std::int64_t right = left + window.width + (columns - 1) * stride.width;
      const Var part = twin(slice(slice(images, {2, top, bottom}), {3, left, right}));
      const Var spread = slice_scatter(
          slice_scatter(part,
                        {2, top / step.height, positions.height, stride.height / step.height}),
          {3, left / step.width, positions.width, stride.width / step.width});
      scores = scores.valid() ? scores + spread : spread;
    }
  }
  return scores;
}

}  // namespace tapegrad::nn
