# The list of gates, ops/gates.txt, and the header <tapegrad/ops/list.hpp> made from it.
#
# gates.txt holds one snake_case name per line; blank lines and what follows a # are ignored. The gate
# `softmax_cross_entropy` is the struct `tapegrad::ops::SoftmaxCrossEntropy` in the header
# ops/softmax_cross_entropy.hpp.

# tapegrad_gate_list(<gates.txt> <template> <output>) writes <output> from <template>, whose
# @TAPEGRAD_GATE_INCLUDES@ and @TAPEGRAD_GATE_ENTRIES@ it fills in.
function(tapegrad_gate_list gates_file template output)
  if(NOT EXISTS "${gates_file}")
    message(FATAL_ERROR "The list of gates is missing: ${gates_file} (one gate name per line)")
  endif()
  # A changed list makes ninja configure again.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${gates_file}")
  cmake_path(GET gates_file PARENT_PATH folder)

  file(STRINGS "${gates_file}" lines)
  set(names "")
  set(includes "")
  set(entries "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "#.*$" "" line "${line}")
    string(STRIP "${line}" name)
    if(name STREQUAL "")
      continue()
    endif()
    if(NOT name MATCHES "^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
      message(FATAL_ERROR "${gates_file}: '${name}' is no gate name: "
                          "write one snake_case word per line, such as softmax_cross_entropy")
    endif()
    if(name IN_LIST names)
      message(FATAL_ERROR "${gates_file}: '${name}' is listed twice; remove one of the lines")
    endif()
    if(NOT EXISTS "${folder}/${name}.hpp")
      message(FATAL_ERROR "${gates_file} lists the gate '${name}', but its header ${folder}/${name}.hpp "
                          "does not exist; write the header or remove the line")
    endif()
    list(APPEND names "${name}")

    set(type "")
    string(REPLACE "_" ";" words "${name}")
    foreach(word IN LISTS words)
      string(SUBSTRING "${word}" 0 1 first)
      string(SUBSTRING "${word}" 1 -1 rest)
      string(TOUPPER "${first}" first)
      string(APPEND type "${first}${rest}")
    endforeach()
    string(APPEND entries " \\\n  GATE(${name}, ${type})")
  endforeach()
  if(NOT names)
    message(FATAL_ERROR "${gates_file} lists no gate")
  endif()

  # The order of the list is the order of the op-codes; includes are sorted, as in any other file.
  set(sorted ${names})
  list(SORT sorted)
  foreach(name IN LISTS sorted)
    string(APPEND includes "#include <tapegrad/ops/${name}.hpp>\n")
  endforeach()
  string(STRIP "${includes}" TAPEGRAD_GATE_INCLUDES)
  set(TAPEGRAD_GATE_ENTRIES "${entries}")
  # configure_file leaves an equal file untouched: nothing is compiled again without need.
  configure_file("${template}" "${output}" @ONLY)
endfunction()
