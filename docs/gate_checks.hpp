#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

// What the list-driven suite says of each gate: the tests themselves are run (tests/ops), so that a
// page cannot claim what does not hold.

namespace tapegrad::docs {

/// One check of one gate.
struct Check {
  std::string name;  ///< In words.
  int passed = 0;    ///< The number of its cases that passed.
  int skipped = 0;   ///< The number of those that could not be tried.
};

/// `FloatFollowsDouble` as words.
inline std::string in_words(const std::string& name) {
  std::string words;
  for (const char letter : name) {
    const bool starts = std::isupper(static_cast<unsigned char>(letter)) != 0;
    if (starts && !words.empty()) words += ' ';
    words += static_cast<char>(words.empty() ? letter
                                             : std::tolower(static_cast<unsigned char>(letter)));
  }
  return words;
}

/// Gathers the results of the list-driven suites by gate, and names what fails.
class GateChecks : public ::testing::EmptyTestEventListener {
 public:
  /// The checks of a gate in the order of the suites.
  const std::vector<Check>& of(const std::string& gate) { return checks_[gate]; }
  /// How many wrong gradient rules were tried in its place; all were noticed.
  int wrong_rules_of(const std::string& gate) { return wrong_rules_[gate]; }

 private:
  void OnTestEnd(const ::testing::TestInfo& test) override {
    // `Gates.FloatFollowsDouble/add_17`, of which the number counts cases, or `Mutants.add`.
    const std::string name = test.name();
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) {
      wrong_rules_[name] = wrong_rules(test);
      if (test.result()->Failed()) report(name, "Wrong gradient rules are noticed");
    } else {
      const std::string gate = name.substr(slash + 1, name.rfind('_') - slash - 1);
      count(gate, in_words(name.substr(0, slash)), test);
    }
  }

  void count(const std::string& gate, const std::string& name, const ::testing::TestInfo& test) {
    std::vector<Check>& checks = checks_[gate];
    auto check = std::find_if(checks.begin(), checks.end(),
                              [&](const Check& known) { return known.name == name; });
    if (check == checks.end()) check = checks.insert(check, Check{name});
    if (test.result()->Failed()) report(gate, name);
    if (test.result()->Passed()) ++check->passed;
    if (test.result()->Skipped()) ++check->skipped;
  }

  /// Once for each check; the tests themselves tell the cases.
  void report(const std::string& gate, const std::string& check) {
    if (reported_.insert(gate + check).second) fmt::print(stderr, "{} fails: {}\n", gate, check);
  }

  /// What <tapegrad/autograd/testing/detail/wrong_rules.hpp> has written down.
  static int wrong_rules(const ::testing::TestInfo& test) {
    for (int i = 0; i < test.result()->test_property_count(); ++i) {
      const ::testing::TestProperty& property = test.result()->GetTestProperty(i);
      if (std::string(property.key()) == "wrong_rules") return std::stoi(property.value());
    }
    return 0;
  }

  std::map<std::string, std::vector<Check>> checks_;
  std::map<std::string, int> wrong_rules_;
  std::set<std::string> reported_;
};

}  // namespace tapegrad::docs
