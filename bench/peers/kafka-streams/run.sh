#!/usr/bin/env bash
# Flywheel and Kafka Streams on the same topic of the same broker, in turns, each on one core, the broker on the other.
#
#   bench/peers/kafka-streams/run.sh [--orders N] [--repetitions N] [--port PORT] [--binaries DIR]
#
# It needs what `./flywheel.sh bench` builds (in --binaries, by default build/release), Java 17 and Maven. The log is that of
# replay_bench (made where it is not there). Everything lies in build/peers: the peer's costs are appended to results-N.jsonl,
# what kafka_bench says to ours-N.txt, N being the orders.
set -euo pipefail

ROOT="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.."
cd "$ROOT"
HERE=bench/peers/kafka-streams
WORK=build/peers
readonly BROKER_CORE=0 CORE=1
ORDERS=20000 REPETITIONS=3 PORT='' BINARIES=build/release
while (($# > 0)); do
  case "$1" in
    --orders) ORDERS="$2" ;;
    --repetitions) REPETITIONS="$2" ;;
    --port) PORT="$2" ;;
    --binaries) BINARIES="$2" ;;
    *)
      echo "run.sh: there is no option $1" >&2
      exit 2
      ;;
  esac
  shift 2
done

source scripts/common.sh
source scripts/packages.sh
source scripts/kafka.sh
KAFKA_DATA="$PWD/$WORK/kafka"
NAME="n$ORDERS"
RESULTS="$WORK/results-$ORDERS.jsonl"

# One core: the serial collector has no threads that wait for each other. README.md has the rest.
PEER=(java -Xms2g -Xmx2g -XX:+UseSerialGC -XX:+UseTransparentHugePages -Dorg.slf4j.simpleLogger.defaultLogLevel=error
  -cp "$WORK/kafka-streams/peer.jar:$WORK/kafka-streams/lib/*" io.flywheel.peer.Main)

peer() {
  local name="$1" command="$2" application="$3"
  shift 3
  $HERE/measure.py "$name" "$CORE" "${PEER[@]}" "$command" "$BROKERS" "$NAME.log" "$application" "$WORK/state" "$@"
}

mib() { du -sm "$1" | cut -f1; }

prepare() {
  mvn --batch-mode --quiet -f $HERE/pom.xml package
  [[ -d "build/bench/replay/$ORDERS/log" ]] ||
    "$BINARIES/bench/replay_bench" --orders "$ORDERS" --repetitions 1 --core "$CORE"
  load_cluster || PORT="${PORT:-$(free_port)}"
  kafka_up ${PORT:+--port "$PORT"}
  BROKERS="$(cluster_address)"
  taskset -acp "$BROKER_CORE" "$(node_pid 1)" >/dev/null
}

# ours MODELS: all, or the two that the peer has; each beside a bare consumer.
ours() {
  "$BINARIES/bench/kafka_bench" --orders "$ORDERS" --repetitions 1 --core "$CORE" --cache-mib 384 \
    --models "$1" --log "kafka://$BROKERS/$NAME" | sed "s/^/$1: /" | tee -a "$WORK/ours-$ORDERS.txt"
}

# The application's id is new each time, and so are its changelog topics.
race() {
  local i
  for ((i = 1; i <= REPETITIONS; ++i)); do
    ours all
    ours rating,sla
    APPLICATION="peer-$ORDERS-$(date +%s)"
    rm -rf "$WORK/state"
    peer run run "$APPLICATION" | tee -a "$RESULTS"
    note "the peer's rows: $(mib "$WORK/state") MiB; its changelogs: $(du -cm "$KAFKA_DATA"/1/data/"$APPLICATION"-* | tail -1 | cut -f1) MiB; loads of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
  done
}

export_ours() {
  local model
  mkdir -p "$WORK/rows-flywheel"
  for model in rating sla; do
    "$BINARIES/flywheel" --data "$WORK/data-$ORDERS" --log "kafka://$BROKERS/$NAME" \
      export "$model" --clock log --out "$WORK/rows-flywheel/$model.jsonl"
  done
  AS_OF="$(head -1 "$WORK/rows-flywheel/rating.jsonl" | grep -o '"asOf":"[^"]*"' | cut -d'"' -f4)"
}

# dump_peer NAME: the last repetition's rows are held against ours.
dump_peer() {
  rm -rf "$WORK/rows-peer"
  mkdir -p "$WORK/rows-peer"
  peer "$1" dump "$APPLICATION" "$WORK/rows-peer" "$AS_OF" | tee -a "$RESULTS"
  $HERE/compare.py "$WORK/rows-peer" "$WORK/rows-flywheel"
}

mkdir -p "$WORK"
prepare
race
export_ours
dump_peer dump
rm -rf "$WORK/state"
dump_peer restore
note "broker and topics stay; FLYWHEEL_KAFKA_DATA=$KAFKA_DATA ./flywheel.sh kafka down stops it"
