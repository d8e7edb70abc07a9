package io.flywheel.peer;

import java.nio.ByteBuffer;

/** The value of the store "rating-days": what the reviews of a seller, market and local day add up to. */
final class RatingDay {
  static final int RECOMMENDED = 0;
  static final int NOT_RECOMMENDED = 1;
  /** Steps: the unique counts of the window that ends on a day are the sums of these up to that day. */
  static final int UNIQUE_RECOMMENDED = 2;
  static final int UNIQUE_NOT_RECOMMENDED = 3;
  /** Five marks of each of the four rates. */
  static final int MARKS = 4;
  static final int ANSWERED = 24;
  /** By the buyer, the marketplace, the buyer after compensation: of the day of the removal. */
  static final int REMOVED = 25;
  static final int COUNTERS = 28;

  private RatingDay() {}

  static long[] decode(byte[] bytes) {
    long[] counters = new long[COUNTERS];
    if (bytes == null) return counters;
    ByteBuffer in = ByteBuffer.wrap(bytes);
    for (int i = 0; i < COUNTERS; ++i) counters[i] = in.getInt();
    return counters;
  }

  static byte[] encode(long[] counters) {
    ByteBuffer out = ByteBuffer.allocate(4 * COUNTERS);
    for (long counter : counters) out.putInt(Math.toIntExact(counter));
    return out.array();
  }
}
