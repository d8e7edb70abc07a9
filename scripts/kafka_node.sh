#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, broker and controller in one JVM) on loopback, in the foreground: the
# process that this script was becomes the broker, so its pid is the broker's. scripts/kafka.sh and the
# tests' fixture (tests/kafka/broker.h) start theirs by it, so both run the same recipe.
#
#   kafka_node.sh run --folder DIR --cluster ID --node N --port PORT --controllers 1@HOST:PORT[,...]
#                 [--secure INTERNAL_PORT] [--heap SIZE] [--jvm OPTION]... [--property KEY=VALUE]...
#   kafka_node.sh tool CLASS ARGUMENTS...
#
# DIR is absolute and gets server.properties, server.log and data/. A folder without data is formatted
# first; one with data is used as it is. --secure: the clients' port speaks TLS with SASL (SCRAM-SHA-512, PLAIN)
# and has an authorizer; INTERNAL_PORT is plain and may do everything. The users are admin (may do everything)
# and stranger (nothing until an ACL says so), the passwords NAME-secret; a client trusts ca.pem of DIR.
#
# FLYWHEEL_KAFKA_JARS: the folder of the jars (default: .tools/kafka/VERSION of this repository).
set -euo pipefail

KAFKA_VERSION=4.3.1
ROOT="$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
JARS="${FLYWHEEL_KAFKA_JARS:-$ROOT/.tools/kafka/$KAFKA_VERSION}"

die() {
  printf 'kafka_node.sh: %s\n' "$*" >&2
  exit 1
}

# The classes of a broker as the JVM holds them in memory: halves its start. `kafka.sh` makes it; without it,
# or with one of another JVM, classes are read from the jars.
ARCHIVE="$JARS/broker.jsa"
SHARED=()
[[ -f "$ARCHIVE" ]] && SHARED=("-XX:SharedArchiveFile=$ARCHIVE")

