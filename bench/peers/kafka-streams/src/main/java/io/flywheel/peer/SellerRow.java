package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The value of the store "sellers". */
final class SellerRow {
  private record Standing(String market, long at) {}

  boolean registered;
  /** Events that wait for their orders. */
  int waiting;
  /** Those in which the seller has rows. */
  final List<String> markets = new ArrayList<>(2);
  private final List<Standing> standings = new ArrayList<>(2);

  static SellerRow decode(byte[] bytes) {
    SellerRow row = new SellerRow();
    if (bytes == null) return row;
    ByteBuffer in = ByteBuffer.wrap(bytes);
    row.registered = in.get() != 0;
    row.waiting = in.getInt();
    for (int left = in.getShort(); left > 0; --left) row.markets.add(readMarket(in));
    while (in.hasRemaining()) row.standings.add(new Standing(readMarket(in), in.getLong()));
    return row;
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(7 + 2 * markets.size() + 10 * standings.size());
    out.put((byte) (registered ? 1 : 0)).putInt(waiting).putShort((short) markets.size());
    for (String market : markets) out.put(Keys.utf8(market));
    for (Standing standing : standings) out.put(Keys.utf8(standing.market)).putLong(standing.at);
    return out.array();
  }

  /** False where the market is named already. */
  boolean nameMarket(String market) {
    return !markets.contains(market) && markets.add(market);
  }

  /** False where the same act is known. */
  boolean addStanding(String market, long at) {
    Standing standing = new Standing(market, at);
    return !standings.contains(standing) && standings.add(standing);
  }

  private static String readMarket(ByteBuffer in) {
    byte[] market = new byte[2];
    in.get(market);
    return Keys.text(market, 0, 2);
  }
}
