#include <tapegrad/nn/detail/batch.hpp>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/labels.hpp>

namespace tapegrad::detail {

Var reduced(const Var& losses, nn::Reduction reduction, Place place) {
  switch (reduction) {
    case nn::Reduction::mean:
      return mean(at(losses, place));
    case nn::Reduction::sum:
      return sum(at(losses, place));
    case nn::Reduction::none:
      break;
  }
  return losses;
}

Var as_rows(const Var& x, Place place) {
  const Shape shape = x.shape(place);
  if (shape.rank() == 0) return reshape(at(x, place), {1, 1});
  return reshape(at(x, place), {shape[0], Shape(shape.begin() + 1, shape.end()).size()});
}

const Array<double>& numbers_of(const Operand& x) {
  thread_local Array<double> numbers;
  switch (x.kind()) {
    case Operand::Kind::var:
      x.var().value_to(numbers, x.place());
      break;
    case Operand::Kind::number:
      numbers = Array<double>(x.number());
      break;
    case Operand::Kind::parameter:
      numbers = x.parameter().value();
      break;
    case Operand::Kind::array: {
      const ArrayRef array = x.array();
      const auto size = static_cast<std::size_t>(array.shape().size());
      if (numbers.size() != size) numbers.resize(std::vector<std::size_t>{size});
      array.copy_to(numbers.data());
      break;
    }
  }
  return numbers;
}

const Array<double>& checked_labels(const Shape& scores, const Operand& labels, const char* who,
                                    Place place) {
  return with_place(place, [&]() -> const Array<double>& {
    ops::check_rows_and_labels(scores, labels.shape(), who);
    const Array<double>& numbers = numbers_of(labels);
    ops::kernels::check_labels(numbers.data(), scores[0], scores[1], who);
    return numbers;
  });
}

}  // namespace tapegrad::detail