# A JVM that starts fast and stays small, for what runs a second.
SHORT_LIVED=(-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${SHARED[@]}")

log4j() { printf -- '-Dlog4j2.configurationFile=%s/deploy/kafka/%s' "$ROOT" "$1"; }

run_tool() {
  exec java "${SHORT_LIVED[@]}" "$(log4j log4j2-tools.properties)" -cp "$JARS/*" "$@"
}

# directory_id NODE: the id of the node's data folder, which every node must know before any is formatted:
# 16 bytes in base64, 22 characters, the last of which has two bits.
directory_id() { printf 'D%sA' "$(sha256sum <<<"$CLUSTER $1" | head -c 20)"; }

# The controllers as `format` wants them: ID@HOST:PORT:DIRECTORY_ID, with commas.
initial_controllers() {
  local voter voters=()
  IFS=, read -ra voters <<<"$CONTROLLERS"
  for voter in "${voters[@]}"; do
    printf '%s:%s\n' "$voter" "$(directory_id "${voter%%@*}")"
  done | paste -sd,
}

controller_address() { tr ',' '\n' <<<"$CONTROLLERS" | sed -n "s/^$NODE@//p"; }

write_properties() {
  local count controller copies in_sync
  count="$(tr ',' '\n' <<<"$CONTROLLERS" | wc -l)"
  copies=$((count < 3 ? count : 3))
  in_sync=$((copies < 3 ? 1 : 2))
  controller="$(controller_address)"
  [[ -n "$controller" ]] || die "--controllers does not name node $NODE"
  cat <<PROPERTIES
process.roles=broker,controller
node.id=$NODE
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=$(sed 's/[0-9]*@//g' <<<"$CONTROLLERS")
log.dirs=$FOLDER/data
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# How soon a broker that was killed is missed, and may come back: a controller that does not see it go waits so long.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
# The default of 128 MiB would take half of a small heap.
log.cleaner.dedupe.buffer.size=8388608
PROPERTIES
  if [[ -n "$INTERNAL_PORT" ]]; then
    secure_listeners "$controller"
  else
    cat <<PROPERTIES
listeners=CLIENT://127.0.0.1:$PORT,CONTROLLER://$controller
advertised.listeners=CLIENT://127.0.0.1:$PORT,CONTROLLER://$controller
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
PROPERTIES
  fi
  ((${#PROPERTIES[@]} == 0)) || printf '%s\n' "${PROPERTIES[@]}"
}

# The clients' name is localhost: what librdkafka compares with the certificate is a name.
secure_listeners() {
  cat <<PROPERTIES
listeners=CLIENT://127.0.0.1:$PORT,INTERNAL://127.0.0.1:$INTERNAL_PORT,CONTROLLER://$1
advertised.listeners=CLIENT://localhost:$PORT,INTERNAL://127.0.0.1:$INTERNAL_PORT,CONTROLLER://$1
listener.security.protocol.map=CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INTERNAL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_admin="admin-secret" user_stranger="stranger-secret";
listener.name.client.ssl.keystore.type=PKCS12
listener.name.client.ssl.keystore.location=$FOLDER/server.p12
listener.name.client.ssl.keystore.password=keystore-secret
listener.name.client.ssl.key.password=keystore-secret
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
PROPERTIES
}

make_certificate() {
  keytool -genkeypair -keystore "$FOLDER/server.p12" -storetype PKCS12 -storepass keystore-secret \
    -alias server -keyalg EC -groupname secp256r1 -dname CN=localhost -validity 3650 \
    -ext "SAN=dns:localhost,ip:127.0.0.1" -ext BC:critical=ca:true 2>&1
  keytool -exportcert -rfc -keystore "$FOLDER/server.p12" -storepass keystore-secret -alias server \
    -file "$FOLDER/ca.pem" 2>&1
}

# A folder whose formatting was interrupted is formatted again: it holds nothing yet.
format_once() {
  [[ -f "$FOLDER/formatted" ]] && return
  rm -rf "$FOLDER/data"
  local users=()
  if [[ -n "$INTERNAL_PORT" ]]; then
    rm -f "$FOLDER/server.p12"
    make_certificate || die "keytool makes no certificate in $FOLDER"
    local name
    for name in admin stranger; do
      users+=(--add-scram "SCRAM-SHA-512=[name=$name,password=$name-secret,iterations=4096]")
    done
  fi
  java "${SHORT_LIVED[@]}" "$(log4j log4j2-tools.properties)" -cp "$JARS/*" \
    kafka.tools.StorageTool format --cluster-id "$CLUSTER" --config "$FOLDER/server.properties" \
    --initial-controllers "$(initial_controllers)" "${users[@]}" || die "$FOLDER cannot be formatted"
  touch "$FOLDER/formatted"
}

run_node() {
  FOLDER='' CLUSTER='' NODE='' PORT='' CONTROLLERS='' INTERNAL_PORT='' HEAP=512m JVM=() PROPERTIES=()
  while (($# > 0)); do
    (($# > 1)) || die "$1 needs a value"
    case "$1" in
      --folder) FOLDER="$2" ;;
      --cluster) CLUSTER="$2" ;;
      --node) NODE="$2" ;;
      --port) PORT="$2" ;;
      --controllers) CONTROLLERS="$2" ;;
      --secure) INTERNAL_PORT="$2" ;;
      --heap) HEAP="$2" ;;
      --jvm) JVM+=("$2") ;;
      --property) PROPERTIES+=("$2") ;;
      *) die "there is no option $1" ;;
    esac
    shift 2
  done
  [[ "$FOLDER" == /* && -n "$CLUSTER" && -n "$NODE" && -n "$PORT" && -n "$CONTROLLERS" ]] ||
    die "--folder (absolute), --cluster, --node, --port and --controllers are needed"
  mkdir -p "$FOLDER"
  write_properties >"$FOLDER/server.properties"
  format_once
  cd "$FOLDER"
  exec java "-Xmx$HEAP" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    "${SHARED[@]}" "${JVM[@]}" "-Dflywheel.kafka.folder=$FOLDER" "$(log4j log4j2.properties)" -cp "$JARS/*" \
    kafka.Kafka "$FOLDER/server.properties"
}

command -v java >/dev/null || die "there is no java; './flywheel.sh kafka install' brings it"
[[ -f "$JARS/kafka-clients-$KAFKA_VERSION.jar" ]] ||
  die "Apache Kafka $KAFKA_VERSION is not in $JARS; run './flywheel.sh kafka install'"
case "${1:-}" in
  run) run_node "${@:2}" ;;
  tool) run_tool "${@:2}" ;;
  *) die "run or tool is needed" ;;
esac
