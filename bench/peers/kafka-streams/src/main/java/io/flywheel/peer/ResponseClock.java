package io.flywheel.peer;

import io.flywheel.events.v1.Actor;
import java.util.ArrayList;
import java.util.List;

/** A firstResponse clock of an order; {@code stoppedAt} is RUNS while nobody has answered. */
record ResponseClock(long openedAt, long due, long stoppedAt) {
  static final long RUNS = Long.MAX_VALUE;

  boolean runs() {
    return stoppedAt == RUNS;
  }

  boolean within() {
    return stoppedAt <= due;
  }

  static List<ResponseClock> of(OrderRow order) {
    List<ResponseClock> clocks = new ArrayList<>(2);
    if (!order.known()) return clocks;
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      if (order.kind(f) != Facts.COMPLAINT_OPENED) continue;
      add(order, f, order.at(f), clocks);
      for (int r = order.first(); r < order.end(); r = order.next(r)) {
        if (order.kind(r) == Facts.COMPLAINT_REOPENED && order.sameId(r, f)) add(order, f, order.at(r), clocks);
      }
    }
    return clocks;
  }

  /** No clock where somebody else resolves the complaint in time and before any answer. */
  private static void add(OrderRow order, int opened, long openedAt, List<ResponseClock> clocks) {
    long due = openedAt + Markets.FIRST_RESPONSE_MS;
    long stop = RUNS;
    long byOthers = RUNS;
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      int kind = order.kind(f);
      if (kind != Facts.COMPLAINT_MESSAGE_POSTED && kind != Facts.COMPLAINT_RESOLVED) continue;
      if (order.at(f) < openedAt || !order.sameId(f, opened)) continue;
      int by = order.byteAt(order.body(f));
      if (by == Actor.Value.SELLER_VALUE || by == Actor.Value.MARKETPLACE_VALUE) {
        stop = Math.min(stop, order.at(f));
      } else if (kind == Facts.COMPLAINT_RESOLVED) {
        byOthers = Math.min(byOthers, order.at(f));
      }
    }
    if (byOthers <= due && byOthers < stop) return;
    clocks.add(new ResponseClock(openedAt, due, stop));
  }
}
