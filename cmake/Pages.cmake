# The HTML pages that the library writes. npm fetches the packages that they are made of (package.json)
# when this is configured; esbuild bundles each page at build time, and it becomes a string in the
# library. Without npm the string says what is missing, and so does the function that would need it.

set(pages_dir "${PROJECT_BINARY_DIR}/pages")
set(pages_missing "")

if(NOT TAPEGRAD_PAGES)
  set(pages_missing "TAPEGRAD_PAGES was off")
else()
  find_program(TAPEGRAD_NPM npm)
  find_program(TAPEGRAD_NODE NAMES node nodejs)
  mark_as_advanced(TAPEGRAD_NPM TAPEGRAD_NODE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS package-lock.json)
  if(NOT TAPEGRAD_NPM OR NOT TAPEGRAD_NODE)
    set(pages_missing "npm was not found")
  else()
    foreach(file package.json package-lock.json .npmrc)
      configure_file("${PROJECT_SOURCE_DIR}/${file}" "${pages_dir}/${file}" COPYONLY)
    endforeach()
    if("${pages_dir}/package-lock.json" IS_NEWER_THAN "${pages_dir}/installed")
      message(STATUS "npm: installing the packages of the HTML pages")
      # esbuild's binary is a package of its own: no installing script is needed. Where there is no
      # network, a few seconds shall show it.
      execute_process(COMMAND "${TAPEGRAD_NPM}" ci --ignore-scripts --prefer-offline --fetch-retries=1
          --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000
        WORKING_DIRECTORY "${pages_dir}" TIMEOUT 300 RESULT_VARIABLE status
        OUTPUT_VARIABLE said ERROR_VARIABLE said)
      if(status EQUAL 0)
        file(TOUCH "${pages_dir}/installed")
      else()
        set(pages_missing "npm could not install the packages of package.json")
        message(STATUS "npm ci failed:\n${said}")
      endif()
    endif()
  endif()
endif()
if(pages_missing)
  message(STATUS "HTML pages are left out: ${pages_missing}")
  file(REMOVE "${pages_dir}/installed")
endif()

# tapegrad_page(<target> <folder> <name>) compiles <folder>/<name>.html, with <name>.css and <name>.js
# inlined, into <target>, as the variable `<name>_page` of the type in autograd/detail/page.hpp. A page may
# import what lies beside other pages.
function(tapegrad_page target folder name)
  set(html "${pages_dir}/${name}.html")
  set(source "${pages_dir}/${name}_page.cpp")
  if(pages_missing)
    # Another file than the one that is bundled: it would pass for newer.
    set(html "${pages_dir}/${name}_missing.html")
    file(CONFIGURE OUTPUT "${html}" CONTENT "" @ONLY)
  else()
    file(GLOB parts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/*/page/*")
    add_custom_command(OUTPUT "${html}"
      COMMAND "${TAPEGRAD_NODE}" "${PROJECT_SOURCE_DIR}/cmake/bundle_page.mjs" "${folder}" ${name} "${html}"
      WORKING_DIRECTORY "${pages_dir}"
      DEPENDS ${parts} "${PROJECT_SOURCE_DIR}/cmake/bundle_page.mjs" "${pages_dir}/installed"
      COMMENT "Bundling ${name}.html" VERBATIM)
  endif()
  add_custom_command(OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" -D "NAME=${name}" -D "HTML=${html}" -D "MISSING=${pages_missing}"
      -D "SOURCE=${source}" -P "${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake"
    DEPENDS "${html}" "${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake" VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
