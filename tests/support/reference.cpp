// Plain loops for whole-tensor gates: every element of the output is computed from the definition,
// by its index.

#include "support/reference.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

namespace tapegrad::testing {
namespace {

using Numbers = std::vector<double>;
using Index = std::vector<std::int64_t>;

/// An operand that is read by index.
struct Tensor {
  Shape shape;
  const Numbers* numbers;

  double at(const Index& index) const {
    std::int64_t offset = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      offset = offset * shape[axis] + index[static_cast<std::size_t>(axis)];
    }
    return (*numbers)[static_cast<std::size_t>(offset)];
  }
};

/// Calls f for each index of a shape, last axis fastest.
void for_each_index(const Shape& shape, const std::function<void(const Index&)>& f) {
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    Index index(static_cast<std::size_t>(shape.rank()));
    std::int64_t rest = i;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      index[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    f(index);
  }
}

struct Call {
  const GateCase& gate_case;
  std::vector<Tensor> x;
  Shape y;

  template <class G>
  const G& gate() const {
    return *static_cast<const G*>(gate_case.attributes.get());
  }
};

/// One element of the output from its index.
using Element = std::function<double(const Call&, const Index&)>;

std::int64_t front(std::int64_t axis, int rank) {
  return axis < 0 ? axis + rank : axis;
}

bool reduced(const Axes& axes, int axis, int rank) {
  if (axes.empty()) return true;
  for (const std::int64_t a : axes) {
    if (front(a, rank) == axis) return true;
  }
  return false;
}

/// The indices of x that a reduction merges into index `out` of its output.
std::vector<Index> group(const Shape& x, const Axes& axes, bool keepdims, const Index& out) {
  std::vector<Index> members;
  for_each_index(x, [&](const Index& index) {
    std::size_t o = 0;
    bool belongs = true;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool merged = reduced(axes, axis, x.rank());
      if (!merged) belongs = belongs && index[static_cast<std::size_t>(axis)] == out[o];
      if (!merged || keepdims) ++o;
    }
    if (belongs) members.push_back(index);
  });
  return members;
}

Index winner(const Tensor& x, const std::vector<Index>& members) {
  Index best = members.front();
  for (const Index& index : members) {
    if (x.at(index) > x.at(best)) best = index;
  }
  return best;
}

double flat(const Call& call, const Index& index) {
  const Tensor as_output{call.y, call.x[0].numbers};
  return as_output.at(index);
}

double broadcast_to(const Call& call, const Index& index) {
  const Shape& shape = call.x[0].shape;
  Index own;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto out_axis = static_cast<std::size_t>(axis + call.y.rank() - shape.rank());
    own.push_back(shape[axis] == 1 ? 0 : index[out_axis]);
  }
  return call.x[0].at(own);
}

double sum_to(const Call& call, const Index& index) {
  const Shape& from = call.x[0].shape;
  double total = 0;
  for_each_index(from, [&](const Index& member) {
    bool belongs = true;
    for (int axis = 0; axis < call.y.rank(); ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      const auto from_axis = static_cast<std::size_t>(axis + from.rank() - call.y.rank());
      belongs = belongs && (call.y[axis] == 1 || member[from_axis] == index[a]);
    }
    if (belongs) total += call.x[0].at(member);
  });
  return total;
}

double transpose(const Call& call, const Index& index) {
  const Axes& order = call.gate<ops::Transpose>().order;
  const int rank = call.y.rank();
  Index own(index.size());
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t from = order.empty() ? rank - 1 - axis : front(order[axis], rank);
    own[static_cast<std::size_t>(from)] = index[static_cast<std::size_t>(axis)];
  }
  return call.x[0].at(own);
}

double flip(const Call& call, Index index) {
  for (int axis = 0; axis < call.y.rank(); ++axis) {
    std::int64_t& i = index[static_cast<std::size_t>(axis)];
    if (reduced(call.gate<ops::Flip>().axes, axis, call.y.rank())) i = call.y[axis] - 1 - i;
  }
  return call.x[0].at(index);
}

