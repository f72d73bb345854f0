// Plain loops for whole-tensor gates: every element of the output is computed from the definition,
// by its index.

#include "support/reference.hpp"

#include <cmath>
#include <functional>
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

double slice(const Call& call, Index index) {
  const auto& gate = call.gate<ops::Slice>();
  const Shape& from = call.x[0].shape;
  const auto axis = static_cast<std::size_t>(front(gate.axis, from.rank()));
  const std::int64_t size = from[static_cast<int>(axis)];
  index[axis] += gate.start < 0 ? gate.start + size : gate.start;
  return call.x[0].at(index);
}

double slice_scatter(const Call& call, Index index) {
  const auto& gate = call.gate<ops::SliceScatter>();
  const auto axis = static_cast<std::size_t>(front(gate.axis, call.y.rank()));
  index[axis] -= gate.start;
  const bool inside = index[axis] >= 0 && index[axis] < call.x[0].shape[static_cast<int>(axis)];
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

double pick(const Call& call, const Index& index) {
  return call.x[0].at({index[0], static_cast<std::int64_t>(call.x[1].at(index))});
}

double pick_scatter(const Call& call, const Index& index) {
  const bool here = static_cast<std::int64_t>(call.x[1].at({index[0]})) == index[1];
  return here ? call.x[0].at({index[0]}) : 0.0;
}

double matmul(const Call& call, const Index& index) {
  const auto& gate = call.gate<ops::Matmul>();
  const std::int64_t inner = call.x[0].shape[gate.transpose_a ? 0 : 1];
  double total = 0;
  for (std::int64_t p = 0; p < inner; ++p) {
    const double a = gate.transpose_a ? call.x[0].at({p, index[0]}) : call.x[0].at({index[0], p});
    const double b = gate.transpose_b ? call.x[1].at({index[1], p}) : call.x[1].at({p, index[1]});
    total += a * b;
  }
  return total;
}

/// Σ eˣ over the row (all but the last index) that `index` lies in.
double row_sum(const Tensor& x, Index index) {
  double total = 0;
  for (index.back() = 0; index.back() < x.shape.back(); ++index.back()) {
    total += std::exp(x.at(index));
  }
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
      {"slice", slice},
      {"slice_scatter", slice_scatter},
      {"concat", concat},
      {"sum", sum},
      {"amax", amax},
      {"amax_take", amax_take},
      {"amax_scatter", amax_scatter},
      {"pick", pick},
      {"pick_scatter", pick_scatter},
      {"matmul", matmul},
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
