package io.flywheel.peer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the rating: a change of an order's review changes the day's sums and the votes of its buyer. */
final class RatingModel {
  /** A standing review of a buyer; the value of the store "buyers" is a list of them. */
  private record Vote(long at, byte[] reviewId, byte[] orderId, boolean recommended) {}

  private static final Comparator<Vote> LATEST_LAST =
      Comparator.comparingLong(Vote::at)
          .thenComparing(Vote::reviewId, Arrays::compareUnsigned)
          .thenComparing(Vote::orderId, Arrays::compareUnsigned);

  private final KeyValueStore<Bytes, byte[]> days;
  private final KeyValueStore<Bytes, byte[]> buyers;

  RatingModel(KeyValueStore<Bytes, byte[]> days, KeyValueStore<Bytes, byte[]> buyers) {
    this.days = days;
    this.buyers = buyers;
  }

  /** REQUIRES: one of the two is not null. */
  void change(byte[] seller, String market, byte[] orderId, byte[] buyer, Review before, Review after) {
    if (after != null && after.same(before)) return;
    byte[] code = Keys.utf8(market);
    if (before != null) count(seller, market, code, before, -1);
    if (after != null) count(seller, market, code, after, 1);
    boolean stood = before != null && !before.removed();
    boolean stands = after != null && !after.removed();
    if (!stood && !stands) return;
    if (stood && stands && before.recommended() == after.recommended()) return;
    Bytes key = Bytes.wrap(Keys.key(0, seller, code, buyer));
    List<Vote> votes = decode(buyers.get(key));
    step(seller, market, code, votes, -1);
    votes.removeIf(vote -> Arrays.equals(vote.orderId, orderId));
    if (stands) votes.add(new Vote(after.postedAt(), after.id(), orderId, after.recommended()));
    votes.sort(LATEST_LAST);
    step(seller, market, code, votes, 1);
    buyers.put(key, votes.isEmpty() ? null : encode(votes));
  }

  /** All that is counted by review. */
  private void count(byte[] seller, String market, byte[] code, Review review, int sign) {
    if (review.removed()) {
      int counter = RatingDay.REMOVED + review.removedBy() - 1;
      add(seller, code, Markets.dayOf(market, review.removedAt()), counter, sign);
      return;
    }
    Bytes key = Bytes.wrap(Keys.dayKey(seller, code, Markets.dayOf(market, review.postedAt())));
    long[] counters = RatingDay.decode(days.get(key));
    counters[review.recommended() ? RatingDay.RECOMMENDED : RatingDay.NOT_RECOMMENDED] += sign;
    for (int rate = 0; rate < Review.MARKS; ++rate) {
      int mark = review.marks()[rate];
      if (mark >= 1 && mark <= 5) counters[RatingDay.MARKS + 5 * rate + mark - 1] += sign;
    }
    if (review.answered()) counters[RatingDay.ANSWERED] += sign;
    days.put(key, RatingDay.encode(counters));
  }

  /** Each vote counts from its day until the buyer's next one, at most as long as the window is. */
  private void step(byte[] seller, String market, byte[] code, List<Vote> votes, int sign) {
    for (int i = 0; i < votes.size(); ++i) {
      int from = Markets.dayOf(market, votes.get(i).at);
      int to = from + Markets.RATING_WINDOW_DAYS;
      if (i + 1 < votes.size()) to = Math.min(to, Markets.dayOf(market, votes.get(i + 1).at));
      if (from == to) continue;
      int counter = votes.get(i).recommended ? RatingDay.UNIQUE_RECOMMENDED : RatingDay.UNIQUE_NOT_RECOMMENDED;
      add(seller, code, from, counter, sign);
      add(seller, code, to, counter, -sign);
    }
  }

  private void add(byte[] seller, byte[] code, int day, int counter, int change) {
    Bytes key = Bytes.wrap(Keys.dayKey(seller, code, day));
    long[] counters = RatingDay.decode(days.get(key));
    counters[counter] += change;
    days.put(key, RatingDay.encode(counters));
  }

  private static List<Vote> decode(byte[] bytes) {
    List<Vote> votes = new ArrayList<>(2);
    if (bytes == null) return votes;
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      long at = in.getLong();
      boolean recommended = in.get() != 0;
      votes.add(new Vote(at, readId(in), readId(in), recommended));
    }
    return votes;
  }

  private static byte[] readId(ByteBuffer in) {
    byte[] id = new byte[in.getShort()];
    in.get(id);
    return id;
  }

  private static byte[] encode(List<Vote> votes) {
    int length = 0;
    for (Vote vote : votes) length += 13 + vote.reviewId.length + vote.orderId.length;
    ByteBuffer out = ByteBuffer.allocate(length);
    for (Vote vote : votes) {
      out.putLong(vote.at).put((byte) (vote.recommended ? 1 : 0));
      out.putShort((short) vote.reviewId.length).put(vote.reviewId);
      out.putShort((short) vote.orderId.length).put(vote.orderId);
    }
    return out.array();
  }
}