double slice(const Call& call, Index index) {
  const auto& gate = call.gate<ops::Slice>();
  const Shape& from = call.x[0].shape;
  const auto axis = static_cast<std::size_t>(front(gate.axis, from.rank()));
  const std::int64_t size = from[static_cast<int>(axis)];
  index[axis] = index[axis] * gate.step + (gate.start < 0 ? gate.start + size : gate.start);
  return call.x[0].at(index);
}

double slice_scatter(const Call& call, Index index) {
  const auto& gate = call.gate<ops::SliceScatter>();
  const auto axis = static_cast<std::size_t>(front(gate.axis, call.y.rank()));
  const std::int64_t distance = index[axis] - gate.start;
  index[axis] = distance / gate.step;
  const bool inside = distance >= 0 && distance % gate.step == 0 &&
                      index[axis] < call.x[0].shape[static_cast<int>(axis)];
  return inside ? call.x[0].at(index) : 0.0;
}

double concat(const Call& call, Index index) {
  const auto axis = static_cast<std::size_t>(front(call.gate<ops::Concat>().axis, call.y.rank()));
  std::size_t k = 0;
  while (index[axis] >= call.x[k].shape[static_cast<int>(axis)]) {
    index[axis] -= call.x[k++].shape[static_cast<int>(axis)];
  }
  return call.x[k].at(index);
}

double sum(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Sum>();
  double total = 0;
  for (const Index& member : group(call.x[0].shape, gate.axes, gate.keepdims, index)) {
    total += call.x[0].at(member);
  }
  return total;
}

double mean(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Mean>();
  const std::vector<Index> members = group(call.x[0].shape, gate.axes, gate.keepdims, index);
  double total = 0;
  for (const Index& member : members) total += call.x[0].at(member);
  return total / static_cast<double>(members.size());
}

double cumsum(const Call& call, Index index) {
  const auto& gate = call.gate<ops::Cumsum>();
  const int axis = static_cast<int>(front(gate.axis, call.y.rank()));
  std::int64_t& i = index[static_cast<std::size_t>(axis)];
  double total = 0;
  for (; i >= 0 && i < call.y[axis]; i += gate.reverse ? 1 : -1) total += call.x[0].at(index);
  return total;
}

double prod(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Prod>();
  double product = 1;
  for (const Index& member : group(call.x[0].shape, gate.axes, gate.keepdims, index)) {
    product *= call.x[0].at(member);
  }
  return product;
}

/// The sum over all ways to give each direction, from `next` on, a member of its own: direction s
/// counts at its member, x at all the others but those that are `taken`.
double mixed(const Call& call, const std::vector<Index>& members, std::size_t next,
             std::vector<bool>& taken) {
  if (next == call.x.size()) {
    double product = 1;
    for (std::size_t j = 0; j < members.size(); ++j) {
      if (!taken[j]) product *= call.x[0].at(members[j]);
    }
    return product;
  }
  double total = 0;
  for (std::size_t j = 0; j < members.size(); ++j) {
    if (taken[j]) continue;
    taken[j] = true;
    total += call.x[next].at(members[j]) * mixed(call, members, next + 1, taken);
    taken[j] = false;
  }
  return total;
}

double prod_grad(const Call& call, const Index& index) {
  const Axes& axes = call.gate<ops::ProdGrad>().axes;
  Index out = index;
  for (int axis = 0; axis < call.y.rank(); ++axis) {
    if (reduced(axes, axis, call.y.rank())) out[static_cast<std::size_t>(axis)] = 0;
  }
  const std::vector<Index> members = group(call.y, axes, true, out);
  std::vector<bool> taken;
  for (const Index& member : members) taken.push_back(member == index);
  return mixed(call, members, 1, taken);
}

double norm(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Norm>();
  double total = 0;
  for (const Index& member : group(call.x[0].shape, gate.axes, gate.keepdims, index)) {
    total += call.x[0].at(member) * call.x[0].at(member);
  }
  return std::sqrt(total);
}

