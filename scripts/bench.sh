# `flywheel.sh bench`: every benchmark of bench/, one after the other, on the release build.

run_bench() {
  install_packages bench
  build_release OFF -DFLYWHEEL_BENCH=ON
  # Those of Kafka need a broker.
  source scripts/kafka.sh
  run_kafka up
  local binary found=0
  for binary in build/release/bench/*_bench; do
    [[ -f "$binary" && -x "$binary" ]] || continue
    found=1
    note ""
    note "== $(basename "$binary") $*"
    "$binary" "$@"
  done
  ((found)) || die "there is no benchmark in build/release/bench"
}
