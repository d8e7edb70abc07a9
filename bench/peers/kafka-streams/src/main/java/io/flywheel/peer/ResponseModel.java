package io.flywheel.peer;

import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the clocks of firstResponse by the local day on which they opened. */
final class ResponseModel {
  private final KeyValueStore<Bytes, byte[]> days;

  ResponseModel(KeyValueStore<Bytes, byte[]> days) {
    this.days = days;
  }

  void change(byte[] seller, String market, List<ResponseClock> before, List<ResponseClock> after) {
    if (before.equals(after)) return;
    byte[] code = Keys.utf8(market);
    for (ResponseClock clock : before) count(seller, market, code, clock, -1);
    for (ResponseClock clock : after) count(seller, market, code, clock, 1);
  }

  private void count(byte[] seller, String market, byte[] code, ResponseClock clock, int sign) {
    Bytes key = Bytes.wrap(Keys.dayKey(seller, code, Markets.dayOf(market, clock.openedAt())));
    ResponseDay day = ResponseDay.decode(days.get(key));
    day.add(clock, sign);
    days.put(key, day.encode());
  }
}
