#include <tapegrad/nn/detail/random_mask.hpp>

#include <string>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::detail {

Var random_mask(const Var& x, const Shape& shape, double p, const char* who) {
  const Place place = Place::here();
  Block& block = live_block(x, who, place);
  Generator& generator = nn::default_generator();
  const std::uint64_t high = generator.next();
  const ops::DropoutMask gate(shape, p, high << 32 | generator.next());
  return record_vars(block, table_of<ops::DropoutMask>(), &gate, nullptr, 0, place);
}

void check_drop_probability(double p, const char* who) {
  if (!(p >= 0 && p < 1)) {
    throw ValueError(std::string("[") + who +
                     "] needs p, the probability to drop, from 0 to below 1, got " +
                     ops::number_text(p));
  }
}

}  // namespace tapegrad::detail
