// Drawings of circuits (MISSION C10, B6); the page under real clicks is in tests/pages.

#include <tapegrad/autograd/draw.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>

#include <gtest/gtest.h>
#include <tapegrad/autograd/detail/circuit.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/gradient_ledger.hpp>
#include <tapegrad/autograd/scope.hpp>
#include <tapegrad/nn/functional.hpp>
#include <tapegrad/nn/mlp.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace tapegrad::testing {
namespace {

Var chain(Var x, int gates) {
  for (int i = 0; i < gates; ++i) x = tanh(x);
  return x;
}

std::string dot_of(const Tape& tape, std::size_t max_shown = 120) {
  DrawOptions options;
  options.max_shown = max_shown;
  return draw(tape, options).dot();
}

TEST(Draw, ValueAboveTheWireAndGradientBelow) {
  Tape tape;
  const Var x = tape.variable(3).name("x <&> y");
  const Var y = x * 0.5;
  y.backward();
  const std::string dot = dot_of(tape);
  const std::size_t gate = dot.find("g2 [");
  ASSERT_NE(gate, std::string::npos) << dot;
  const std::size_t value = dot.find("> 1.5 <", gate), gradient = dot.find("> 1 <", gate);
  EXPECT_LT(value, gradient);
  EXPECT_LT(gradient, dot.find('\n', gate));
  EXPECT_NE(dot.find(" × ", gate), std::string::npos);
  EXPECT_NE(dot.find(" x &lt;&amp;&gt; y "), std::string::npos);
  EXPECT_NE(dot.find("g0:e -> g2:w;"), std::string::npos);
  EXPECT_NE(dot.find("g1:e -> g2:w;"), std::string::npos);
  EXPECT_NE(dot.find("draw_test.cpp:"), std::string::npos);
}

TEST(Draw, NoGradientBeforeBackward) {
  Tape tape;
  const Var y = square(tape.variable(3));
  EXPECT_EQ(dot_of(tape).find("> 6 <"), std::string::npos);
  EXPECT_NE(dot_of(tape).find("color=\"#cf222e\">  <"), std::string::npos);
  y.backward();
  EXPECT_NE(dot_of(tape).find("> 6 <"), std::string::npos);
}

TEST(Draw, TensorsShowShapeAndSize) {
  Tape tape;
  const Var x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  slice(x, 0, 0, 1);
  const std::string dot = dot_of(tape);
  EXPECT_NE(dot.find("> (2, 3) rms 3.89 <"), std::string::npos) << dot;
  EXPECT_NE(dot.find("> (1, 3) [1 2 3] <"), std::string::npos) << dot;
}

TEST(Draw, ModulesAreBoxesAndParametersHaveTheirNames) {
  nn::Sequential model = nn::mlp({2, 5, 3});
  Tape tape;
  model(tape.data(array({1, 2}, {1, 2})));
  const std::string open = dot_of(tape);
  for (const char* box : {"Sequential", "0: Linear", "1: ReLU", "2: Linear"}) {
    EXPECT_EQ(count_of(open, std::string("label=\"") + box + "\""), 1U) << open;
  }
  EXPECT_EQ(count_of(open, " weight "), 2U);
  EXPECT_EQ(count_of(open, "subgraph"), count_of(open, "\n  }\n"));
  // The input, then the model in its three modules; each of them would show more.
  const std::string closed = dot_of(tape, 4);
  EXPECT_EQ(count_of(closed, "subgraph"), 1U) << closed;
  EXPECT_EQ(count_of(closed, "<b>0: Linear</b> <br/> 3 gates"), 1U);
  EXPECT_EQ(count_of(closed, "<b>1: ReLU</b> <br/> 1 gate "), 1U);
  EXPECT_EQ(count_of(closed, " -> "), 3U);
  // The wire of a closed box is that of the gate that leaves it.
  EXPECT_NE(closed.find("(1, 5) rms"), std::string::npos);
}

TEST(Draw, ReplayKeepsTheBoxes) {
  nn::Sequential model = nn::mlp({2, 5, 3});
  Tape tape;
  model(tape.data(array({1, 2}, {1, 2})));
  EXPECT_EQ(count_of(dot_of(tape.replay(f32)), "subgraph"), 4U);
}

TEST(Draw, ManyGatesAreCutIntoRuns) {
  Tape tape;
  chain(tape.variable(0.5), 9999);
  const std::string dot = dot_of(tape);
  // 10,000 gates in three levels of 22 each.
  EXPECT_EQ(count_of(dot, "tooltip"), 22U);
  EXPECT_EQ(count_of(dot, " -> "), 21U);
  EXPECT_NE(dot.find("<b>%0 … %453</b>"), std::string::npos) << dot;
  EXPECT_NE(dot.find("<b>%9545 … %9999</b>"), std::string::npos) << dot;
  // With room for one more level all runs are open, and each of theirs is closed.
  EXPECT_EQ(count_of(dot_of(tape, 500), "tooltip"), 22U * 22U);
  EXPECT_EQ(count_of(dot_of(tape, 10000), "tooltip"), 10000U);
}

TEST(Draw, ScopesThatAreOpenWhileDrawnOrWereTakenBack) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Scope outer(tape, "outer");
  square(x);
  EXPECT_ANY_THROW({
    const Scope inner(tape, "inner");
    square(matmul(x, x));
  });
  { const Scope empty(tape, "empty"); }
  const std::string dot = dot_of(tape);
  EXPECT_EQ(count_of(dot, "label=\"outer\""), 1U);
  EXPECT_EQ(count_of(dot, "label=\"empty\""), 0U);
  tape.reset();
  tape.variable(1);
  EXPECT_EQ(count_of(dot_of(tape), "subgraph"), 0U);
}

