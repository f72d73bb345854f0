#include <tapegrad/train/stateful.hpp>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::train {

namespace {

using optim::detail::Number;

/// Seed, stream and position, each as two numbers that a double can hold.
std::vector<Number> numbers_of(const GeneratorState& state) {
  constexpr double words = 0x1p32;
  std::vector<Number> numbers;
  for (const auto& [name, value] :
       {std::pair{"seed", state.seed}, std::pair{"stream", state.stream},
        std::pair{"position", state.position}}) {
    numbers.push_back(
        {std::string(name) + ".high", static_cast<double>(value >> 32), 0, words, true});
    numbers.push_back(
        {std::string(name) + ".low", static_cast<double>(value & 0xFFFFFFFFU), 0, words, true});
  }
  return numbers;
}

GeneratorState generator_state(const std::vector<double>& numbers) {
  const auto word = [&](std::size_t i) { return static_cast<std::uint64_t>(numbers[i]); };
  const auto value = [&](std::size_t i) { return word(i) << 32 | word(i + 1); };
  return {value(0), value(2), value(4)};
}

}  // namespace

Stateful::Stateful(std::string the_name, nn::Module& module)
    : Stateful(
          std::move(the_name), [&module] { return nn::state_dict(module); },
          [&module](const NamedParameters& state) { nn::load_state_dict(module, state); }) {}

Stateful::Stateful(std::string the_name, Generator& generator)
    : Stateful(
          std::move(the_name),
          [&generator] { return optim::detail::saved_state({}, numbers_of(generator.state())); },
          [&generator](const NamedParameters& state) {
            generator = Generator(generator_state(optim::detail::load_saved_state(
                "Generator", {}, numbers_of(generator.state()), state)));
          }) {}

}  // namespace tapegrad::train
