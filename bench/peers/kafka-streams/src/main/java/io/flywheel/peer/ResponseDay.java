package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The value of the store "response-days": the clocks of a seller and market that opened on a local day. */
final class ResponseDay {
  int within;
  int late;
  /** The due instants of those that run, in no order. */
  long[] due = new long[0];

  static ResponseDay decode(byte[] bytes) {
    ResponseDay day = new ResponseDay();
    if (bytes == null) return day;
    ByteBuffer in = ByteBuffer.wrap(bytes);
    day.within = in.getInt();
    day.late = in.getInt();
    day.due = new long[in.remaining() / 8];
    in.asLongBuffer().get(day.due);
    return day;
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(8 + 8 * due.length);
    out.putInt(within).putInt(late);
    out.asLongBuffer().put(due);
    return out.array();
  }

  void add(ResponseClock clock, int sign) {
    if (!clock.runs()) {
      if (clock.within()) {
        within += sign;
      } else {
        late += sign;
      }
    } else if (sign > 0) {
      due = Arrays.copyOf(due, due.length + 1);
      due[due.length - 1] = clock.due();
    } else {
      int at = 0;
      while (due[at] != clock.due()) ++at;
      due[at] = due[due.length - 1];
      due = Arrays.copyOf(due, due.length - 1);
    }
  }
}
