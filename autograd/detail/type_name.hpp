#pragma once

#include <string>
#include <typeinfo>

namespace tapegrad::detail {

/// A type's name without namespaces and template arguments: `Linear`.
std::string type_name(const std::type_info& type);

}  // namespace tapegrad::detail
