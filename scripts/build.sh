# Configuring and building a preset.

# configure PRESET [CMAKE ARGUMENTS...]: starts over where the tree belongs to another folder.
configure() {
  local preset="$1" cache="build/$1/CMakeCache.txt"
  shift
  if [[ -f "$cache" ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
    rm -rf "build/$preset"
  fi
  cmake --preset "$preset" "$@"
}

# build_release ON|OFF [CMAKE ARGUMENTS...]: the release binary; ON builds the tests too. Both use one
# tree, so that what is compiled for the one is compiled for the other. On a terminal ninja itself
# shows its progress.
build_release() {
  local tests="$1"
  shift
  note "building build/release (2 to 3 minutes from nothing, seconds after a change)"
  run_quietly configure-release configure release "-DFLYWHEEL_TESTS=$tests" "$@"
  if [[ -t 1 ]]; then
    cmake --build build/release -j "$JOBS"
  else
    run_quietly build-release cmake --build build/release -j "$JOBS"
  fi
}