double logsumexp(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Logsumexp>();
  double total = 0;
  for (const Index& member : group(call.x[0].shape, gate.axes, gate.keepdims, index)) {
    total += std::exp(call.x[0].at(member));
  }
  return std::log(total);
}

double amin(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Amin>();
  double smallest = std::numeric_limits<double>::infinity();
  for (const Index& member : group(call.x[0].shape, gate.axes, gate.keepdims, index)) {
    smallest = std::min(smallest, call.x[0].at(member));
  }
  return smallest;
}

double amax(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Amax>();
  const Tensor& x = call.x[0];
  return x.at(winner(x, group(x.shape, gate.axes, gate.keepdims, index)));
}

double amax_take(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::AmaxTake>();
  const Tensor& x = call.x[0];
  return call.x[1].at(winner(x, group(x.shape, gate.axes, gate.keepdims, index)));
}

double amax_scatter(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::AmaxScatter>();
  const Tensor& x = call.x[0];
  double result = 0;
  std::size_t at = 0;
  Shape kept;
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    if (!reduced(gate.axes, axis, x.shape.rank())) kept.push_back(x.shape[axis]);
  }
  for_each_index(kept, [&](const Index& out) {
    if (winner(x, group(x.shape, gate.axes, false, out)) == index) {
      result += (*call.x[1].numbers)[at];
    }
    ++at;
  });
  return result;
}

double argmax(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Argmax>();
  const Tensor& x = call.x[0];
  const std::vector<Index> members = group(x.shape, gate.axes, gate.keepdims, index);
  const Index best = winner(x, members);
  return static_cast<double>(std::find(members.begin(), members.end(), best) - members.begin());
}

double gather(const Call& call, Index index) {
  const auto axis = static_cast<std::size_t>(front(call.gate<ops::Gather>().axis, call.y.rank()));
  index[axis] = static_cast<std::int64_t>(call.x[1].at(index));
  return call.x[0].at(index);
}

double scatter_add(const Call& call, const Index& index) {
  const auto axis =
      static_cast<std::size_t>(front(call.gate<ops::ScatterAdd>().axis, call.y.rank()));
  double total = 0;
  for_each_index(call.x[0].shape, [&](const Index& from) {
    Index to = from;
    to[axis] = static_cast<std::int64_t>(call.x[1].at(from));
    if (to == index) total += call.x[0].at(from);
  });
  return total;
}

/// The entry that an index of index_select's output, or of index_add's operand, stands for.
Index looked_up(const Tensor& indices, std::int64_t axis, const Index& index) {
  const auto first = index.begin() + axis;
  const Index position(first, first + indices.shape.rank());
  Index result(index.begin(), first);
  result.push_back(static_cast<std::int64_t>(indices.at(position)));
  result.insert(result.end(), first + indices.shape.rank(), index.end());
  return result;
}

double index_select(const Call& call, const Index& index) {
  const Tensor& x = call.x[0];
  const std::int64_t axis = front(call.gate<ops::IndexSelect>().axis, x.shape.rank());
  return x.at(looked_up(call.x[1], axis, index));
}

double index_add(const Call& call, const Index& index) {
  const std::int64_t axis = front(call.gate<ops::IndexAdd>().axis, call.y.rank());
  double total = 0;
  for_each_index(call.x[0].shape, [&](const Index& from) {
    if (looked_up(call.x[1], axis, from) == index) total += call.x[0].at(from);
  });
  return total;
}

double dot(const Call& call, const Index&) {
  double total = 0;
  for (std::int64_t i = 0; i < call.x[0].shape[0]; ++i) {
    total += call.x[0].at({i}) * call.x[1].at({i});
  }
  return total;
}

double pick(const Call& call, const Index& index) {
  return call.x[0].at({index[0], static_cast<std::int64_t>(call.x[1].at(index))});
}

double pick_scatter(const Call& call, const Index& index) {
  const bool here = static_cast<std::int64_t>(call.x[1].at({index[0]})) == index[1];
  return here ? call.x[0].at({index[0]}) : 0.0;
}

