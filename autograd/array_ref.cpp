#include <tapegrad/autograd/array_ref.hpp>

#include <tapegrad/ops/error.hpp>

namespace tapegrad {

ArrayRef::ArrayRef(std::initializer_list<std::initializer_list<double>> rows)
    : source_(rows.begin()), copy_(&copy_rows), shape_{static_cast<std::int64_t>(rows.size())} {
  if (rows.size() == 0) return;
  const std::size_t columns = rows.begin()->size();
  for (const auto& row : rows) {
    if (row.size() == columns) continue;
    throw ShapeError("[array] needs rows of one length, got rows of " + std::to_string(columns) +
                     " and " + std::to_string(row.size()) + " numbers");
  }
  shape_.push_back(static_cast<std::int64_t>(columns));
}

void ArrayRef::copy_rows(const ArrayRef& self, void* target, Precision precision) {
  const auto* row = static_cast<const std::initializer_list<double>*>(self.source_);
  with_precision(precision, [&](auto type) {
    using T = decltype(type);
    T* to = static_cast<T*>(target);
    for (std::int64_t i = 0; i < self.shape_[0]; ++i, ++row) {
      for (const double number : *row) *to++ = static_cast<T>(number);
    }
  });
}

}  // namespace tapegrad
