# A step of `flywheel.sh test`: what `flywheel.sh kafka` promises, on three brokers in a folder and on ports of their own.

check_local_kafka() {
  CLUSTER_WORK="$(mktemp -d)"
  export FLYWHEEL_KAFKA_DATA="$CLUSTER_WORK/kafka"
  trap './flywheel.sh kafka down; rm -rf "$CLUSTER_WORK"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  PASSED_HERE=0
  FAILED_HERE=0
  local port
  port="$(free_port)"

  expect 3 "there is no cluster" status
  expect 1 "--brokers is 1 or 3" up --brokers 2
  expect 1 "--port is a number" up --port http
  expect 0 "Kafka $KAFKA_VERSION answers at 127.0.0.1:$port,127.0.0.1:$((port + 1))" up --brokers 3 --port "$port"
  expect 0 "up, pid" status
  expect 0 "it ran already" up
  expect 1 "has 3 broker(s)" up --brokers 1
  expect 1 "listens from port $port on" up --port $((port + 100))
  expect 1 "'./flywheel.sh kafka down' first" wipe

  kill -KILL "$(cat "$FLYWHEEL_KAFKA_DATA/2/pid")"
  expect 1 "broker 2  127.0.0.1:$((port + 1))  down" status
  expect 0 "Kafka $KAFKA_VERSION answers" up
  expect 0 "broker 2  127.0.0.1:$((port + 1))  up, pid" status

  # A number that has become another program's is not the broker's, and is left alone.
  local stranger pid
  sleep 1000 &
  stranger=$!
  SERVICES+=("$stranger")
  pid="$(cat "$FLYWHEEL_KAFKA_DATA/3/pid")"
  echo "$stranger" >"$FLYWHEEL_KAFKA_DATA/3/pid"
  expect 1 "broker 3  127.0.0.1:$((port + 2))  down" status
  expect 1 "port $((port + 2)) is taken by another program" up
  echo "$pid" >"$FLYWHEEL_KAFKA_DATA/3/pid"

  expect 0 "3 broker(s) stopped" down
  kill "$stranger" || tell_failure "a stranger was killed"
  expect 3 "broker 1  127.0.0.1:$port  down" status
  expect 0 "0 broker(s) stopped" down
  expect 0 "deleted" wipe
  echo "$PASSED_HERE $FAILED_HERE" >"$COUNTS"
  ((FAILED_HERE == 0))
}

tell_failure() {
  echo "FAILED: $1"
  FAILED_HERE=$((FAILED_HERE + 1))
}

# expect CODE TEXT ARGUMENTS...: `flywheel.sh kafka ARGUMENTS` ends with the code and says the text.
expect() {
  local code=0 wanted="$1" text="$2" said
  shift 2
  said="$(./flywheel.sh kafka "$@" 2>&1)" || code=$?
  printf '$ kafka %s: %s\n%s\n' "$*" "$code" "$said"
  if [[ "$code" == "$wanted" && "$said" == *"$text"* ]]; then
    PASSED_HERE=$((PASSED_HERE + 1))
  else
    tell_failure "kafka $*: wanted $wanted and '$text'"
  fi
}