/// The index of element (row, column) of the matrix that a broadcast operand has at `index`.
Index matrix_element(const Shape& x, const Index& index, std::int64_t row, std::int64_t column) {
  Index own;
  for (int axis = 0; axis < x.rank() - 2; ++axis) {
    const std::size_t from = index.size() - static_cast<std::size_t>(x.rank() - axis);
    own.push_back(x[axis] == 1 ? 0 : index[from]);
  }
  own.push_back(row);
  own.push_back(column);
  return own;
}

double matmul(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Matmul>();
  const Tensor& a = call.x[0];
  const Tensor& b = call.x[1];
  const std::int64_t i = index[index.size() - 2];
  const std::int64_t j = index.back();
  double total = 0;
  for (std::int64_t p = 0; p < a.shape[a.shape.rank() - (gate.transpose_a ? 2 : 1)]; ++p) {
    total +=
        a.at(matrix_element(a.shape, index, gate.transpose_a ? p : i, gate.transpose_a ? i : p)) *
        b.at(matrix_element(b.shape, index, gate.transpose_b ? j : p, gate.transpose_b ? p : j));
  }
  return total;
}

double linear(const Call& call, const Index& index) {
  const std::int64_t unit = index.back();
  Index row = index;
  double total = call.x[2].at({unit});
  for (std::int64_t p = 0; p < call.x[1].shape[1]; ++p) {
    row.back() = p;
    total += call.x[0].at(row) * call.x[1].at({unit, p});
  }
  return total;
}

/// One product of a convolution: its index in the images, in the filters and in the output.
using Product = std::function<void(const Index&, const Index&, const Index&)>;

/// Calls f for each of them.
void for_each_product(const ops::Convolution& form, const Shape& x, const Shape& w, const Shape& y,
                      const Product& f) {
  for_each_index(w, [&](const Index& filter) {
    const std::int64_t group = filter[0] / (w[0] / form.groups);
    for_each_index({x[0], y[2], y[3]}, [&](const Index& place) {
      const std::int64_t row =
          place[1] * form.stride.height - form.padding.height + filter[2] * form.dilation.height;
      const std::int64_t column =
          place[2] * form.stride.width - form.padding.width + filter[3] * form.dilation.width;
      if (row < 0 || row >= x[2] || column < 0 || column >= x[3]) return;
      f({place[0], group * w[1] + filter[1], row, column}, filter,
        {place[0], filter[0], place[1], place[2]});
    });
  });
}

double convolved(const ops::Convolution& form, const Call& call, const Index& index) {
  double total = 0;
  for_each_product(form, call.x[0].shape, call.x[1].shape, call.y,
                   [&](const Index& x, const Index& w, const Index& y) {
                     if (y == index) total += call.x[0].at(x) * call.x[1].at(w);
                   });
  return total;
}

double conv2d(const Call& call, const Index& index) {
  return convolved(call.gate<ops::Conv2d>(), call, index);
}

double conv2d_bias(const Call& call, const Index& index) {
  return convolved(call.gate<ops::Conv2dBias>(), call, index) + call.x[2].at({index[1]});
}

double conv2d_input_grad(const Call& call, const Index& index) {
  double total = 0;
  for_each_product(call.gate<ops::Conv2dInputGrad>(), call.y, call.x[1].shape, call.x[0].shape,
                   [&](const Index& x, const Index& w, const Index& y) {
                     if (x == index) total += call.x[0].at(y) * call.x[1].at(w);
                   });
  return total;
}

double conv2d_weight_grad(const Call& call, const Index& index) {
  double total = 0;
  for_each_product(call.gate<ops::Conv2dWeightGrad>(), call.x[0].shape, call.y, call.x[1].shape,
                   [&](const Index& x, const Index& w, const Index& y) {
                     if (w == index) total += call.x[0].at(x) * call.x[1].at(y);
                   });
  return total;
}

