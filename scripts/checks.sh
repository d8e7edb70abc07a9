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

# run_ctest PRESET JOBS [CTEST ARGUMENTS...]: counts Catch2's test cases, not binaries.
run_ctest() {
  local preset="$1" jobs="$2" results="$PWD/build/$1/ctest.xml" status=0
  shift 2
  rm -f "$results"
  ctest --test-dir "build/$preset" --no-tests=error --output-on-failure -j "$jobs" --timeout 1800 \
    --test-output-size-passed 10000000 --test-output-size-failed 10000000 \
    --output-junit "$results" "$@" || status=$?
  python3 scripts/count_tests.py "$results" >"$COUNTS"
  return "$status"
}

test_release() {
  configure release -DFLYWHEEL_TESTS=ON
  cmake --build build/release -j "$JOBS"
  # The longest of them wait for brokers, processes and disks more than they compute.
  run_ctest release "$((JOBS + 1))"
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
  run_ctest "$preset" "$JOBS" -L core
}

# fuzz_one NAME SECONDS: runs a target from its three corpora: what it found before, what is kept in the
# repository, the seeds of write_seeds. What it says is in build/fuzz/NAME.log; NAME.reason is there when it
# failed.
fuzz_one() {
  local name="$1" seconds="$2" log="build/fuzz/$1.log" reason="build/fuzz/$1.reason" status=0
  mkdir -p "build/fuzz/corpus/$name" "build/fuzz/seeds/$name" "tests/fuzz/corpus/$name"
  rm -f "$reason"
  "build/fuzz/tests/fuzz/${name}_fuzz" "-seed=${FLYWHEEL_FUZZ_SEED:-1}" "-max_total_time=$seconds" -timeout=25 -rss_limit_mb=2048 \
    -print_final_stats=1 "-artifact_prefix=build/fuzz/$name-" \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" "build/fuzz/seeds/$name" >"$log" 2>&1 || status=$?
  ((status == 0)) && return
  {
    # What the target or a sanitizer said first, else the last word.
    grep -aE -m 1 'runtime error:|ERROR: ' -B 1 "$log" | grep -avE '^(#|--|[[:space:]]|NEW_FUNC)' || tail -n 1 "$log"
    grep -aoE 'Test unit written to .*' "$log" || true
    echo "status $status"
  } | tr '\n' ';' | cut -c 1-500 >"$reason"
}

# Of a target's log the end, without the progress and the dictionary, which hide what went wrong.
fuzz_log_end() {
  sed -E '/^#+ Recommended dictionary/,/^#+ End of recommended dictionary/d' "$1" |
    grep -avE '^(#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD|INITED)|[[:space:]]*NEW_FUNC|")' | tail -n 60
}

# Runs every fuzz target, tests/fuzz/<name>_fuzz.cc, two at a time, and all of them whatever one finds; counts
# targets. What they found stays in build/fuzz/corpus/, what a crash needs to be repeated in build/fuzz/.
run_fuzzers() {
  local seconds="${FLYWHEEL_FUZZ_SECONDS:-15}" at_once=$((JOBS < 2 ? 1 : 2))
  local source name names=() running=() failures=() passed=0 executed=0 pid
  for source in tests/fuzz/*_fuzz.cc; do
    [[ -f "$source" ]] && names+=("$(basename "$source" _fuzz.cc)")
  done
  if ((${#names[@]} == 0)); then
    echo "there is no fuzz target in tests/fuzz"
    return "$SKIP"
  fi
  configure fuzz
  cmake --build build/fuzz -j "$JOBS" --target write_seeds "${names[@]/%/_fuzz}"
  build/fuzz/tests/fuzz/write_seeds build/fuzz/seeds
  for name in "${names[@]}"; do
    if ((${#running[@]} == at_once)); then
      wait "${running[0]}" || true
      running=("${running[@]:1}")
    fi
    echo "fuzzing $name for $seconds s"
    fuzz_one "$name" "$seconds" &
    running+=($!)
  done
  for pid in "${running[@]}"; do wait "$pid" || true; done

  for name in "${names[@]}"; do
    executed=$((executed + $(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "build/fuzz/$name.log" | tail -n 1 | grep . || echo 0)))
    if [[ ! -f "build/fuzz/$name.reason" ]]; then
      passed=$((passed + 1))
      continue
    fi
    failures+=("$name")
    printf '\n%s failed; the end of build/fuzz/%s.log:\n' "$name" "$name"
    fuzz_log_end "build/fuzz/$name.log"
  done
  # The last lines, since they are what is seen of a step that failed.
  printf '\n%d executions; %d targets passed, %d failed\n' "$executed" "$passed" "${#failures[@]}"
  for name in "${failures[@]}"; do printf 'FAILED %s: %s\n' "$name" "$(cat "build/fuzz/$name.reason")"; done
  echo "$passed ${#failures[@]}" >"$COUNTS"
  ((${#failures[@]} == 0))
}

check_tidy() {
  configure asan
  cmake --build build/asan -j "$JOBS" --target flywheel_proto
  python3 scripts/tidy.py build/asan --jobs "$JOBS" --counts "$COUNTS"
}
