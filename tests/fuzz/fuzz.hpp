#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/ops/array.hpp>

/// What a reader's harness consists of. main.cpp feeds it.
namespace tapegrad::fuzz {

/// Good inputs, from which bad ones are made.
std::vector<std::string> seeds();

/// Reads an input and checks what came of it. May throw FileError: that is how readers refuse.
void try_input(std::string_view input);

/// Ends the program, for libFuzzer to report the input, unless `holds`.
void check(bool holds, const char* what);

/// A file in memory with this content. Its path serves until the next call.
std::string path_of(const std::string& content);

/// All numbers are from 0 to 1.
bool are_pixels(const Array<float>& numbers);

/// The same names, shapes, precisions and bits, in the same order.
bool same_bits(const NamedParameters& a, const NamedParameters& b);

/// A set with both precisions, a scalar, an array of no elements and numbers that are not finite.
NamedParameters sample_set();

}  // namespace tapegrad::fuzz
