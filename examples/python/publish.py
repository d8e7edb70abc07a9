"""Publishes that somebody bought a mug, and that the buyer recommends the seller.

    publish.py BROKERS NAME        e.g. publish.py 127.0.0.1:19092 flywheel
"""

import datetime
import functools
import sys
import uuid

from confluent_kafka import Producer

# Made from the schemas by protoc; see examples/README.md.
from flywheel.events.v1 import event_pb2, types_pb2

SOURCE = "example-python"
SELLER = "example-python"


def zloty(grosz):
    return types_pb2.Money(amount_minor=grosz, currency="PLN")


def event(at, **payload):
    """What every event says, and its payload. Flywheel itself sets recorded_at."""
    made = event_pb2.Event(
        event_id=str(uuid.uuid4()), seller_id=SELLER, market="PL", source=SOURCE, **payload
    )
    made.occurred_at.FromDatetime(at)
    return made


def full_name(made):
    """The payload's full name, e.g. flywheel.events.v1.OrderPlaced."""
    return getattr(made, made.WhichOneof("payload")).DESCRIPTOR.full_name


def headers(made):
    """CloudEvents in binary mode, for whoever routes by them; Flywheel does without them, too.

    Where they are given they say the same as the event.
    """
    return {
        "ce_specversion": "1.0",
        "ce_id": made.event_id,
        "ce_type": full_name(made),
        "ce_source": made.source,
        "ce_time": made.occurred_at.ToJsonString(),
        "content-type": "application/protobuf",
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    brokers, name = sys.argv[1:]
    # Instants are milliseconds; what is finer is cut off.
    now = datetime.datetime.now(datetime.timezone.utc)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    order, buyer = f"order-{uuid.uuid4()}", f"buyer-{uuid.uuid4()}"

    bought = event(now - datetime.timedelta(minutes=1))
    bought.order_placed.order_id = order
    bought.order_placed.buyer_id = buyer
    bought.order_placed.lines.add(
        line_id="1", offer_id="mug", quantity=1, unit_price=zloty(4990)
    )
    bought.order_placed.total.CopyFrom(zloty(4990))
    bought.order_placed.delivery.method = types_pb2.DeliveryMethod.LOCKER

    reviewed = event(now)
    reviewed.review_posted.order_id = order
    reviewed.review_posted.review_id = f"review-{order}"
    reviewed.review_posted.buyer_id = buyer
    reviewed.review_posted.recommended = True
    reviewed.review_posted.rates.delivery = 5
    reviewed.review_posted.rates.service = 5

    refused = []

    def answered(identity, error, message):
        """Called for every message: it is in the topic, or it is not."""
        if error:
            refused.append(f"{identity}: {error}")
        else:
            print(f"{identity} is at {message.topic()}-{message.partition()}@{message.offset()}")

    # An event is safe once every broker that keeps a copy has it.
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "acks": "all"})
    for made in (bought, reviewed):
        # Any key will do. The seller's keeps a seller's events in order while they wait in the inbox.
        producer.produce(
            f"{name}.inbox",
            key=made.seller_id,
            value=made.SerializeToString(),
            headers=headers(made),
            on_delivery=functools.partial(answered, made.event_id),
        )
    # Without it the program ends before its messages have left.
    if producer.flush(60) > 0:
        sys.exit(f"not published: no answer from {brokers}")
    if refused:
        sys.exit("not published: " + ", ".join(refused))
    print(f"order {order} of seller {SELLER}")


if __name__ == "__main__":
    main()