/// Calls f(row, column in the image) for the entries of the window at an index of a pooling's
/// output that lie within the image.
void for_each_in_window(const ops::Pooling& form, const Shape& images, std::int64_t i,
                        std::int64_t j, const std::function<void(std::int64_t, std::int64_t)>& f) {
  for_each_index({form.window.height, form.window.width}, [&](const Index& entry) {
    const std::int64_t row = i * form.stride.height - form.padding.height + entry[0];
    const std::int64_t column = j * form.stride.width - form.padding.width + entry[1];
    if (row >= 0 && row < images[2] && column >= 0 && column < images[3]) f(row, column);
  });
}

double max_pool2d_index(const Call& call, const Index& index) {
  const Shape& images = call.x[0].shape;
  double best = -std::numeric_limits<double>::infinity(), position = -1;
  for_each_in_window(call.gate<ops::MaxPool2dIndex>(), images, index[2], index[3],
                     [&](std::int64_t row, std::int64_t column) {
                       const double number = call.x[0].at({index[0], index[1], row, column});
                       if (!(number > best)) return;
                       best = number;
                       position = static_cast<double>(row * images[3] + column);
                     });
  return position;
}

double max_pool2d_take(const Call& call, const Index& index) {
  const auto position = static_cast<std::int64_t>(call.x[1].at(index));
  const std::int64_t width = call.x[0].shape[3];
  return call.x[0].at({index[0], index[1], position / width, position % width});
}

double max_unpool2d(const Call& call, const Index& index) {
  double total = 0;
  for_each_index({call.x[0].shape[2], call.x[0].shape[3]}, [&](const Index& place) {
    const Index pooled{index[0], index[1], place[0], place[1]};
    const auto position = static_cast<std::int64_t>(call.x[1].at(pooled));
    if (position == index[2] * call.y[3] + index[3]) total += call.x[0].at(pooled);
  });
  return total;
}

double avg_pool2d(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::AvgPool2d>();
  double total = 0;
  for_each_in_window(gate, call.x[0].shape, index[2], index[3],
                     [&](std::int64_t row, std::int64_t column) {
                       total += call.x[0].at({index[0], index[1], row, column});
                     });
  return total / static_cast<double>(gate.window.height * gate.window.width);
}

double avg_pool2d_grad(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::AvgPool2dGrad>();
  double total = 0;
  for_each_index({call.x[0].shape[2], call.x[0].shape[3]}, [&](const Index& place) {
    for_each_in_window(gate, call.y, place[0], place[1],
                       [&](std::int64_t row, std::int64_t column) {
                         if (row != index[2] || column != index[3]) return;
                         total += call.x[0].at({index[0], index[1], place[0], place[1]});
                       });
  });
  return total / static_cast<double>(gate.window.height * gate.window.width);
}

/// Σ eˣ over the row (all but the last index) that `index` lies in.
double row_sum(const Tensor& x, Index index) {
  double total = 0;
  for (index.back() = 0; index.back() < x.shape.back(); ++index.back()) {
    total += std::exp(x.at(index));
  }
  return total;
}

/// Calls f(index) for all places of one channel in values of a shape (N, C, …).
void for_each_in_channel(const Shape& shape, std::int64_t channel,
                         const std::function<void(const Index&)>& f) {
  for_each_index({shape.begin(), shape.end()}, [&](const Index& index) {
    if (index[1] == channel) f(index);
  });
}

double channel_moments(const Call& call, const Index& index) {
  const Tensor& x = call.x[0];
  double sum = 0, squares = 0, count = 0;
  for_each_in_channel(x.shape, index[1], [&](const Index& place) {
    sum += x.at(place);
    ++count;
  });
  const double mean = sum / count;
  for_each_in_channel(x.shape, index[1], [&](const Index& place) {
    squares += (x.at(place) - mean) * (x.at(place) - mean);
  });
  return index[0] == 0 ? mean : squares / count;
}

double channel_affine(const Call& call, const Index& index) {
  const Index channel{index[1]};
  return (call.x[0].at(index) - call.x[1].at(channel)) * call.x[2].at(channel) +
         call.x[3].at(channel);
}

