package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The value of the store "orders", used as its bytes: flags (1), number of facts, or of waiting events while the order
 * is not known (4), then the facts in the order of their acceptance (see Facts), the placing first, which has the market
 * before it. An event costs one walk over the facts and one copy.
 */
final class OrderRow {
  private static final int COUNT = 1;
  private static final int MARKET = 5;
  /** The two letters of the market. */
  private static final int FACTS = 7;
  private static final int KNOWN = 1;
  private static final int HAS_REFUSED = 2;

  private byte[] bytes;
  private ByteBuffer buffer;

  /** REQUIRES: bytes of a row, or null: nothing is known of the order. */
  OrderRow(byte[] bytes) {
    use(bytes == null ? new byte[FACTS] : bytes);
  }

  private void use(byte[] next) {
    bytes = next;
    buffer = ByteBuffer.wrap(next);
  }

  byte[] bytes() {
    return bytes;
  }

  boolean known() {
    return (bytes[0] & KNOWN) != 0;
  }

  /** An event about the order stands in quarantine as refused. */
  boolean hasRefused() {
    return (bytes[0] & HAS_REFUSED) != 0;
  }

  int count() {
    return buffer.getInt(COUNT);
  }

  String market() {
    return Keys.text(bytes, MARKET, 2);
  }

  boolean isOfMarket(String market) {
    return market.length() == 2 && market.charAt(0) == bytes[MARKET] && market.charAt(1) == bytes[MARKET + 1];
  }

  /** Changes go to a copy: the bytes of a store's cache are the store's. */
  void markRefused() {
    use(bytes.clone());
    bytes[0] |= HAS_REFUSED;
  }

  void addWaiting(int change) {
    use(bytes.clone());
    buffer.putInt(COUNT, count() + change);
  }

  void place(String market, byte[] fact, int length) {
    byte[] next = new byte[FACTS + length];
    next[0] = (byte) (bytes[0] | KNOWN);
    next[MARKET] = (byte) market.charAt(0);
    next[MARKET + 1] = (byte) market.charAt(1);
    System.arraycopy(fact, 0, next, FACTS, length);
    use(next);
    buffer.putInt(COUNT, 1);
  }

  void append(byte[] fact, int length) {
    byte[] next = Arrays.copyOf(bytes, bytes.length + length);
    System.arraycopy(fact, 0, next, bytes.length, length);
    use(next);
    buffer.putInt(COUNT, count() + 1);
  }

  // --- Walking: for (int f = row.first(); f < row.end(); f = row.next(f)), f being a fact's place.

  int first() {
    return FACTS;
  }

  int end() {
    return bytes.length;
  }

  int next(int fact) {
    return fact + 4 + buffer.getInt(fact);
  }

  int kind(int fact) {
    return bytes[fact + Facts.KIND];
  }

  long at(int fact) {
    return buffer.getLong(fact + Facts.AT);
  }

  private int idLength(int fact) {
    return buffer.getShort(fact + Facts.ID_LENGTH) & 0xffff;
  }

  /** Where the bytes of the kind begin. */
  int body(int fact) {
    return fact + Facts.ID + idLength(fact);
  }

  byte byteAt(int place) {
    return bytes[place];
  }

  ByteBuffer bodyOf(int fact) {
    return buffer.duplicate().position(body(fact));
  }

  byte[] id(int fact) {
    return Arrays.copyOfRange(bytes, fact + Facts.ID, body(fact));
  }

  boolean sameId(int fact, int other) {
    return sameId(fact, bytes, other);
  }

  boolean sameId(int fact, byte[] others, int other) {
    int length = idLength(fact) + 2;
    int a = fact + Facts.ID_LENGTH;
    int b = other + Facts.ID_LENGTH;
    return b + length <= others.length && Arrays.equals(bytes, a, a + length, others, b, b + length);
  }

  /** The act that the fact states is in the row: the last column of the table of events. */
  boolean knowsAct(byte[] fact, int length) {
    int kind = fact[Facts.KIND];
    for (int f = first(); f < end(); f = next(f)) {
      if (bytes[f + Facts.KIND] == kind && isSameAct(f, kind, fact, length)) return true;
    }
    return false;
  }

  private boolean isSameAct(int f, int kind, byte[] fact, int length) {
    if (kind <= Facts.ORDER_CANCELLED || kind == Facts.REVIEW_POSTED) return true;
    boolean timed =
        kind == Facts.PARCEL_SCANNED
            || kind == Facts.COMPLAINT_RESOLVED
            || kind == Facts.COMPLAINT_REOPENED
            || kind == Facts.COMPLAINT_ESCALATED
            || kind == Facts.REVIEW_EDITED;
    if (timed && !Arrays.equals(bytes, f + Facts.AT, f + Facts.AT + 8, fact, Facts.AT, Facts.AT + 8)) return false;
    if (!sameId(f, fact, 0)) return false;
    if (kind == Facts.PARCEL_SCANNED) return bytes[body(f)] == fact[length - 1];
    if (kind != Facts.COMPLAINT_MESSAGE_POSTED) return true;
    int message = Facts.ID + idLength(f) + 1;
    return Arrays.equals(bytes, body(f) + 1, next(f), fact, message, length);
  }
}
