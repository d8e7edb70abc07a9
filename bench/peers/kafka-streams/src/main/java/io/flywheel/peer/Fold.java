package io.flywheel.peer;

import io.flywheel.events.v1.Event;
import io.flywheel.events.v1.Event.PayloadCase;
import io.flywheel.peer.Acceptance.Verdict;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Judges each record of the log by the rules of acceptance and keeps the two read models. */
final class Fold implements Processor<byte[], io.flywheel.log.v1.Record, Void, Void> {
  private static final long NEVER = Long.MAX_VALUE;

  private final Counts counts;
  private final ByteBuffer fact = ByteBuffer.allocate(Keys.MAX_FACT);
  private ProcessorContext<Void, Void> context;
  private KeyValueStore<Bytes, byte[]> orders;
  private KeyValueStore<Bytes, byte[]> sellers;
  /** By order and offset: when the wait ends, and the event. */
  private KeyValueStore<Bytes, byte[]> waiting;
  /** By the end of the wait and offset: the order's key. */
  private KeyValueStore<Bytes, byte[]> deadlines;
  private Quarantine quarantine;
  private RatingModel rating;
  private ResponseModel response;
  /** No wait ends before it; it may be that of an event that waits no longer. */
  private long nextDeadline = Long.MIN_VALUE;

  Fold(Counts counts) {
    this.counts = counts;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    this.context = context;
    orders = context.getStateStore(PeerTopology.ORDERS);
    sellers = context.getStateStore(PeerTopology.SELLERS);
    waiting = context.getStateStore(PeerTopology.WAITING);
    deadlines = context.getStateStore(PeerTopology.DEADLINES);
    quarantine =
        new Quarantine(
            context.getStateStore(PeerTopology.QUARANTINE), context.getStateStore(PeerTopology.IDENTITIES));
    rating =
        new RatingModel(
            context.getStateStore(PeerTopology.RATING_DAYS), context.getStateStore(PeerTopology.BUYERS));
    response = new ResponseModel(context.getStateStore(PeerTopology.RESPONSE_DAYS));
  }

  @Override
  public void process(Record<byte[], io.flywheel.log.v1.Record> record) {
    long recordedAt = context.currentStreamTimeMs();
    while (nextDeadline < recordedAt) expire(recordedAt);
    if (!record.value().hasEvent()) {
      throw new UnsupportedOperationException("the records of this benchmark are events");
    }
    Event event = record.value().getEvent();
    long offset = context.recordMetadata().orElseThrow().offset();
    String order = Facts.orderOf(event);
    if (order != null) {
      takeOrderEvent(event, order, offset, recordedAt);
    } else if (event.getPayloadCase() == PayloadCase.SELLER_REGISTERED
        || event.getPayloadCase() == PayloadCase.SELLER_STANDING_CHANGED) {
      takeSellerEvent(event);
    } else if (event.getPayloadCase() != PayloadCase.TIME_PASSED) {
      throw new UnsupportedOperationException("the built-in policy holds, and nobody is forgotten");
    }
    Counts.increment(counts.records, 1);
    counts.next.lazySet(offset + 1);
  }

  private void takeSellerEvent(Event event) {
    Bytes key = Bytes.wrap(Keys.utf8(event.getSellerId()));
    SellerRow seller = SellerRow.decode(sellers.get(key));
    boolean isNew;
    if (event.hasSellerRegistered()) {
      isNew = !seller.registered;
      seller.registered = true;
    } else {
      isNew = seller.addStanding(event.getMarket(), Facts.millis(event.getOccurredAt()));
    }
    counts.count(isNew ? Verdict.ACCEPTED : Verdict.DUPLICATE);
    if (!isNew) return;
    seller.nameMarket(event.getMarket());
    sellers.put(key, seller.encode());
  }