double channel_sums(const Call& call, const Index& index) {
  double total = 0;
  for_each_in_channel(call.x[0].shape, index[1], [&](const Index& place) {
    const double apart = call.x[1].at(place) - call.x[2].at({index[1]});
    total += call.x[0].at(place) * (index[0] == 0 ? 1.0 : apart);
  });
  return total;
}

double softmax(const Call& call, const Index& index) {
  return std::exp(call.x[0].at(index)) / row_sum(call.x[0], index);
}

double softmax_cross_entropy(const Call& call, const Index& index) {
  const auto label = static_cast<std::int64_t>(call.x[1].at(index));
  return std::log(row_sum(call.x[0], {index[0], 0})) - call.x[0].at({index[0], label});
}

double softmax_cross_entropy_grad(const Call& call, const Index& index) {
  const auto label = static_cast<std::int64_t>(call.x[1].at({index[0]}));
  const double p = softmax(call, index);
  return call.x[2].at({index[0]}) * (p - (label == index[1] ? 1.0 : 0.0));
}

double dropout_mask(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::DropoutMask>();
  std::int64_t flat_index = 0;
  for (int axis = 0; axis < call.y.rank(); ++axis) {
    flat_index = flat_index * call.y[axis] + index[static_cast<std::size_t>(axis)];
  }
  const double u = uniform_at(gate.seed, ops::DropoutMask::stream_tag | gate.stream,
                              static_cast<std::uint64_t>(flat_index));
  return u >= gate.drop ? 1.0 / (1.0 - gate.drop) : 0.0;
}

const std::map<std::string, Element>& references() {
  static const std::map<std::string, Element> table = {
      {"reshape", flat},
      {"broadcast_to", broadcast_to},
      {"sum_to", sum_to},
      {"transpose", transpose},
      {"flip", flip},
      {"slice", slice},
      {"slice_scatter", slice_scatter},
      {"concat", concat},
      {"sum", sum},
      {"mean", mean},
      {"cumsum", cumsum},
      {"prod", prod},
      {"prod_grad", prod_grad},
      {"norm", norm},
      {"logsumexp", logsumexp},
      {"amax", amax},
      {"amin", amin},
      {"amax_take", amax_take},
      {"amax_scatter", amax_scatter},
      {"argmax", argmax},
      {"gather", gather},
      {"scatter_add", scatter_add},
      {"index_select", index_select},
      {"index_add", index_add},
      {"pick", pick},
      {"pick_scatter", pick_scatter},
      {"matmul", matmul},
      {"linear", linear},
      {"conv2d", conv2d},
      {"conv2d_bias", conv2d_bias},
      {"conv2d_input_grad", conv2d_input_grad},
      {"conv2d_weight_grad", conv2d_weight_grad},
      {"max_pool2d_index", max_pool2d_index},
      {"max_pool2d_take", max_pool2d_take},
      {"max_unpool2d", max_unpool2d},
      {"avg_pool2d", avg_pool2d},
      {"avg_pool2d_grad", avg_pool2d_grad},
      {"channel_moments", channel_moments},
      {"channel_affine", channel_affine},
      {"channel_sums", channel_sums},
      {"dot", dot},
      {"softmax", softmax},
      {"softmax_cross_entropy", softmax_cross_entropy},
      {"softmax_cross_entropy_grad", softmax_cross_entropy_grad},
      {"dropout_mask", dropout_mask},
  };
  return table;
}

}  // namespace

bool reference_forward(const GateCase& gate_case, const std::vector<std::vector<double>>& x,
                       Array<double>& result) {
  const auto found = references().find(gate_case.table->name);
  if (found == references().end()) return false;
  Call call{gate_case, {}, Shape(result.shape().begin(), result.shape().end())};
  for (std::size_t k = 0; k < x.size(); ++k) call.x.push_back({gate_case.shapes[k], &x[k]});
  double* out = result.data();
  for_each_index(call.y, [&](const Index& index) { *out++ = found->second(call, index); });
  return true;
}

}  // namespace tapegrad::testing
