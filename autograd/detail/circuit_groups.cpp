#include <tapegrad/autograd/detail/circuit.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/type_name.hpp>

namespace tapegrad::detail {

namespace {

constexpr std::size_t most_children = 40;

/// One child of a group.
struct Item {
  std::uint32_t first, end;
  CircuitGroup::Kind kind = CircuitGroup::Kind::tape;  ///< Of a group.
  std::size_t scope = no_scope;                        ///< Of a module or scope.

  static constexpr std::size_t no_scope = static_cast<std::size_t>(-1);
  bool is_gate() const { return kind == CircuitGroup::Kind::tape; }
};

std::string name_of(const ScopeRange& scope) {
  if (scope.type == nullptr) return printable(*scope.name);
  const std::string type = type_name(*scope.type);
  return scope.name == nullptr ? type : printable(*scope.name) + ": " + type;
}

/// `train.cpp:41–57`, or the first and the last place where files differ.
std::string lines_of(const Block& block, std::uint32_t first, std::uint32_t end) {
  Place from = block.place(first), to = from;
  for (std::uint32_t i = first; i < end; ++i) {
    const Place place = block.place(i);
    if (place.file != from.file) {
      return to_string(block.place(first)) + " … " + to_string(block.place(end - 1));
    }
    from.line = std::min(from.line, place.line);
    to.line = std::max(to.line, place.line);
  }
  return from.line == to.line ? to_string(from) : fmt::format("{}–{}", to_string(from), to.line);
}

/// The scopes that hold gates, each ending no later than the one that it began in.
std::vector<ScopeRange> filled_scopes(const Block& block) {
  std::vector<ScopeRange> scopes;
  std::vector<std::uint32_t> ends{block.size};
  for (ScopeRange scope : block.scopes) {
    while (ends.size() > 1 && ends.back() <= scope.first) ends.pop_back();
    scope.end = std::min(scope.end, ends.back());
    if (scope.first >= scope.end) continue;
    ends.push_back(scope.end);
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

/// What lies directly within a range: the scopes from position `next` on that begin in it, and the
/// gates between them.
std::vector<Item> items_within(const std::vector<ScopeRange>& scopes, std::size_t next,
                               std::uint32_t first, std::uint32_t end) {
  std::vector<Item> items;
  std::uint32_t gate = first;
  while (gate < end) {
    if (next == scopes.size() || scopes[next].first > gate) {
      items.push_back({gate, gate + 1});
      ++gate;
      continue;
    }
    const ScopeRange& scope = scopes[next];
    items.push_back({scope.first, scope.end,
                     scope.type == nullptr ? CircuitGroup::Kind::scope : CircuitGroup::Kind::module,
                     next});
    gate = scope.end;
    while (next < scopes.size() && scopes[next].first < gate) ++next;
  }
  return items;
}

/// Some of a group's items, as one box.
struct Run {
  Item item;
  std::vector<Item> items;
};

/// Cuts more items than a reader can look at into about as many runs as each of them, or the runs
/// within it, will have parts.
std::vector<Run> runs_of(const std::vector<Item>& items) {
  const auto size = static_cast<double>(items.size());
  const double depth = std::ceil(std::log(size) / std::log(most_children));
  const auto count = static_cast<std::size_t>(std::ceil(std::pow(size, 1 / depth)));
  std::vector<Run> runs;
  for (std::size_t r = 0; r < count; ++r) {
    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(items.size() * r / count);
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(items.size() * (r + 1) / count);
    runs.push_back({{begin->first, (end - 1)->end, CircuitGroup::Kind::run}, {begin, end}});
  }
  return runs;
}

/// Opens groups level by level, so that siblings look alike, while no more than `max_shown` things
/// are seen.
void open_outermost(std::vector<CircuitGroup>& groups, const std::vector<std::size_t>& children,
                    std::size_t max_shown) {
  std::size_t shown = 1;
  std::vector<std::size_t> level{0};
  while (!level.empty()) {
    std::size_t more = 0;
    for (const std::size_t g : level) more += children[g] - 1;
    if (level[0] != 0 && shown + more > max_shown) return;
    shown += more;
    for (const std::size_t g : level) groups[g].is_open = true;
    std::vector<std::size_t> next;
    for (std::size_t g = level.back() + 1; g < groups.size(); ++g) {
      if (std::binary_search(level.begin(), level.end(), groups[g].parent)) next.push_back(g);
    }
    level = std::move(next);
  }
}

}  // namespace

std::vector<CircuitGroup> circuit_groups(const Block& block, std::size_t max_shown) {
  const std::vector<ScopeRange> scopes = filled_scopes(block);
  std::vector<CircuitGroup> groups{{CircuitGroup::Kind::tape, "", "", 0, block.size, 0}};
  std::vector<std::vector<Item>> waiting{items_within(scopes, 0, 0, block.size)};
  std::vector<std::size_t> children;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::vector<Item> items = std::move(waiting[g]);
    std::vector<Run> parts;
    if (items.size() > most_children) {
      parts = runs_of(items);
    } else {
      for (const Item& item : items) parts.push_back({item, {}});
    }
    children.push_back(parts.size());
    for (Run& part : parts) {
      const Item& item = part.item;
      if (item.is_gate()) continue;
      const bool is_run = item.kind == CircuitGroup::Kind::run;
      groups.push_back({item.kind,
                        is_run ? fmt::format("%{} … %{}", item.first, item.end - 1)
                               : name_of(scopes[item.scope]),
                        lines_of(block, item.first, item.end), item.first, item.end,
                        static_cast<std::uint32_t>(g)});
      waiting.push_back(is_run ? std::move(part.items)
                               : items_within(scopes, item.scope + 1, item.first, item.end));
    }
  }
  open_outermost(groups, children, max_shown);
  return groups;
}

}  // namespace tapegrad::detail
