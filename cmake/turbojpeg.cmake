# Defines the target tapegrad_turbojpeg when libjpeg-turbo's TurboJPEG library is found. Used by our build
# and by the installed package alike.
#
# Not find_package(libjpeg-turbo): Debian's package names libjpeg's files too, which another package
# holds, and fails without them.
if(NOT TARGET tapegrad_turbojpeg)
  find_library(TAPEGRAD_TURBOJPEG_LIBRARY turbojpeg)
  find_path(TAPEGRAD_TURBOJPEG_INCLUDE_DIR turbojpeg.h)
  mark_as_advanced(TAPEGRAD_TURBOJPEG_LIBRARY TAPEGRAD_TURBOJPEG_INCLUDE_DIR)
  if(TAPEGRAD_TURBOJPEG_LIBRARY AND TAPEGRAD_TURBOJPEG_INCLUDE_DIR)
    add_library(tapegrad_turbojpeg UNKNOWN IMPORTED GLOBAL)
    set_target_properties(tapegrad_turbojpeg PROPERTIES
      IMPORTED_LOCATION "${TAPEGRAD_TURBOJPEG_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${TAPEGRAD_TURBOJPEG_INCLUDE_DIR}")
  endif()
endif()
