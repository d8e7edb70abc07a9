# What every command of flywheel.sh shares: messages, steps with progress, and cleaning up.
# Sourced with the repository as the working directory.

JOBS="${FLYWHEEL_JOBS:-$(nproc)}"
LOGS=build/logs

# A clone in another folder finds what this one has compiled.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$PWD}"
export CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros

note() { printf '%s\n' "$*"; }
die() {
  printf 'flywheel.sh: %s\n' "$*" >&2
  exit 1
}

# Processes to end when the script ends, however it ends: services add their pid here.
SERVICES=()
TICKER=
stop_everything() {
  local pid
  for pid in ${TICKER:+"$TICKER"} "${SERVICES[@]}"; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  TICKER=
  SERVICES=()
}
trap stop_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Says every so often that a step is still running, and what the last line of its log is.
tick() {
  local title="$1" log="$2" started="$SECONDS" quiet=30
  [[ -t 1 ]] && quiet=1
  while sleep 1 >/dev/null; do
    local seconds=$((SECONDS - started))
    ((seconds % quiet == 0)) || continue
    local last
    last="$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c 1-60)"
    if [[ -t 1 ]]; then
      printf '\r\033[K%s ... %d s  %s' "$title" "$seconds" "$last"
    else
      printf '%s ... %d s  %s\n' "$title" "$seconds" "$last"
    fi
  done
}

start_ticker() {
  (
    trap - EXIT INT TERM
    tick "$@"
  ) 2>/dev/null &
  TICKER=$!
}
stop_ticker() {
  kill "$TICKER" 2>/dev/null && wait "$TICKER" 2>/dev/null || true
  TICKER=
  [[ -t 1 ]] && printf '\r\033[K'
  return 0
}

STEP=0         # the number of the running step
STEPS=0        # how many there will be; set by the command
PASSED=0       # checks that passed, over all steps
FAILED=0
SKIPPED=()     # steps that could not be done here, with the reason
FAILURES=()    # titles of steps that failed
readonly SKIP=77

# step TITLE COMMAND...: runs the command with its output in a log, and counts it. A command that
# counts by itself writes "PASSED FAILED" to $COUNTS; one that cannot be done here prints why and
# returns $SKIP. A failed step does not stop those that follow; `summary` gives the status of all.
# Never write `step ... || something`: bash then goes on after a failed command inside the step.
step() {
  local title="$1" log status started="$SECONDS"
  shift
  STEP=$((STEP + 1))
  title="[$STEP/$STEPS] $title"
  mkdir -p "$LOGS"
  log="$LOGS/$(printf '%02d' "$STEP").log"
  COUNTS="$LOGS/$(printf '%02d' "$STEP").count"
  : >"$log"
  rm -f "$COUNTS"
  start_ticker "$title" "$log"
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  status=$?
  set -e
  stop_ticker
  count_step "$title" "$log" "$status" "$((SECONDS - started))"
}

count_step() {
  local title="$1" log="$2" status="$3" seconds="$4" passed=0 failed=0 detail=
  if [[ "$status" == "$SKIP" ]]; then
    SKIPPED+=("$title: $(tail -n 1 "$log")")
    printf '%s: skipped: %s\n' "$title" "$(tail -n 1 "$log")"
    return
  fi
  if [[ -s "$COUNTS" ]]; then
    read -r passed failed <"$COUNTS"
    detail=" ($passed passed, $failed failed)"
  elif [[ "$status" == 0 ]]; then
    passed=1
  fi
  if [[ "$status" != 0 && "$failed" == 0 ]]; then
    failed=1
  fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  if ((failed == 0)); then
    printf '%s: ok, %d s%s\n' "$title" "$seconds" "$detail"
    return
  fi
  FAILURES+=("$title")
  printf '%s: FAILED, %d s%s; the end of %s:\n' "$title" "$seconds" "$detail" "$log"
  tail -n "${FLYWHEEL_LOG_LINES:-60}" "$log" | sed 's/^/    /'
}

# The last lines of `test` and `lint`; the status of the whole.
summary() {
  local line
  for line in "${SKIPPED[@]}"; do printf 'skipped %s\n' "$line"; done
  for line in "${FAILURES[@]}"; do printf 'failed  %s\n' "$line"; done
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  ((FAILED == 0 && PASSED > 0))
}
