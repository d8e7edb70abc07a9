#!/usr/bin/env bash
# Publishes that somebody bought a mug (as JSON), and that the buyer recommends the seller (as protobuf).
#
#   publish.sh BROKERS NAME        e.g. publish.sh 127.0.0.1:19092 flywheel
#
# Needs kcat, and for the protobuf one protoc.
set -euo pipefail

(($# == 2)) || { sed -n '2,7p' "$0" >&2; exit 2; }
brokers="$1"
topic="$2.inbox"
schemas="$(dirname "$(readlink -f "$0")")/../../schemas"

seller=example-kcat
order="order-$(cat /proc/sys/kernel/random/uuid)"
buyer="buyer-$(cat /proc/sys/kernel/random/uuid)"

# publish PAYLOAD EVENT_ID AT CONTENT_TYPE FILE: one message from a file. Any key will do; the seller's keeps a
# seller's events in order while they wait in the inbox. The ce_ headers (CloudEvents, binary mode) may be left
# out; where they are given they say the same as the event. acks=all: kcat ends with 0 once every broker that
# keeps a copy has it.
publish() {
  kcat -P -b "$brokers" -t "$topic" -X acks=all -X enable.idempotence=true -k "$seller" \
    -H ce_specversion=1.0 -H "ce_id=$2" -H "ce_type=flywheel.events.v1.$1" -H ce_source=example-kcat \
    -H "ce_time=$3" -H "content-type=$4" "$5"
  echo "$1 $2 is in $topic"
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Protobuf's own JSON: lowerCamelCase names, enums by name, instants in RFC 3339.
id="$(cat /proc/sys/kernel/random/uuid)"
at="$(date --utc --date='1 minute ago' +%Y-%m-%dT%H:%M:%SZ)"
cat >"$work/bought.json" <<JSON
{"eventId": "$id", "occurredAt": "$at", "sellerId": "$seller", "market": "PL", "source": "example-kcat",
 "orderPlaced": {
   "orderId": "$order", "buyerId": "$buyer",
   "lines": [{"lineId": "1", "offerId": "mug", "quantity": 1,
              "unitPrice": {"amountMinor": "4990", "currency": "PLN"}}],
   "total": {"amountMinor": "4990", "currency": "PLN"},
   "delivery": {"method": "LOCKER"}}}
JSON
publish OrderPlaced "$id" "$at" application/json "$work/bought.json"

# The same in bytes: what a program would send. protoc makes them from a text.
id="$(cat /proc/sys/kernel/random/uuid)"
seconds="$(date +%s)"
at="$(date --utc --date="@$seconds" +%Y-%m-%dT%H:%M:%SZ)"
protoc --proto_path="$schemas" --encode=flywheel.events.v1.Event flywheel/events/v1/event.proto \
  >"$work/reviewed.binpb" <<TEXT
event_id: "$id"
occurred_at { seconds: $seconds }
seller_id: "$seller"
market: "PL"
source: "example-kcat"
review_posted {
  order_id: "$order"
  review_id: "review-$order"
  buyer_id: "$buyer"
  recommended: true
  rates { delivery: 5 service: 5 }
}
TEXT
publish ReviewPosted "$id" "$at" application/protobuf "$work/reviewed.binpb"

echo "order $order of seller $seller"
