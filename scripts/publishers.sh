# Steps of `flywheel.sh test`: the programs of examples/ publish to a real broker, and Flywheel takes, folds and finds
# what they sent; and what only a librdkafka newer than Debian's can show.

readonly PUBLISHERS=.tools/publishers

# What the examples in Python and Java take from outside; both are quick where it is there.
install_publishers() {
  [[ -x "$PUBLISHERS/bin/pip" ]] || python3 -m venv "$PUBLISHERS"
  "$PUBLISHERS/bin/pip" install --quiet --disable-pip-version-check -r examples/python/requirements.txt
  rm -rf build/python
  mkdir -p build/python
  find schemas -name '*.proto' -exec protoc --proto_path=schemas --python_out=build/python {} +
  mvn --batch-mode --quiet -f examples/java compile
}

# Each prints, as its last line, "order ORDER of seller SELLER".
publish_java() { mvn --batch-mode --quiet -f examples/java exec:java "-Dexec.args=$1 $2"; }
publish_python() { PYTHONPATH=build/python "$PUBLISHERS/bin/python" examples/python/publish.py "$1" "$2"; }
publish_kcat() { examples/kcat/publish.sh "$1" "$2"; }

check_publishers() {
  local brokers program passed=0 failed=0
  WORK="$(mktemp -d)"
  KAFKA_DATA="$WORK/kafka"
  # This runs in a shell of its own: what it started ends with it, however that is.
  trap 'stop_everything; kafka_down; rm -rf "$WORK"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  kafka_up --port "$(free_port)"
  brokers="$(cluster_address)"
  SHOP=(build/release/flywheel --data "$WORK/shop" --log "kafka://$brokers/shop")
  "${SHOP[@]}" topics create --partitions 3
  "${SHOP[@]}" serve --listen 127.0.0.1:0 &
  SERVICES+=("$!")
  for program in java python kcat; do
    if check_publisher "$program" "$brokers" "$WORK/said"; then
      passed=$((passed + 1))
    else
      echo "$program: FAILED"
      failed=$((failed + 1))
    fi
  done
  echo "$passed $failed" >"$COUNTS"
  ((failed == 0))
}

# check_publisher PROGRAM BROKERS FILE: what it published is found as accepted, and counts. FILE takes what it said.
check_publisher() {
  local order seller
  "publish_$1" "$2" shop >"$3" || return 1
  cat "$3"
  order="$(sed -n 's/^order \(.*\) of seller .*/\1/p' "$3")"
  seller="$(sed -n 's/^order .* of seller \(.*\)/\1/p' "$3")"
  [[ -n "$order" && -n "$seller" ]] || return 1
  comes_true found_accepted "$order" "$seller" OrderPlaced ReviewPosted &&
    comes_true recommended_once "$seller"
}

found_accepted() {
  local order="$1" seller="$2" kind found
  found="$("${SHOP[@]}" --json events find --order "$order" --seller "$seller")" || return 1
  for kind in "${@:3}"; do
    grep '"state":"ACCEPTED"' <<<"$found" | grep -q "\"kind\":\"$kind\"" || return 1
  done
}

recommended_once() {
  "${SHOP[@]}" --json query rating "$1" --market PL | grep -q '"recommended":{"total":1,"unique":1}'
}

# comes_true COMMAND...: within a minute; what it said the last time is shown where it does not.
comes_true() {
  local end=$((SECONDS + 60)) said
  until said="$("$@" 2>&1)"; do
    if ((SECONDS >= end)); then
      printf '%s: does not come true: %s\n' "$*" "$said"
      return 1
    fi
    sleep 0.2
  done
}

# Kafka 4 refuses the SCRAM of librdkafka before 2.6.1, so the tests of a secure broker take PLAIN with Debian's 2.0.2.
# The wheel of confluent-kafka brings a new one: with it the same tests take SCRAM.
check_scram() {
  local library
  library="$(find "$PUBLISHERS" -path '*confluent_kafka.libs/librdkafka-*.so*' -print -quit)"
  if [[ -z "$library" ]]; then
    echo "the wheel of confluent-kafka for this machine brings no librdkafka"
    return "$SKIP"
  fi
  LD_PRELOAD="$PWD/$library" build/release/tests/test_kafka "[secure],a right that is missing*"
}