TEST(Draw, AScopeEndsNoLaterThanTheOneItBeganIn) {
  Tape tape;
  Var x = tape.variable(1);
  auto a = std::make_unique<Scope>(tape, "a");
  x = exp(x);
  auto b = std::make_unique<Scope>(tape, "b");
  x = exp(x);
  a.reset();
  x = exp(x);
  b.reset();
  x = exp(x);
  const std::string dot = dot_of(tape);
  // The variable, a with one gate and b with one more, then two outside of both.
  const std::size_t ends = dot.find("  }\n  }\n");
  ASSERT_NE(ends, std::string::npos) << dot;
  EXPECT_LT(dot.find("g2 ["), ends);
  EXPECT_GT(dot.find("g3 ["), ends);
  EXPECT_EQ(count_of(dot, "subgraph"), count_of(dot, "\n  }\n") + count_of(dot, "}\n  }\n") - 1);
}

TEST(Draw, ACopyMadeInAScopeHasItEnd) {
  Tape tape;
  const Var x = tape.variable(1);
  const Scope scope(tape, "scope");
  exp(x);
  Tape copy = tape.replay(f64);
  exp(copy.gate(1));
  const std::string dot = dot_of(copy);
  EXPECT_GT(dot.find("g2 ["), dot.find("\n  }\n")) << dot;
}

TEST(Draw, NamesOfAnyBytesAreText) {
  Tape tape;
  tape.variable(1).name("a\\N \"b\" \x01 \xff");
  const Scope scope(tape, "back\\");
  exp(tape.gate(0));
  DrawOptions options;
  options.title = std::string(60, 'x');
  const std::string dot = draw(tape, options).dot();
  EXPECT_NE(dot.find("> a\\N \"b\"   \xEF\xBF\xBD <"), std::string::npos) << dot;
  EXPECT_NE(dot.find("label=\"back\\\\\";"), std::string::npos) << dot;
  EXPECT_NE(dot.find("label=\"" + std::string(40, 'x') + "…\";"), std::string::npos) << dot;
}

TEST(Draw, AfterAStepItsNumbersWouldNotFitTogether) {
  Parameter w(2.0);
  Tape tape;
  const Var y = square(w * tape.variable(3));
  y.backward();
  w.set_value(1.0);
  expect_error<TapeError>([&] { draw(tape); }, {"[draw]", "before step()"});
  expect_error<TapeError>([&] { gradient_ledger(tape.gate(0)); }, {"[gradient_ledger]"});
  tape.replay();
  EXPECT_NE(dot_of(tape).find("> 9 <"), std::string::npos);
}

TEST(Draw, NumbersThatAreNotFiniteAreCounted) {
  Tape tape;
  const double inf = std::numeric_limits<double>::infinity();
  tape.variable({1, inf, 3, std::nan(""), 5});
  const detail::Circuit circuit = detail::read_circuit(tape.block(), "", 100, Place::here());
  EXPECT_EQ(circuit.gates[0].value.range, "min 1, mean 3, max 5; 2 of 5 not finite");
  Tape narrow(f32);
  narrow.variable(0.1);
  EXPECT_EQ(detail::read_circuit(narrow.block(), "", 100, Place::here()).gates[0].value.elements,
            "0.1");
}

TEST(Draw, SvgByGraphviz) {
  Tape tape;
  sigmoid(tape.variable(1).name("x")).backward();
  const Drawing drawing = draw(tape);
  if (std::system("dot -V >/dev/null 2>&1") != 0) {
    expect_error<Error>([&] { drawing.svg(); }, {"graphviz"});
    GTEST_SKIP() << "Graphviz is not installed (Debian: graphviz)";
  }
  const std::string svg = drawing.svg();
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_NE(svg.find("0.7311"), std::string::npos);
  EXPECT_NE(svg.find("#cf222e"), std::string::npos);
}

TEST(Draw, ThePageHoldsTheCircuitOrTheErrorSaysWhatIsMissing) {
  Tape tape;
  tape.variable(1).name("a </script> b");
  const Drawing drawing = draw(tape);
  std::string html;
  try {
    html = drawing.html();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("install npm"), std::string::npos) << error.what();
    return;
  }
  EXPECT_EQ(html.find("<!doctype html>"), 0U);
  EXPECT_NE(html.find("a \\u003c/script> b"), std::string::npos);
  EXPECT_EQ(count_of(html, "</script>"), 2U);
}

TEST(Draw, SavesWhatTheEndingSays) {
  Tape tape;
  tape.variable(1).name("x");
  const Drawing drawing = draw(tape);
  const TempFolder folder;
  drawing.save(folder.path("circuit.dot"));
  EXPECT_EQ(content_of(folder.path("circuit.dot")), drawing.dot());
  expect_error<ValueError>([&] { drawing.save(folder.path("circuit.png")); },
                           {"ends in .html, .svg, .dot or .gv", "circuit.png"});
  expect_error<FileError>([&] { drawing.save(folder.path("none/circuit.gv")); }, {"make it first"});
}

TEST(Draw, OutlivesItsTape) {
  Tape tape;
  tape.variable(1).name("x");
  const Drawing drawing = draw(tape);
  tape.reset();
  EXPECT_NE(drawing.dot().find(" x "), std::string::npos);
}

TEST(Draw, LeanTapesAreDrawnBeforeBackward) {
  Tape tape(lean);
  const Var y = sum(square(tape.variable({1, 2})));
  EXPECT_NE(dot_of(tape).find("square"), std::string::npos);
  y.backward();
  expect_error<TapeError>([&] { draw(tape); }, {"[draw]", "inspect mode"});
}

TEST(Draw, AnEmptyTape) {
  EXPECT_EQ(count_of(dot_of(Tape()), "tooltip"), 0U);
}

}  // namespace
}  // namespace tapegrad::testing
