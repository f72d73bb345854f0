# Defines the target tapegrad_libzip when libzip is found. Used by our build and by the installed
# package alike.
#
# Not find_package(libzip): Debian's package names command line tools that another package holds, and
# fails without them.
if(NOT TARGET tapegrad_libzip)
  find_library(TAPEGRAD_LIBZIP_LIBRARY zip)
  find_path(TAPEGRAD_LIBZIP_INCLUDE_DIR zip.h)
  # Some systems keep the header that says how libzip was built apart from the others.
  find_path(TAPEGRAD_LIBZIP_CONFIG_DIR zipconf.h PATH_SUFFIXES libzip/include)
  mark_as_advanced(TAPEGRAD_LIBZIP_LIBRARY TAPEGRAD_LIBZIP_INCLUDE_DIR TAPEGRAD_LIBZIP_CONFIG_DIR)
  if(TAPEGRAD_LIBZIP_LIBRARY AND TAPEGRAD_LIBZIP_INCLUDE_DIR AND TAPEGRAD_LIBZIP_CONFIG_DIR)
    add_library(tapegrad_libzip UNKNOWN IMPORTED GLOBAL)
    set_target_properties(tapegrad_libzip PROPERTIES
      IMPORTED_LOCATION "${TAPEGRAD_LIBZIP_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES
        "${TAPEGRAD_LIBZIP_INCLUDE_DIR};${TAPEGRAD_LIBZIP_CONFIG_DIR}")
  endif()
endif()
