# Defines the target tapegrad_openblas when OpenBLAS is found. Used by our build and by the installed
# package alike.
#
# Not find_package(BLAS): it finds any BLAS, and the first caller in a project decides which for all.
# We need OpenBLAS itself, for cblas_* and for its number of threads.
if(NOT TARGET tapegrad_openblas)
  find_library(TAPEGRAD_OPENBLAS_LIBRARY openblas)
  find_path(TAPEGRAD_OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas)
  mark_as_advanced(TAPEGRAD_OPENBLAS_LIBRARY TAPEGRAD_OPENBLAS_INCLUDE_DIR)
  if(TAPEGRAD_OPENBLAS_LIBRARY AND TAPEGRAD_OPENBLAS_INCLUDE_DIR)
    add_library(tapegrad_openblas UNKNOWN IMPORTED GLOBAL)
    set_target_properties(tapegrad_openblas PROPERTIES
      IMPORTED_LOCATION "${TAPEGRAD_OPENBLAS_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${TAPEGRAD_OPENBLAS_INCLUDE_DIR}")
  endif()
endif()
