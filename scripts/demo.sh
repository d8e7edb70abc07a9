# `flywheel.sh demo`: a simulated marketplace in data/demo, and what can be asked of it.

DEMO=data/demo
DEMO_EVENTS="$DEMO.jsonl"

run_demo() {
  install_packages build
  build_release OFF
  fill_demo
  tour
}

# The flywheel of this build on the demo's data.
flywheel() { build/release/flywheel --data "$DEMO" "$@"; }

# Simulates once and publishes once; what is there already stays.
fill_demo() {
  mkdir -p data
  if [[ ! -f "$DEMO_EVENTS" ]]; then
    note "simulating 200 sellers, 20000 orders, 400 days"
    flywheel simulate --sellers 200 --orders 20000 --days 400 --seed 7 --out "$DEMO_EVENTS.part"
    mv "$DEMO_EVENTS.part" "$DEMO_EVENTS"
  fi
  if [[ ! -f "$DEMO/published" ]]; then
    note "publishing $(wc -l <"$DEMO_EVENTS") events to the log in $DEMO"
    flywheel publish "$DEMO_EVENTS"
    touch "$DEMO/published"
  fi
}

# Shows a command as the user would type it, then runs it.
ask() {
  note ""
  note "\$ build/release/flywheel --data $DEMO $*"
  flywheel "$@"
}

tour() {
  local seller
  seller="$(largest_seller)"
  note ""
  note "The marketplace is in $DEMO. What it can be asked, with the log's own clock as the time:"
  ask query rating "$seller" --clock log
  ask query rating '*' --clock log
  ask explain rating "$seller" --clock log | sed -n 1,12p
  ask query smart "$seller" --market PL --clock log --history
  ask query sla "$seller" --clock log --window 90
  ask queue --clock log --limit 5
  ask query timeline "$(order_with_complaint "$seller")" --seller "$seller" --clock log
  note ""
  note "\$ build/release/flywheel --data $DEMO export rating --clock log | head -n 3"
  flywheel export rating --clock log --out "$DEMO.rating.jsonl"
  head -n 3 "$DEMO.rating.jsonl"
  ask log info
  ask verify
  note ""
  note "Ask on: the same commands with another seller, --as-of 2025-06-30T12:00:00Z, or --json;"
  note "build/release/flywheel --help lists them all."
}

# The seller's first order with a complaint in what was simulated.
order_with_complaint() {
  grep '"complaintOpened"' "$DEMO_EVENTS" | grep -m 1 "\"sellerId\": *\"$1\"" |
    grep -o '"orderId": *"[^"]*"' | sed -n '1s/.*: *"\([^"]*\)"/\1/p'
}

# The seller with the most orders in what was simulated.
largest_seller() {
  grep '"orderPlaced"' "$DEMO_EVENTS" | grep -o '"sellerId": *"[^"]*"' | sort | uniq -c |
    sort -k1,1nr -k2 | sed -n '1s/.*: *"\([^"]*\)"/\1/p'
}
