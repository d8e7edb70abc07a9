# `flywheel.sh kafka`: Apache Kafka on this machine, as real as it gets: KRaft, one JVM a broker, on loopback.
# Nodes are started by scripts/kafka_node.sh, as the tests start theirs.

KAFKA_NODE=scripts/kafka_node.sh
KAFKA_VERSION="$(sed -n 's/^KAFKA_VERSION=//p' "$KAFKA_NODE")"
KAFKA_JARS=".tools/kafka/$KAFKA_VERSION"
# Elsewhere for the tests of this script.
KAFKA_DATA="${FLYWHEEL_KAFKA_DATA:-$PWD/data/kafka}"
readonly KAFKA_PORT=19092
# A node's controller listens this far above its clients' port.
readonly CONTROLLER_DISTANCE=10
# How long a broker may take to answer, and to end after SIGTERM.
readonly KAFKA_START_SECONDS=120
readonly KAFKA_STOP_SECONDS=60

kafka_usage() {
  cat <<'TEXT'
Usage: ./flywheel.sh kafka COMMAND

  up [--brokers 1|3] [--port PORT]   start the brokers that do not run, wait until they answer
  down                               stop them; the data stays
  status                             say how each one is; exit code 0: all answer, 1: some do not, 3: none runs
  wipe                               delete the data of stopped brokers
  install                            bring what a broker needs, once

The brokers listen on 127.0.0.1:19092 (19093, 19094), or from --port on; their data and logs are in data/kafka.
Three brokers keep three copies of a topic. How many there are and where they listen is fixed by the first `up`.
TEXT
}

run_kafka() {
  local command="${1:-}"
  (($# > 0)) && shift
  case "$command" in
    up) kafka_up "$@" ;;
    down) no_arguments "$@" && kafka_down ;;
    status) no_arguments "$@" && kafka_status ;;
    wipe) no_arguments "$@" && kafka_wipe ;;
    install) no_arguments "$@" && kafka_install ;;
    help | -h | --help | '') kafka_usage ;;
    *)
      kafka_usage >&2
      die "there is no command 'kafka $command'"
      ;;
  esac
}

