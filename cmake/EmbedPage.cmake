# Writes a page as a C++ string: cmake -D NAME= -D HTML= -D MISSING= -D SOURCE= -P EmbedPage.cmake
file(READ "${HTML}" html)
file(WRITE "${SOURCE}" "\
#include <tapegrad/autograd/detail/page.hpp>

namespace tapegrad::detail {

extern const Page ${NAME}_page;
const Page ${NAME}_page{R\"~~~~~~~~~~~~~~~(${html})~~~~~~~~~~~~~~~\", \"${MISSING}\"};

}  // namespace tapegrad::detail
")
