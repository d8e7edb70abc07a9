# `flywheel.sh test` and `flywheel.sh lint`: every test and check, each a step.

source scripts/kafka.sh
source scripts/publishers.sh
source scripts/check_kafka.sh

run_tests() {
  STEPS=16
  install_packages test
  step "buf" install_buf
  step "schemas: buf lint" schemas_lint
  step "schemas: no breaking change" schemas_breaking
  step "formatting" check_format
  step "Apache Kafka" kafka_install
  step "Apache Kafka: up, status, down" check_local_kafka
  step "release: build and test" test_release
  step "publishers in Java and Python" install_publishers
  step "events from Java, Python and kcat" check_publishers
  step "SASL SCRAM by a new librdkafka" check_scram
  step "AsyncAPI's parser and ajv" install_bundle_tools
  step "schemas: the exported bundle" check_bundle
  step "core under address and undefined behaviour sanitizers" test_core asan
  step "core under the thread sanitizer" test_core tsan
  step "fuzzing" run_fuzzers
  step "clang-tidy" check_tidy
  summary
}

run_lint() {
  STEPS=5
  install_packages test
  step "buf" install_buf
  step "schemas: buf lint" schemas_lint
  step "schemas: no breaking change" schemas_breaking
  step "formatting" check_format
  step "clang-tidy" check_tidy
  summary
}

schemas_lint() { "$BUF" lint; }

# Compares the schemas with those of the previous commit: HEAD where they have been edited since,
# else the commit before it.
schemas_breaking() {
  local against="${BUF_AGAINST:-}" before
  if ! git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
    echo "this folder is no git clone with a commit, there is nothing to compare with"
    return "$SKIP"
  fi
  if [[ -z "$against" ]]; then
    against=HEAD
    [[ -z "$(git status --porcelain -- schemas)" ]] && against=HEAD~1
  fi
  if ! git cat-file -e "$against:schemas/flywheel" 2>/dev/null; then
    echo "there are no schemas in the previous commit ($against)"
    return "$SKIP"
  fi
  before="$(mktemp -d)"
  git archive "$against" schemas buf.yaml | tar -x -C "$before"
  local status=0
  "$BUF" breaking --against "$before" || status=$?
  rm -rf "$before"
  return "$status"
}

# The exported AsyncAPI document and JSON Schema: valid, and the schema says of events what intake says. Needs
# the release build.
check_bundle() {
  local work status=0
  work="$(mktemp -d)"
  node scripts/check_bundle.mjs build/release/flywheel "$BUNDLE_TOOLS" "$work" >"$work/out" || status=$?
  cat "$work/out"
  tail -n 1 "$work/out" | grep -xE '[0-9]+ [0-9]+' >"$COUNTS" || true
  rm -rf "$work"
  return "$status"
}

# The files of ours that clang-format and clang-tidy look at.
sources_of_ours() { find "$@" \( -name '*.cc' -o -name '*.h' \) -type f -print0 | sort -z; }

check_format() {
  local folders=(src tests)
  [[ -d bench ]] && folders+=(bench)
  sources_of_ours "${folders[@]}" | xargs -0 clang-format-19 --dry-run --Werror
}

# The sanitizers make the property tests several times slower; under them every test that asks
# tests/effort.h does less of the same.
short_effort() {
  export FLYWHEEL_TEST_EFFORT=short
  export RC_PARAMS="${RC_PARAMS:-max_success=20}"
}

# run_ctest PRESET [CTEST ARGUMENTS...]: counts Catch2's test cases, not binaries.
run_ctest() {
  local preset="$1" results="$PWD/build/$1/ctest.xml" status=0
  shift
  rm -f "$results"
  ctest --test-dir "build/$preset" --no-tests=error --output-on-failure -j "$JOBS" --timeout 1800 \
    --test-output-size-passed 10000000 --test-output-size-failed 10000000 \
    --output-junit "$results" "$@" || status=$?
  python3 scripts/count_tests.py "$results" >"$COUNTS"
  return "$status"
}

test_release() {
  configure release -DFLYWHEEL_TESTS=ON
  cmake --build build/release -j "$JOBS"
  run_ctest release
}

test_core() {
  local preset="$1"
  short_effort
  export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
  export UBSAN_OPTIONS="print_stacktrace=1"
  export ASAN_SYMBOLIZER_PATH="${ASAN_SYMBOLIZER_PATH:-$(command -v llvm-symbolizer-19)}"
  export TSAN_SYMBOLIZER_PATH="$ASAN_SYMBOLIZER_PATH"
  configure "$preset"
  cmake --build "build/$preset" -j "$JOBS" --target core_tests
  run_ctest "$preset" -L core
}

# Runs every fuzz target, tests/fuzz/<name>_fuzz.cc, from the seeds that write_seeds makes; counts
# targets. What it found stays in build/fuzz/corpus/, what a crash needs to be repeated in build/fuzz/.
run_fuzzers() {
  local seconds="${FLYWHEEL_FUZZ_SECONDS:-30}" source target name targets=() passed=0 failed=0
  for source in tests/fuzz/*_fuzz.cc; do
    [[ -f "$source" ]] && targets+=("$(basename "$source" .cc)")
  done
  if ((${#targets[@]} == 0)); then
    echo "there is no fuzz target in tests/fuzz"
    return "$SKIP"
  fi
  configure fuzz
  cmake --build build/fuzz -j "$JOBS" --target write_seeds "${targets[@]}"
  build/fuzz/tests/fuzz/write_seeds build/fuzz/seeds
  for target in "${targets[@]}"; do
    name="${target%_fuzz}"
    mkdir -p "build/fuzz/corpus/$name" "build/fuzz/seeds/$name"
    echo "fuzzing $name for $seconds s"
    if "build/fuzz/tests/fuzz/$target" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 \
      -print_final_stats=1 "-artifact_prefix=build/fuzz/$name-" \
      "build/fuzz/corpus/$name" "build/fuzz/seeds/$name"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
    fi
  done
  echo "$passed $failed" >"$COUNTS"
  ((failed == 0))
}

check_tidy() {
  configure asan
  cmake --build build/asan -j "$JOBS" --target flywheel_proto
  python3 scripts/tidy.py build/asan --jobs "$JOBS" --counts "$COUNTS"
}
