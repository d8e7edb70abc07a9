package io.flywheel.peer;

import io.flywheel.events.v1.Event;
import io.flywheel.peer.Acceptance.Verdict;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What was not accepted, or not yet. Entries stand in the store "quarantine" by their place in the log: code (1; WAITS
 * while the event waits), repeats (8), the key of the order. The store "identities" leads from the content of an event
 * to its entry.
 */
final class Quarantine {
  private static final byte WAITS = -1;

  private final KeyValueStore<Bytes, byte[]> entries;
  private final KeyValueStore<Bytes, byte[]> identities;
  private final MessageDigest digest;

  Quarantine(KeyValueStore<Bytes, byte[]> entries, KeyValueStore<Bytes, byte[]> identities) {
    this.entries = entries;
    this.identities = identities;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Bytes keyOf(long offset) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(offset).array());
  }

  private Bytes identityOf(Event event) {
    Event content =
        event.toBuilder().clearEventId().clearRecordedAt().clearCorrelationId().clearCausationId().build();
    return Bytes.wrap(digest.digest(content.toByteArray()));
  }

  /** True where the same content stands here: it counts there and nowhere else. */
  boolean countRepeat(Event event) {
    byte[] place = identities.get(identityOf(event));
    if (place == null) return false;
    Bytes key = Bytes.wrap(place);
    byte[] entry = entries.get(key).clone();
    ByteBuffer row = ByteBuffer.wrap(entry);
    row.putLong(1, row.getLong(1) + 1);
    entries.put(key, entry);
    return true;
  }

  private void put(long offset, byte code, byte[] order) {
    ByteBuffer entry = ByteBuffer.allocate(9 + order.length);
    entry.put(code).putLong(0).put(order);
    entries.put(keyOf(offset), entry.array());
  }

  void refuse(long offset, Event event, byte[] order, Verdict why) {
    put(offset, (byte) why.ordinal(), order);
    identities.put(identityOf(event), keyOf(offset).get());
  }

  void addWaiting(long offset, Event event, byte[] order) {
    put(offset, WAITS, order);
    identities.put(identityOf(event), keyOf(offset).get());
  }

  /** The entry waited; now it stands as refused. */
  void refuseWaiting(long offset, Verdict why) {
    byte[] entry = entries.get(keyOf(offset)).clone();
    entry[0] = (byte) why.ordinal();
    entries.put(keyOf(offset), entry);
  }

  void leave(long offset, Event event) {
    entries.delete(keyOf(offset));
    identities.delete(identityOf(event));
  }
}
