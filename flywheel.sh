#!/usr/bin/env bash
# The one door: shows, builds, tests and measures Flywheel. `./flywheel.sh help` says how.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

source scripts/common.sh
source scripts/packages.sh
source scripts/build.sh

usage() {
  cat <<'TEXT'
Usage: ./flywheel.sh COMMAND

  demo    install what is missing, build, fill data/demo with a simulated marketplace, ask it
  build   install what is missing, build build/release/flywheel
  test    install what is missing, build, run every test and check; the last line is the count
  lint    schemas, formatting and clang-tidy alone
  bench   build and run the benchmarks
  kafka   a Kafka broker, or three, on this machine: up, down, status
  help    this text

Debian 12, as root or with sudo. Environment:
  FLYWHEEL_JOBS      compile and test jobs (default: the number of cores)
  FLYWHEEL_FUZZ_SECONDS  how long `test` runs each fuzz target (default: 15)
  BUF_AGAINST        the commit that `buf breaking` compares with (default: the previous one)
TEXT
}

command="${1:-help}"
[[ $# -gt 0 ]] && shift
case "$command" in
  demo)
    source scripts/demo.sh
    run_demo
    ;;
  build)
    install_packages build
    build_release OFF
    note "build/release/flywheel is ready"
    ;;
  test)
    source scripts/checks.sh
    run_tests
    ;;
  lint)
    source scripts/checks.sh
    run_lint
    ;;
  bench)
    source scripts/bench.sh
    run_bench "$@"
    ;;
  kafka)
    source scripts/kafka.sh
    run_kafka "$@"
    ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    die "there is no command '$command'"
    ;;
esac
