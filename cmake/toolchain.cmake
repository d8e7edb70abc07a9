# Warnings, the linker, the compiler cache and the sanitizers; nothing here is about one target.

find_program(FLYWHEEL_CCACHE ccache)
if(FLYWHEEL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FLYWHEEL_CCACHE})
endif()

find_program(FLYWHEEL_MOLD mold)
if(FLYWHEEL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Assertions stay on in release builds: they are FLYWHEEL_CHECK, not assert().
add_library(flywheel_warnings INTERFACE)
target_compile_options(flywheel_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely inside the standard library under -O2.
  target_compile_options(flywheel_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer
                         -Wno-stringop-overflow -Wno-array-bounds)
else()
  target_compile_options(flywheel_warnings INTERFACE -Wthread-safety)
endif()

if(FLYWHEEL_SANITIZE)
  add_compile_options(-fsanitize=${FLYWHEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FLYWHEEL_SANITIZE})
endif()
