#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::train {

/// Something whose state belongs into a checkpoint, with the name under which it lies there. It is
/// referred to and must live as long.
///
///     train::Stateful("schedule", schedule)    // state_dict() and load_state_dict() of its own
struct Stateful {
  std::string name;  ///< Not empty and without a dot.
  /// Its state as it is now.
  std::function<NamedParameters()> state_dict;
  /// Takes such a state back, or throws Error and stays what it is.
  std::function<void(const NamedParameters&)> load_state_dict;

  /// An optimizer, a schedule, a moving average: whatever has `state_dict` and `load_state_dict`.
  template <class T, class = std::enable_if_t<!std::is_base_of_v<nn::Module, T>>>
  Stateful(std::string the_name, T& object)
      : name(std::move(the_name)),
        state_dict([&object] { return object.state_dict(); }),
        load_state_dict(
            [&object](const NamedParameters& state) { object.load_state_dict(state); }) {}
  /// A module: its parameters and buffers.
  Stateful(std::string the_name, nn::Module& module);
  /// A source of random numbers: where it stands.
  Stateful(std::string the_name, Generator& generator);
  /// Anything, by two functions.
  Stateful(std::string the_name, std::function<NamedParameters()> get,
           std::function<void(const NamedParameters&)> set)
      : name(std::move(the_name)), state_dict(std::move(get)), load_state_dict(std::move(set)) {}
};

}  // namespace tapegrad::train
