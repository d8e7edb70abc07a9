# One precompiled header for the rooms and one for the tests, in a form that the compiler cache can use.
#
# Only headers from outside, and only what most files include anyway: a header of ours in the list would recompile
# everything after each edit of it. clang-tidy compiles src/ without them, so a missing #include is still found.

# flywheel_precompiled(name HEADERS...): a target that others take the header from.
function(flywheel_precompiled name)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${name}.cc CONTENT "")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/precompiled/${name}.cc)
  # The same warnings as in its users: -Wpedantic changes what is predefined.
  target_link_libraries(${name} PRIVATE flywheel_warnings)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  flywheel_cacheable(${name})
endfunction()

# flywheel_precompile(target FROM): compiles the target with FROM's header.
function(flywheel_precompile target from)
  target_precompile_headers(${target} REUSE_FROM ${from})
  flywheel_cacheable(${target})
endfunction()

# What ccache needs to know of a precompiled header and its users.
function(flywheel_cacheable target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    # Else the header's time stands in it, and no object made elsewhere fits.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()