no_arguments() { (($# == 0)) || die "'$1' is not understood here"; }

# --- what a broker needs ---

kafka_install() {
  install_packages kafka
  kafka_install_jars
  kafka_install_archive
}

# The folder gets its name when it is whole.
kafka_install_jars() {
  [[ -d "$KAFKA_JARS" ]] && return
  note "fetching Apache Kafka $KAFKA_VERSION (44 MB) into $KAFKA_JARS"
  mkdir -p .tools/kafka
  local part
  part="$(mktemp -d ".tools/kafka/part.XXXXXX")"
  run_quietly kafka-jars mvn --batch-mode --quiet --file deploy/kafka/pom.xml dependency:copy-dependencies \
    "-Dkafka.version=$KAFKA_VERSION" "-DoutputDirectory=$PWD/$part"
  chmod 755 "$part"
  # Somebody else may have been faster: theirs is as good.
  mv -T "$part" "$KAFKA_JARS" 2>/dev/null || rm -rf "$part"
  [[ -f "$KAFKA_JARS/kafka-clients-$KAFKA_VERSION.jar" ]] || die "$KAFKA_JARS is not whole; delete it and try again"
}

# Lets a broker run once, so that its JVM writes down the classes that it has loaded (kafka_node.sh: ARCHIVE).
# It is worth seconds and nothing depends on it: a failure is said and passed over.
kafka_install_archive() {
  [[ -f "$KAFKA_JARS/broker.jsa" ]] && return
  local folder port
  folder="$(mktemp -d)"
  port="$(free_port)"
  run_quietly kafka-archive kafka_write_archive "$folder" "$port"
  rm -rf "$folder"
}

kafka_write_archive() {
  local folder="$1" port="$2" archive="$PWD/$KAFKA_JARS/part.$$.jsa" pid
  "$KAFKA_NODE" run --folder "$folder" --cluster CflywheelclasslistsAAA --node 1 --port "$port" \
    --controllers "1@127.0.0.1:$((port + CONTROLLER_DISTANCE))" --jvm "-XX:ArchiveClassesAtExit=$archive" &
  pid=$!
  SERVICES+=("$pid")
  wait_for_brokers "127.0.0.1:$port" 1 "$pid" && kill "$pid"
  wait "$pid" || true
  if [[ -f "$archive" ]]; then
    mv "$archive" "$KAFKA_JARS/broker.jsa"
  else
    echo "there is no archive of classes; brokers start all the same, in twice the time"
  fi
}

# A port below the kernel's own; nothing listens on it and the two after it, nor on their controllers'.
free_port() {
  local port i taken=yes
  while [[ -n "$taken" ]]; do
    port=$((20000 + RANDOM % 12000))
    taken=
    for i in 0 1 2; do
      if port_taken $((port + i)) || port_taken $((port + i + CONTROLLER_DISTANCE)); then taken=yes; fi
    done
  done
  printf '%s' "$port"
}

port_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- the cluster of this folder ---
# data/kafka/cluster says how many brokers there are (BROKERS), from which port on (PORT) and the cluster's id (ID).

node_folder() { printf '%s/%s' "$KAFKA_DATA" "$1"; }

load_cluster() {
  [[ -f "$KAFKA_DATA/cluster" ]] || return 1
  BROKERS="$(sed -n 's/^BROKERS=//p' "$KAFKA_DATA/cluster")"
  PORT="$(sed -n 's/^PORT=//p' "$KAFKA_DATA/cluster")"
  ID="$(sed -n 's/^ID=//p' "$KAFKA_DATA/cluster")"
}

save_cluster() {
  mkdir -p "$KAFKA_DATA"
  ID="C$(od -An -N10 -tx1 /dev/urandom | tr -d ' \n')A"
  printf 'BROKERS=%s\nPORT=%s\nID=%s\n' "$BROKERS" "$PORT" "$ID" >"$KAFKA_DATA/cluster.part"
  mv "$KAFKA_DATA/cluster.part" "$KAFKA_DATA/cluster"
}

broker_address() { printf '127.0.0.1:%s' $((PORT + $1 - 1)); }

cluster_address() {
  local node
  for ((node = 1; node <= BROKERS; node++)); do broker_address "$node" && echo; done | paste -sd,
}

controllers() {
  local node
  for ((node = 1; node <= BROKERS; node++)); do
    printf '%s@127.0.0.1:%s\n' "$node" $((PORT + node - 1 + CONTROLLER_DISTANCE))
  done | paste -sd,
}

# The pid of a node that runs; nothing otherwise. A number in a file may be another process by now: it is the
# node's only if its command line names the node's folder.
node_pid() {
  local folder pid
  folder="$(node_folder "$1")"
  pid="$(cat "$folder/pid" 2>/dev/null)" || return 0
  [[ "$pid" =~ ^[0-9]+$ ]] || return 0
  # The node is the script until the folder is formatted, then the JVM.
  if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -e "$folder" -e "-Dflywheel.kafka.folder=$folder"; then
    printf '%s' "$pid"
  fi
}

# How many brokers the one at ADDRESS knows.
brokers_listed() {
  { timeout 5 kcat -b "$1" -L -J -m 3 -t __no_topic 2>/dev/null || true; } |
    sed -n 's/.*"brokers":\[\([^]]*\)\].*/\1/p' | grep -o '"id":' | wc -l
}

# wait_for_brokers ADDRESS COUNT PID: until the broker at ADDRESS knows COUNT; fails where the process ends before.
wait_for_brokers() {
  local end=$((SECONDS + KAFKA_START_SECONDS))
  while (("$(brokers_listed "$1")" < $2)); do
    kill -0 "$3" 2>/dev/null || return 1
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# --- the commands ---

kafka_up() {
  local wanted_brokers='' wanted_port='' node running=0
  while (($# > 0)); do
    case "$1" in
      --brokers) wanted_brokers="${2:-}" ;;
      --port) wanted_port="${2:-}" ;;
      *) die "'kafka up' has no option $1" ;;
    esac
    (($# > 1)) || die "$1 needs a value"
    shift 2
  done
  [[ "$wanted_brokers" =~ ^(|1|3)$ ]] || die "--brokers is 1 or 3"
  [[ -z "$wanted_port" ]] || { [[ "$wanted_port" =~ ^[0-9]{4,5}$ ]] && ((wanted_port >= 1024 && wanted_port <= 65500)); } ||
    die "--port is a number from 1024 to 65500"
  kafka_install
  choose_cluster "$wanted_brokers" "$wanted_port"
  for ((node = 1; node <= BROKERS; node++)); do
    if [[ -n "$(node_pid "$node")" ]]; then
      running=$((running + 1))
    else
      check_ports "$node"
    fi
  done
  for ((node = 1; node <= BROKERS; node++)); do
    [[ -n "$(node_pid "$node")" ]] || start_node "$node"
  done
  for ((node = 1; node <= BROKERS; node++)); do await_node "$node"; done
  ((running == BROKERS)) && note "it ran already" || true
  note "Kafka $KAFKA_VERSION answers at $(cluster_address)"
}

# What there is stays as it is; asking for something else is answered, not obeyed.
choose_cluster() {
  if load_cluster; then
    [[ -z "$1" || "$1" == "$BROKERS" ]] ||
      die "the cluster in $KAFKA_DATA has $BROKERS broker(s); for another: ./flywheel.sh kafka down, then wipe"
    [[ -z "$2" || "$2" == "$PORT" ]] ||
      die "the cluster in $KAFKA_DATA listens from port $PORT on; for another: ./flywheel.sh kafka down, then wipe"
    return
  fi
  BROKERS="${1:-1}"
  PORT="${2:-$KAFKA_PORT}"
  local node
  for ((node = 1; node <= BROKERS; node++)); do check_ports "$node"; done
  save_cluster
}

check_ports() {
  local port
  for port in $((PORT + $1 - 1)) $((PORT + $1 - 1 + CONTROLLER_DISTANCE)); do
    ! port_taken "$port" || die "port $port is taken by another program; choose others by --port" \
      "(a cluster that exists keeps its ports: 'kafka wipe' first)"
  done
}

start_node() {
  local folder
  folder="$(node_folder "$1")"
  mkdir -p "$folder"
  # A session of its own: Ctrl-C and the end of the terminal are not for it.
  setsid "$KAFKA_NODE" run --folder "$folder" --cluster "$ID" --node "$1" --port $((PORT + $1 - 1)) \
    --controllers "$(controllers)" >"$folder/output" 2>&1 </dev/null &
  printf '%s\n' "$!" >"$folder/pid"
}

await_node() {
  local folder
  folder="$(node_folder "$1")"
  wait_for_brokers "$(broker_address "$1")" "$BROKERS" "$(cat "$folder/pid")" && return
  tail -n 20 "$folder/output" "$folder/server.log" >&2 2>/dev/null || true
  die "broker $1 does not answer at $(broker_address "$1"); its last words are above, the rest in $folder/server.log"
}

kafka_down() {
  load_cluster || {
    note "there is no cluster in $KAFKA_DATA"
    return
  }
  local node pids=() stopped=0
  # All are told before any is waited for: a broker that leads something hands it over to one that goes as well.
  for ((node = 1; node <= BROKERS; node++)); do
    pids[node]="$(node_pid "$node")"
    [[ -z "${pids[node]}" ]] || kill -TERM "${pids[node]}" 2>/dev/null || true
  done
  for ((node = 1; node <= BROKERS; node++)); do
    [[ -n "${pids[node]}" ]] || continue
    await_end "$node" "${pids[node]}"
    stopped=$((stopped + 1))
  done
  note "$stopped broker(s) stopped; the data stays in $KAFKA_DATA"
}

await_end() {
  local end=$((SECONDS + KAFKA_STOP_SECONDS))
  while [[ "$(node_pid "$1")" == "$2" ]]; do
    if ((SECONDS >= end)); then
      note "broker $1 (pid $2) has not ended $KAFKA_STOP_SECONDS s after SIGTERM: killing it with SIGKILL; it recovers at its next start"
      kill -KILL "$2" 2>/dev/null || true
      end=$((SECONDS + KAFKA_STOP_SECONDS))
    fi
    sleep 0.1
  done
  rm -f "$(node_folder "$1")/pid"
}

kafka_status() {
  load_cluster || {
    note "there is no cluster in $KAFKA_DATA; './flywheel.sh kafka up' makes one"
    return 3
  }
  local node pid state running=0 answering=0
  for ((node = 1; node <= BROKERS; node++)); do
    pid="$(node_pid "$node")"
    state=down
    if [[ -n "$pid" ]]; then
      running=$((running + 1))
      state="up, pid $pid"
      if (("$(brokers_listed "$(broker_address "$node")")" > 0)); then
        answering=$((answering + 1))
      else
        state="pid $pid runs, but does not answer"
      fi
    fi
    note "broker $node  $(broker_address "$node")  $state"
  done
  ((answering == BROKERS)) && return 0
  ((running > 0)) && return 1
  return 3
}

kafka_wipe() {
  load_cluster || {
    note "there is no cluster in $KAFKA_DATA"
    return
  }
  local node
  for ((node = 1; node <= BROKERS; node++)); do
    [[ -z "$(node_pid "$node")" ]] || die "broker $node runs; './flywheel.sh kafka down' first"
  done
  rm -rf "$KAFKA_DATA"
  note "deleted $KAFKA_DATA"
}
