#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tapegrad/ops/list.hpp>

namespace tapegrad::detail {

/// The op-code of every listed gate, of leaves, and one for all gates of users.
enum class Op : std::uint8_t {
  leaf,
#define TAPEGRAD_GATE(name, Type) name##_,
  TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
      custom
};

template <class G>
inline constexpr Op op_of = Op::custom;
#define TAPEGRAD_GATE(name, Type) \
  template <>                     \
  inline constexpr Op op_of<ops::Type> = Op::name##_;
TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE

template <class G, int k, class = void>
inline constexpr bool has_gradient_rule = false;
template <class G>
inline constexpr bool has_gradient_rule<
    G, 0,
    std::enable_if_t<G::arity == 1, std::void_t<decltype(std::declval<const G&>().gradient(
                                        ops::At<0>{}, 0.0, 0.0, 0.0))>>> = true;
template <class G, int k>
inline constexpr bool has_gradient_rule<
    G, k,
    std::enable_if_t<G::arity == 2, std::void_t<decltype(std::declval<const G&>().gradient(
                                        ops::At<k>{}, 0.0, 0.0, 0.0, 0.0))>>> = true;
template <class G, int k>
inline constexpr bool has_gradient_rule<
    G, k,
    std::enable_if_t<G::arity == 3, std::void_t<decltype(std::declval<const G&>().gradient(
                                        ops::At<k>{}, 0.0, 0.0, 0.0, 0.0, 0.0))>>> = true;

/// Whether G has a rule that does not say of which operand: nobody would call it.
template <class G, class = void>
inline constexpr bool has_rule_of_no_operand = false;
template <class G>
inline constexpr bool has_rule_of_no_operand<
    G, std::enable_if_t<G::arity == 1,
                        std::void_t<decltype(std::declval<const G&>().gradient(0.0, 0.0, 0.0))>>> =
    true;
template <class G>
inline constexpr bool has_rule_of_no_operand<
    G, std::enable_if_t<G::arity == 2, std::void_t<decltype(std::declval<const G&>().gradient(
                                           0.0, 0.0, 0.0, 0.0))>>> = true;
template <class G>
inline constexpr bool has_rule_of_no_operand<
    G, std::enable_if_t<G::arity == 3, std::void_t<decltype(std::declval<const G&>().gradient(
                                           0.0, 0.0, 0.0, 0.0, 0.0))>>> = true;

/// Bit k is set if the gate has a gradient in operand k.
template <class G>
constexpr unsigned differentiable_operands() {
  if constexpr (G::pointwise) {
    unsigned bits = has_gradient_rule<G, 0> ? 1U : 0U;
    if constexpr (G::arity > 1) bits |= has_gradient_rule<G, 1> ? 2U : 0U;
    if constexpr (G::arity > 2) bits |= has_gradient_rule<G, 2> ? 4U : 0U;
    return bits;
  } else {
    return G::differentiable;
  }
}

template <class G, class = void>
inline constexpr bool constant_goes_second = false;
template <class G>
inline constexpr bool constant_goes_second<G, std::void_t<decltype(G::constant_second)>> =
    G::constant_second;

template <class G, class = void>
inline constexpr bool may_be_view = false;
template <class G>
inline constexpr bool may_be_view<G, std::void_t<decltype(&G::view_offset)>> = true;

}  // namespace tapegrad::detail
