# What Doxygen reads of a header; see docs/Doxyfile. Every line keeps its number, so that warnings name
# the right one.
#
# Each file counts as documented: Doxygen checks macros in such files alone.
#
# In the struct of a gate, what every gate has by NOTE [The form of a gate] (ops/rule.hpp) is left out,
# as are its constructors, which take the attributes: none of them needs words of its own, and the
# gate's page shows them as they stand. What remains, attributes and further members, must be
# documented like any public name.

# A macro that the file itself undefines is nobody else's: it goes, and the lines that use it.
BEGIN {
  while ((getline line < ARGV[1]) > 0) {
    if (split(line, word) == 2 && word[1] == "#undef") private[word[2]]
  }
}
defining { print ""; defining = /\\$/; next }
/^#define / && macro($2) { print ""; defining = /\\$/; next }
/^(#undef )?TAPEGRAD_/ && uses_a_macro() { print ""; next }

$0 == "#pragma once" { print "/** \\file */"; next }

# Doxygen finds no scope for these: what fmt prints stands in the guide.
/^struct fmt::formatter</ { fmt = 1 }
fmt { print ""; if (/^};/) fmt = 0; next }

/^struct [A-Za-z0-9]+ : (Pointwise<|Whole<|Reduction)/ { gate = $2; print; next }
gate == "" { print; next }
/^};/ { print_held(); gate = ""; print; next }

# Comments and template<...> belong to the member below them.
!dropping && /^  (\/\/|template <)/ { held[++holding] = $0; next }
!dropping && of_the_form() {
  for (; holding > 0; --holding) print ""
  dropping = 1
  open = 0
}
dropping {
  print ""
  open += gsub(/{/, "{") - gsub(/}/, "}")
  if (open == 0 && /[;}]$/) dropping = 0
  next
}
{ print_held(); print }

function macro(name) {
  sub(/\(.*/, "", name)
  return name in private
}

function uses_a_macro(   name) {
  for (name in private) {
    if (index($0, name)) return 1
  }
  return 0
}

function of_the_form() {
  return /^  [A-Za-z].*[ *&](shape|forward|gradient|branch|backward|samples|branches|view_offset)\(/ ||
         /^  static constexpr (Domain domain\[\]|bool constant_second) / ||
         /^  using Reduction::Reduction;/ ||
         $0 ~ "^  (constexpr |explicit )*" gate "\\("
}

function print_held(   i) {
  for (i = 1; i <= holding; ++i) print held[i]
  holding = 0
}
