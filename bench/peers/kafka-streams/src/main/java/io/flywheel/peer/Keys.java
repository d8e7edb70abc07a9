package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes of rows and keys. Ids hold no control characters, so a zero byte parts them in a key. */
final class Keys {
  /** More than the longest fact (1,000 lines with ids of 256 bytes). */
  static final int MAX_FACT = 512 * 1024;

  private Keys() {}

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes, int from, int length) {
    return new String(bytes, from, length, StandardCharsets.UTF_8);
  }

  /** The parts with a zero byte after each; {@code room} bytes are left free at the end. */
  static byte[] key(int room, byte[]... parts) {
    int length = room;
    for (byte[] part : parts) length += part.length + 1;
    byte[] key = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, key, at, part.length);
      at += part.length + 1;
    }
    return key;
  }

  /** A key that ends in a day; days before 1970 do not occur. */
  static byte[] dayKey(byte[] seller, byte[] market, int day) {
    byte[] key = key(4, seller, market);
    ByteBuffer.wrap(key).putInt(key.length - 4, day);
    return key;
  }

  static int dayOf(byte[] key) {
    return ByteBuffer.wrap(key).getInt(key.length - 4);
  }

  /** The first part of a key. */
  static byte[] sellerOf(byte[] key) {
    int end = 0;
    while (key[end] != 0) ++end;
    return Arrays.copyOf(key, end);
  }

  /** The prefix and a number that sorts. */
  static byte[] withLong(byte[] prefix, long number) {
    byte[] key = Arrays.copyOf(prefix, prefix.length + 8);
    ByteBuffer.wrap(key).putLong(prefix.length, number);
    return key;
  }

  static long lastLong(byte[] key) {
    return ByteBuffer.wrap(key).getLong(key.length - 8);
  }
}
