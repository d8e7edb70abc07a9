package io.flywheel.peer;

import io.flywheel.events.v1.RemovedBy;
import java.util.Arrays;

/** What an order's review contributes, once all that is in the log has happened. */
record Review(int place, byte[] id, long postedAt, boolean recommended, byte[] marks, boolean answered, int removedBy,
    long removedAt) {
  static final int MARKS = 4;

  boolean removed() {
    return removedBy != RemovedBy.Value.UNSPECIFIED_VALUE;
  }

  boolean same(Review other) {
    return other != null
        && recommended == other.recommended
        && answered == other.answered
        && removedBy == other.removedBy
        && Arrays.equals(marks, other.marks);
  }

  /** Null where the order has no review. */
  static Review of(OrderRow order) {
    if (!order.known()) return null;
    int posted = -1;
    for (int f = order.first(); f < order.end() && posted < 0; f = order.next(f)) {
      if (order.kind(f) == Facts.REVIEW_POSTED) posted = f;
    }
    if (posted < 0) return null;
    int opinion = posted;
    boolean answered = false;
    int removed = -1;
    for (int f = order.first(); f < order.end(); f = order.next(f)) {
      int kind = order.kind(f);
      if (kind < Facts.REVIEW_EDITED || kind > Facts.REVIEW_REMOVED || !order.sameId(f, posted)) continue;
      if (kind == Facts.REVIEW_EDITED && order.at(f) >= order.at(opinion)) opinion = f;
      if (kind == Facts.REVIEW_ANSWERED) answered = true;
      if (kind == Facts.REVIEW_REMOVED) removed = f;
    }
    int body = order.body(opinion);
    byte[] marks = new byte[MARKS];
    for (int rate = 0; rate < MARKS; ++rate) marks[rate] = order.byteAt(body + 1 + rate);
    return new Review(
        posted,
        order.id(posted),
        order.at(posted),
        order.byteAt(body) != 0,
        marks,
        answered,
        removed < 0 ? 0 : order.byteAt(order.body(removed)),
        removed < 0 ? 0 : order.at(removed));
  }
}
