# Precompiled headers in a form that the compiler cache can use.

# flywheel_precompile(target HEADERS...): headers that most files of the target include anyway. Only headers from
# outside src/: one of ours in the list would recompile the whole target after each edit of it.
function(flywheel_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    # Else the header's time stands in it, and no object made elsewhere fits.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()
