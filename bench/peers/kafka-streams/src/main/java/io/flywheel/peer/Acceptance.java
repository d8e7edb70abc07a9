package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What becomes of an event about a known order: rules 1 and 3, checked in the order that they name. */
final class Acceptance {
  enum Verdict {
    ACCEPTED,
    DUPLICATE,
    WRONG_MARKET,
    WRONG_BUYER,
    REVIEW_TOO_LATE,
    OVER_RETURN,
    OVER_REFUND,
    ORDER_FULL,
    WAIT_EXPIRED
  }

  private Acceptance() {}

  /** {@code buyer}: who acts, in the kinds that only the order's buyer may publish; null in the others. */
  static Verdict judge(OrderRow order, String market, byte[] fact, int length, String buyer) {
    if (!order.isOfMarket(market)) return Verdict.WRONG_MARKET;
    if (order.knowsAct(fact, length)) return Verdict.DUPLICATE;
    int kind = fact[Facts.KIND];
    if (buyer != null) {
      int placed = order.first();
      if (!new String(order.id(placed), StandardCharsets.UTF_8).equals(buyer)) return Verdict.WRONG_BUYER;
      long at = ByteBuffer.wrap(fact).getLong(Facts.AT);
      if (kind == Facts.REVIEW_POSTED
          && at > Markets.endOfDayMonthsAfter(market, order.at(placed), Markets.REVIEW_MONTHS)) {
        return Verdict.REVIEW_TOO_LATE;
      }
    }
    if (kind == Facts.RETURN_FILED && isOverReturn(order, fact)) return Verdict.OVER_RETURN;
    if (kind == Facts.REFUND_ISSUED && isOverRefund(order, fact)) return Verdict.OVER_REFUND;
    return order.count() >= Markets.FACTS_PER_ORDER ? Verdict.ORDER_FULL : Verdict.ACCEPTED;
  }

  private static String readId(ByteBuffer in) {
    byte[] id = new byte[in.getShort() & 0xffff];
    in.get(id);
    return new String(id, StandardCharsets.UTF_8);
  }

  private static void addLines(ByteBuffer in, Map<String, Long> quantities) {
    for (int left = in.getShort() & 0xffff; left > 0; --left) {
      quantities.merge(readId(in), (long) in.getInt(), Long::sum);
    }
  }

  private static ByteBuffer bodyOf(byte[] fact) {
    ByteBuffer in = ByteBuffer.wrap(fact);
    return in.position(Facts.ID + (in.getShort(Facts.ID_LENGTH) & 0xffff));
  }

  /** The latest decision of the return filed at {@code filed}; at one instant the rejection. */
  private static boolean standsRejected(OrderRow order, int filed) {
    long latest = Long.MIN_VALUE;
    boolean rejected = false;
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      boolean rejection = order.kind(f) == Facts.RETURN_REJECTED;
      if (!rejection && order.kind(f) != Facts.RETURN_ACCEPTED) continue;
      if (!order.sameId(f, filed) || order.at(f) < latest || (order.at(f) == latest && !rejection)) continue;
      latest = order.at(f);
      rejected = rejection;
    }
    return rejected;
  }

  private static boolean isOverReturn(OrderRow order, byte[] fact) {
    Map<String, Long> bought = new HashMap<>();
    Map<String, Long> returned = new HashMap<>();
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      if (order.kind(f) == Facts.ORDER_PLACED) {
        ByteBuffer in = order.bodyOf(f);
        in.getLong();
        readId(in);
        addLines(in, bought);
      } else if (order.kind(f) == Facts.RETURN_FILED && !standsRejected(order, f)) {
        addLines(order.bodyOf(f), returned);
      }
    }
    Map<String, Long> items = new HashMap<>();
    addLines(bodyOf(fact), items);
    for (Map.Entry<String, Long> item : items.entrySet()) {
      long all = item.getValue() + returned.getOrDefault(item.getKey(), 0L);
      if (all > bought.getOrDefault(item.getKey(), 0L)) return true;
    }
    return false;
  }

  /** Amounts are at most 10^15 and facts 2,000, so their sum fits. */
  private static boolean isOverRefund(OrderRow order, byte[] fact) {
    ByteBuffer placed = order.bodyOf(order.first());
    long left = placed.getLong();
    String currency = readId(placed);
    ByteBuffer refund = bodyOf(fact);
    boolean ofOrder = refund.get() == io.flywheel.events.v1.RefundKind.Value.ORDER_VALUE;
    long amount = refund.getLong();
    if (!readId(refund).equals(currency)) return true;
    if (!ofOrder) return false;
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      if (order.kind(f) != Facts.REFUND_ISSUED) continue;
      ByteBuffer earlier = order.bodyOf(f);
      if (earlier.get() == io.flywheel.events.v1.RefundKind.Value.ORDER_VALUE) left -= earlier.getLong();
    }
    return amount > left;
  }
}