  private void takeOrderEvent(Event event, String orderId, long offset, long recordedAt) {
    byte[] sellerId = Keys.utf8(event.getSellerId());
    byte[] order = Keys.utf8(orderId);
    Bytes key = Bytes.wrap(Keys.key(0, sellerId, order));
    OrderRow row = new OrderRow(orders.get(key));
    boolean mayRepeat = row.hasRefused() || (!row.known() && row.count() > 0);
    if (mayRepeat && quarantine.countRepeat(event)) {
      Counts.increment(counts.repeats, 1);
      return;
    }
    if (!row.known() && !event.hasOrderPlaced()) {
      await(event, key, row, offset, recordedAt);
      return;
    }
    if (!row.known()) {
      place(event, sellerId, order, key, row);
      return;
    }
    Verdict verdict = judge(row, event);
    counts.count(verdict);
    if (verdict == Verdict.ACCEPTED) {
      accept(event, sellerId, order, row);
      orders.put(key, row.bytes());
    } else if (verdict != Verdict.DUPLICATE) {
      refuse(event, key, row, offset, verdict);
    }
  }

  /** Leaves the event's fact in `fact`. */
  private Verdict judge(OrderRow row, Event event) {
    writeFact(event);
    return Acceptance.judge(row, event.getMarket(), fact.array(), fact.position(), buyerOf(event));
  }

  private void writeFact(Event event) {
    fact.clear();
    Facts.write(event, fact);
  }

  private static String buyerOf(Event event) {
    return switch (event.getPayloadCase()) {
      case COMPLAINT_OPENED -> event.getComplaintOpened().getBuyerId();
      case REVIEW_POSTED -> event.getReviewPosted().getBuyerId();
      case RETURN_FILED -> event.getReturnFiled().getBuyerId();
      default -> null;
    };
  }

  /** Appends the fact and changes what its kind can change. */
  private void accept(Event event, byte[] sellerId, byte[] orderId, OrderRow row) {
    int kind = event.getPayloadCase().getNumber();
    if (kind >= Facts.REVIEW_POSTED && kind <= Facts.REVIEW_REMOVED) {
      Review before = Review.of(row);
      row.append(fact.array(), fact.position());
      Review after = Review.of(row);
      if (after != null) rating.change(sellerId, event.getMarket(), orderId, row.id(row.first()), before, after);
    } else if (kind >= Facts.COMPLAINT_OPENED && kind <= Facts.COMPLAINT_REOPENED) {
      List<ResponseClock> before = ResponseClock.of(row);
      row.append(fact.array(), fact.position());
      response.change(sellerId, event.getMarket(), before, ResponseClock.of(row));
    } else {
      row.append(fact.array(), fact.position());
    }
  }

  /** The order has arrived; what waited for it is judged in the order of the log. */
  private void place(Event event, byte[] sellerId, byte[] orderId, Bytes key, OrderRow row) {
    int waited = row.count();
    writeFact(event);
    row.place(event.getMarket(), fact.array(), fact.position());
    counts.count(Verdict.ACCEPTED);
    Bytes sellerKey = Bytes.wrap(sellerId);
    SellerRow seller = SellerRow.decode(sellers.get(sellerKey));
    boolean changed = seller.nameMarket(event.getMarket());
    if (waited > 0) {
      for (KeyValue<Bytes, byte[]> entry : waitingOf(key)) {
        judgeWaiting(entry, sellerId, orderId, row);
        --seller.waiting;
        changed = true;
      }
    }
    if (changed) sellers.put(sellerKey, seller.encode());
    orders.put(key, row.bytes());
  }

  private List<KeyValue<Bytes, byte[]>> waitingOf(Bytes order) {
    List<KeyValue<Bytes, byte[]>> entries = new ArrayList<>();
    Bytes from = Bytes.wrap(Keys.withLong(order.get(), 0));
    Bytes to = Bytes.wrap(Keys.withLong(order.get(), Long.MAX_VALUE));
    try (KeyValueIterator<Bytes, byte[]> range = waiting.range(from, to)) {
      range.forEachRemaining(entries::add);
    }
    return entries;
  }

