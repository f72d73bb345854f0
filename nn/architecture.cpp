#include <tapegrad/nn/architecture.hpp>

#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include <tapegrad/autograd/detail/type_name.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/detail/pattern.hpp>
#include <tapegrad/nn/detail/random_mask.hpp>
#include <tapegrad/nn/dropconnect.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/flatten.hpp>
#include <tapegrad/nn/gaussian_noise.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/locally_connected2d.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/pooling.hpp>
#include <tapegrad/nn/prelu.hpp>

namespace tapegrad::nn {

namespace {

using detail::PatternWord;
using detail::WordReader;

/// Sums of so many stay far from the largest number of 64 bits, in bytes too.
constexpr std::int64_t most_numbers = std::int64_t{1} << 56;

/// A layer that makes `output` of `input` and will be built as Layer(arguments...).
template <class Layer, class... Arguments>
PlannedLayer plan(const Shape& input, const Shape& output, Arguments... arguments) {
  PlannedLayer layer;
  layer.kind = detail::type_name(typeid(Layer));
  layer.input = input;
  layer.output = output;
  layer.activations = checked_size(output, layer.kind.c_str());
  layer.append = [arguments...](Sequential& model) { model.add(Layer(arguments...)); };
  return layer;
}

/// Gives the layer one weight of a shape, and a bias for each of its units.
void add_parameters(PlannedLayer& layer, const Shape& weight, std::int64_t units,
                    const std::string& prefix = "") {
  for (const Shape& shape : {weight, Shape{units}}) checked_size(shape, layer.kind.c_str());
  layer.parameters = {{prefix + "weight", weight}, {prefix + "bias", {units}}};
}

/// The shape of one image as that of a batch with one sample.
Shape batch_of(const Shape& image) {
  if (image.rank() != 3) {
    throw ShapeError("[architecture] needs images (C, H, W) here, got " + to_string(image) +
                     "; put the layer before the first dense one");
  }
  return {1, image[0], image[1], image[2]};
}

Shape sample_of(const Shape& batch) {
  return {batch.begin() + 1, batch.end()};
}

// --- The words ------------------------------------------------------------------------------

/// What follows the name of a layer whose windows slide.
struct Slides {
  HeightWidth size = 1, stride = 1, padding = 0;
  std::int64_t filters = 0, dilation = 1, groups = 1;
  Fit fit = Fit::exact;
};

/// Reads what may follow a size, each thing once.
void read_slides(WordReader& word, const char* letters, Slides& slides,
                 std::optional<HeightWidth>& padding) {
  std::string_view allowed = letters;
  std::string seen;
  while (!word.done()) {
    char letter = 0;
    for (const char candidate : allowed) {
      const bool is_new = letter == 0 && seen.find(candidate) == std::string::npos;
      if (is_new && word.take(candidate)) letter = candidate;
    }
    switch (letter) {
      case '/':
        slides.stride = word.size();
        break;
      case 'p':
        padding = word.size(0);
        break;
      case 'd':
        slides.dilation = word.integer();
        break;
      case 'g':
        slides.groups = word.integer();
        break;
      case 'f':
        slides.fit = Fit::floor;
        break;
      default:
        throw WordReader::Malformed{};
    }
    seen += letter;
  }
}

/// `3-32/2p1`, where padding that is not written keeps the size of images if it can.
Slides read_filters(WordReader& word, const char* letters) {
  Slides slides;
  slides.size = word.size();
  word.expect('-');
  slides.filters = word.integer();
  std::optional<HeightWidth> padding;
  read_slides(word, letters, slides, padding);
  const bool odd = slides.size.height % 2 == 1 && slides.size.width % 2 == 1;
  const bool same = odd && slides.stride == HeightWidth(1);
  const HeightWidth kept{slides.dilation * (slides.size.height / 2),
                         slides.dilation * (slides.size.width / 2)};
  slides.padding = padding.value_or(same ? kept : HeightWidth(0));
  return slides;
}

PlannedLayer plan_conv(WordReader& word, const Shape& input) {
  const Slides s = read_filters(word, "/pdgf");
  const Shape images = batch_of(input);
  const Shape filters{s.filters, input[0] / s.groups, s.size.height, s.size.width};
  const ops::Convolution form({s.stride, s.padding, s.dilation, s.fit}, s.groups);
  const Shape output = sample_of(ops::output_shape(form.sizes(images, filters, "Conv2d")));
  const Conv2dOptions options{s.stride, s.padding, s.dilation, s.groups, true, s.fit};
  PlannedLayer layer = plan<Conv2d>(input, output, input[0], s.filters, s.size, options);
  add_parameters(layer, filters, s.filters);
  layer.neurons = layer.activations;
  layer.window = {s.size, s.stride, s.dilation};
  return layer;
}

PlannedLayer plan_local(WordReader& word, const Shape& input) {
  const Slides s = read_filters(word, "/pdf");
  const HeightWidth image = ops::image_size(batch_of(input), "LocallyConnected2d");
  const ops::Sliding form{s.stride, s.padding, s.dilation, s.fit};
  const HeightWidth positions = form.positions(image, s.size, "LocallyConnected2d");
  const Shape output{s.filters, positions.height, positions.width};
  const LocallyConnected2dOptions options{s.stride, s.padding, s.dilation, true, s.fit};
  PlannedLayer layer =
      plan<LocallyConnected2d>(input, output, input[0], s.filters, image, s.size, options);
  layer.neurons = layer.activations;
  add_parameters(layer, {layer.neurons, input[0], s.size.height, s.size.width}, layer.neurons);
  layer.window = {s.size, s.stride, s.dilation};
  return layer;
}

template <class Pool>
PlannedLayer plan_pool(WordReader& word, const Shape& input) {
  const Shape images = batch_of(input);
  Slides s;
  const bool whole = word.done();
  if (whole) {
    s.size = {input[1], input[2]};
  } else {
    s.size = word.size();
    s.stride = s.size;
    std::optional<HeightWidth> padding;
    read_slides(word, "/pf", s, padding);
    s.padding = padding.value_or(0);
  }
  const ops::Pooling form(s.size, s.stride, s.padding, s.fit);
  const std::string kind = detail::type_name(typeid(Pool));
  const Shape output = sample_of(ops::pooled_shape(images, form.sizes(images, kind.c_str())));
  PlannedLayer layer = plan<Pool>(input, output, s.size, s.stride, s.padding, s.fit);
  layer.window = {s.size, s.stride};
  if (whole) {
    layer.word = std::to_string(input[1]) + "x" + std::to_string(input[2]) + "/1";
  }
  return layer;
}

PlannedLayer plan_dense(WordReader& word, const Shape& input) {
  const std::int64_t out = word.integer();
  PlannedLayer layer = plan<Linear>(input, {out}, input[0], out);
  add_parameters(layer, {out, input[0]}, out);
  layer.neurons = out;
  return layer;
}

PlannedLayer plan_dropconnect(WordReader& word, const Shape& input) {
  const double p = word.number();
  word.expect('-');
  const std::int64_t out = word.integer();
  detail::check_drop_probability(p, "DropConnect");
  PlannedLayer layer = plan<DropConnect>(input, {out}, input[0], out, p);
  add_parameters(layer, {out, input[0]}, out);
  layer.neurons = out;
  return layer;
}

PlannedLayer plan_maxout(WordReader& word, const Shape& input) {
  const std::int64_t out = word.integer();
  const std::int64_t pieces = word.take('x') ? word.integer() : 2;
  PlannedLayer layer = plan<Maxout>(input, {out}, input[0], out, pieces);
  layer.neurons = out * pieces;
  add_parameters(layer, {layer.neurons, input[0]}, layer.neurons, "pieces.");
  layer.activations += layer.neurons;
  return layer;
}

template <class Layer>
PlannedLayer plan_plain(WordReader&, const Shape& input) {
  return plan<Layer>(input, input);
}

PlannedLayer plan_leaky_relu(WordReader& word, const Shape& input) {
  return plan<LeakyReLU>(input, input, word.done() ? 0.01 : word.number());
}

PlannedLayer plan_prelu(WordReader& word, const Shape& input) {
  const std::int64_t slopes = word.done() ? input[0] : word.integer();
  if (slopes != 1 && slopes != input[0]) throw WordReader::Malformed{};
  PlannedLayer layer = plan<PReLU>(input, input, slopes);
  layer.parameters = {{"weight", {slopes}}};
  return layer;
}

PlannedLayer plan_batch_norm(WordReader&, const Shape& input) {
  PlannedLayer layer = input.rank() == 3 ? plan<BatchNorm2d>(input, input, input[0])
                                         : plan<BatchNorm1d>(input, input, input[0]);
  add_parameters(layer, {input[0]}, input[0]);
  return layer;
}

PlannedLayer plan_dropout(WordReader& word, const Shape& input) {
  const double p = word.done() ? 0.5 : word.number();
  detail::check_drop_probability(p, "Dropout");
  return plan<Dropout>(input, input, p);
}

PlannedLayer plan_noise(WordReader& word, const Shape& input) {
  return plan<GaussianNoise>(input, input, word.number());
}

PlannedLayer plan_flatten(WordReader&, const Shape& input) {
  PlannedLayer layer = plan<Flatten>(input, {checked_size(input, "Flatten")});
  layer.activations = 0;  // The same numbers in another shape.
  return layer;
}

/// Each kind of word, how it is written, and what it means.
struct Kind {
  std::string_view name;
  const char* form;
  bool dense;  ///< Takes vectors, to which images are flattened.
  PlannedLayer (*plan)(WordReader&, const Shape& input);
};

constexpr std::array<Kind, 17> kinds{{
    {"conv", "size-filters as conv3-32, then /stride pPADDING dDILATION gGROUPS f", false,
     plan_conv},
    {"lc", "size-filters as lc3-32, then /stride pPADDING dDILATION f", false, plan_local},
    {"pool", "a size as pool2, then /stride pPADDING f", false, plan_pool<MaxPool2d>},
    {"avgpool", "a size as avgpool2, then /stride pPADDING f", false, plan_pool<AvgPool2d>},
    {"l2pool", "a size as l2pool2, then /stride pPADDING f", false, plan_pool<L2Pool2d>},
    {"fc", "outputs as fc128", true, plan_dense},
    {"maxout", "outputs as maxout128, or outputs and pieces as maxout128x3", true, plan_maxout},
    {"dropconnect", "p and outputs as dropconnect0.5-128", true, plan_dropconnect},
    {"bn", "nothing behind it", false, plan_batch_norm},
    {"relu", "nothing behind it", false, plan_plain<ReLU>},
    {"leakyrelu", "nothing or a slope as leakyrelu0.2", false, plan_leaky_relu},
    {"prelu", "nothing, for a slope per channel or unit, or prelu1 for one", false, plan_prelu},
    {"sigmoid", "nothing behind it", false, plan_plain<Sigmoid>},
    {"tanh", "nothing behind it", false, plan_plain<Tanh>},
    {"dropout", "nothing or the probability to drop as dropout0.3", false, plan_dropout},
    {"noise", "a standard deviation as noise0.1", false, plan_noise},
    {"flatten", "nothing behind it", false, plan_flatten},
}};

const Kind& kind_of(const PatternWord& word) {
  std::string known;
  for (const Kind& kind : kinds) {
    const std::string_view text = word.text;
    if (text.substr(0, kind.name.size()) == kind.name) {
      const std::string_view rest = text.substr(kind.name.size());
      const bool ends = rest.empty() || !std::isalpha(static_cast<unsigned char>(rest.front()));
      if (ends) return kind;
    }
    known += (known.empty() ? "" : " ") + std::string(kind.name);
  }
  throw ValueError("[architecture] needs words that begin with one of " + known + ", got '" +
                   word.text + "', word " + std::to_string(word.position));
}

/// The layer of a word, its errors told with the word.
PlannedLayer plan_word(const PatternWord& word, const Shape& input) {
  const Kind& kind = kind_of(word);
  const std::string which = "'" + word.text + "', word " + std::to_string(word.position);
  const auto within = [&](const Error& error) {
    const std::string text = error.what();
    const bool may_round = text.find("Fit::floor") != std::string::npos;
    return text + (may_round ? " (f in a pattern)" : "") + " (" + which + ", on " +
           to_string(input) + ")";
  };
  try {
    WordReader reader(std::string_view(word.text).substr(kind.name.size()));
    PlannedLayer layer = kind.plan(reader, input);
    if (!reader.done()) throw WordReader::Malformed{};
    // What a plan has written is a size that was left out.
    layer.word = layer.word.empty() ? word.text : std::string(kind.name) + layer.word;
    return layer;
  } catch (const WordReader::Malformed&) {
    throw ValueError("[architecture] needs after '" + std::string(kind.name) + "' " + kind.form +
                     ", got " + which);
  } catch (const ShapeError& error) {
    throw ShapeError(within(error));
  } catch (const ValueError& error) {
    throw ValueError(within(error));
  }
}

}  // namespace

Architecture::Architecture(const std::string& pattern, const Shape& input) : input_(input) {
  bool good = input.rank() == 1 || input.rank() == 3;
  for (const std::int64_t size : input) good = good && size >= 1;
  if (!good) {
    throw ShapeError(
        "[architecture] needs an input (C, H, W) or (D), sizes at least 1 and without "
        "the axis of samples, got " +
        to_string(input));
  }
  checked_size(input, "architecture");
  std::int64_t numbers = 0;
  const auto add = [&](const PatternWord& word) {
    PlannedLayer layer = plan_word(word, output());
    numbers += layer.activations;
    for (const auto& [name, shape] : layer.parameters) numbers += shape.size();
    if (numbers > most_numbers) {
      throw ShapeError(
          "[architecture] needs at most 2^56 parameters and activations in all, got more at '" +
          word.text + "', word " + std::to_string(word.position));
    }
    layers_.push_back(std::move(layer));
  };
  for (const PatternWord& word : detail::pattern_words(pattern)) {
    if (output().rank() == 3 && kind_of(word).dense) add({"flatten", word.position});
    add(word);
  }
}

const Shape& Architecture::output() const {
  return layers_.empty() ? input_ : layers_.back().output;
}

std::string Architecture::pattern() const {
  std::string text;
  for (const PlannedLayer& layer : layers_) text += (text.empty() ? "" : " ") + layer.word;
  return text;
}

Sequential Architecture::build() const {
  Sequential model;
  for (const PlannedLayer& layer : layers_) layer.append(model);
  return model;
}

std::string conv_net(const ConvNetSizes& sizes) {
  const auto check = [](std::int64_t number, std::int64_t least, const char* what) {
    if (number < least) {
      throw ValueError(std::string("[conv_net] needs ") + what + " of at least " +
                       std::to_string(least) + ", got " + std::to_string(number));
    }
    return std::to_string(number);
  };
  const std::string before = "[conv" + check(sizes.size, 1, "a size of filters") + "-";
  const std::string times = check(sizes.convolutions, 0, "a number of convolutions per block");
  const std::string after = " relu]*" + times + " ";
  std::string text;
  for (const std::int64_t filters : sizes.filters) {
    text += before;
    text += check(filters, 1, "filters");
    text += after;
    if (sizes.pool) text += "pool2 ";
  }
  for (const std::int64_t units : sizes.hidden) {
    text += "fc" + check(units, 1, "hidden units") + " relu ";
  }
  return text + "fc" + check(sizes.classes, 1, "classes");
}

}  // namespace tapegrad::nn