  private void judgeWaiting(KeyValue<Bytes, byte[]> entry, byte[] sellerId, byte[] orderId, OrderRow row) {
    long offset = Keys.lastLong(entry.key.get());
    Event event = eventOf(entry.value);
    dropWaiting(entry.key, ByteBuffer.wrap(entry.value).getLong(), offset);
    Verdict verdict = judge(row, event);
    counts.count(verdict);
    if (verdict == Verdict.ACCEPTED) accept(event, sellerId, orderId, row);
    if (verdict == Verdict.ACCEPTED || verdict == Verdict.DUPLICATE) {
      quarantine.leave(offset, event);
    } else {
      quarantine.refuseWaiting(offset, verdict);
      row.markRefused();
    }
  }

  private static Event eventOf(byte[] value) {
    try {
      return Event.parseFrom(ByteBuffer.wrap(value, 8, value.length - 8));
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalStateException("the store of waiting events is damaged", e);
    }
  }

  private void await(Event event, Bytes key, OrderRow row, long offset, long recordedAt) {
    Bytes sellerKey = Bytes.wrap(Keys.utf8(event.getSellerId()));
    SellerRow seller = SellerRow.decode(sellers.get(sellerKey));
    if (row.count() >= Markets.WAITING_PER_ORDER || seller.waiting >= Markets.WAITING_PER_SELLER) {
      counts.count(Verdict.WAIT_EXPIRED);
      refuse(event, key, row, offset, Verdict.WAIT_EXPIRED);
      return;
    }
    long deadline = recordedAt + Markets.WAITING_LIMIT_MS;
    byte[] bytes = event.toByteArray();
    waiting.put(
        Bytes.wrap(Keys.withLong(key.get(), offset)),
        ByteBuffer.allocate(8 + bytes.length).putLong(deadline).put(bytes).array());
    deadlines.put(deadlineKey(deadline, offset), key.get());
    nextDeadline = Math.min(nextDeadline, deadline);
    quarantine.addWaiting(offset, event, key.get());
    row.addWaiting(1);
    orders.put(key, row.bytes());
    ++seller.waiting;
    sellers.put(sellerKey, seller.encode());
    Counts.increment(counts.waiting, 1);
  }

  private static Bytes deadlineKey(long deadline, long offset) {
    return Bytes.wrap(ByteBuffer.allocate(16).putLong(deadline).putLong(offset).array());
  }

  private void dropWaiting(Bytes key, long deadline, long offset) {
    waiting.delete(key);
    deadlines.delete(deadlineKey(deadline, offset));
    Counts.increment(counts.waiting, -1);
  }

  private void refuse(Event event, Bytes key, OrderRow row, long offset, Verdict verdict) {
    quarantine.refuse(offset, event, key.get(), verdict);
    if (row.hasRefused()) return;
    row.markRefused();
    orders.put(key, row.bytes());
  }

  /** The event whose wait ends first is refused if it has waited too long; else `nextDeadline` is put right. */
  private void expire(long recordedAt) {
    KeyValue<Bytes, byte[]> first;
    try (KeyValueIterator<Bytes, byte[]> all = deadlines.all()) {
      first = all.hasNext() ? all.next() : null;
    }
    nextDeadline = first == null ? NEVER : ByteBuffer.wrap(first.key.get()).getLong();
    if (nextDeadline >= recordedAt) return;
    long offset = Keys.lastLong(first.key.get());
    Bytes key = Bytes.wrap(first.value);
    OrderRow row = new OrderRow(orders.get(key));
    row.addWaiting(-1);
    row.markRefused();
    orders.put(key, row.bytes());
    Bytes sellerKey = Bytes.wrap(Keys.sellerOf(first.value));
    SellerRow seller = SellerRow.decode(sellers.get(sellerKey));
    --seller.waiting;
    sellers.put(sellerKey, seller.encode());
    quarantine.refuseWaiting(offset, Verdict.WAIT_EXPIRED);
    counts.count(Verdict.WAIT_EXPIRED);
    dropWaiting(Bytes.wrap(Keys.withLong(key.get(), offset)), nextDeadline, offset);
  }
}
