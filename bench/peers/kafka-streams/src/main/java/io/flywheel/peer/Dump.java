package io.flywheel.peer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Writes both read models as of an instant that no fact is later than: a line for each row, and the totals under *. */
final class Dump {
  private static final String ALL = "*";
  private static final String[] RATES = {"delivery", "deliveryCost", "description", "service"};

  /** The sums of rows; what running clocks are at the instant is in them already. */
  private static final class Sums {
    final long[] window = new long[RatingDay.COUNTERS];
    long lifetimeRecommended;
    long lifetimeNotRecommended;
    /** For each window of the SLA: within, late, pending, overdue. */
    final long[][] response = new long[Markets.SLA_WINDOWS.length][4];
    boolean complete = true;

    void add(Sums other) {
      for (int i = 0; i < window.length; ++i) window[i] += other.window[i];
      lifetimeRecommended += other.lifetimeRecommended;
      lifetimeNotRecommended += other.lifetimeNotRecommended;
      for (int i = 0; i < response.length; ++i) {
        for (int k = 0; k < 4; ++k) response[i][k] += other.response[i][k];
      }
      complete &= other.complete;
    }
  }

  private final Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores;
  private final long asOf;

  Dump(Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores, long asOf) {
    this.stores = stores;
    this.asOf = asOf;
  }

  void write(Path folder) throws IOException {
    Map<String, Map<String, Sums>> rows = new TreeMap<>();
    try (KeyValueIterator<Bytes, byte[]> sellers = stores.apply(PeerTopology.SELLERS).all()) {
      while (sellers.hasNext()) {
        KeyValue<Bytes, byte[]> entry = sellers.next();
        SellerRow seller = SellerRow.decode(entry.value);
        for (String market : seller.markets) {
          Sums sums = sumsOf(entry.key.get(), market);
          sums.complete = seller.waiting == 0;
          addRow(rows, Keys.text(entry.key.get(), 0, entry.key.get().length), market, sums);
        }
      }
    }
    try (PrintWriter rating = open(folder.resolve("rating.jsonl"));
        PrintWriter sla = open(folder.resolve("sla.jsonl"))) {
      rows.forEach(
          (seller, markets) ->
              markets.forEach(
                  (market, sums) -> {
                    rating.println(ratingLine(seller, market, sums));
                    for (int i = 0; i < Markets.SLA_WINDOWS.length; ++i) {
                      sla.println(slaLine(seller, market, i, sums));
                    }
                  }));
    }
  }

  private static PrintWriter open(Path file) throws IOException {
    return new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8));
  }

  /** The row, and what it adds to the totals. */
  private static void addRow(Map<String, Map<String, Sums>> rows, String seller, String market, Sums sums) {
    for (String s : List.of(seller, ALL)) {
      for (String m : List.of(market, ALL)) {
        rows.computeIfAbsent(s, key -> new TreeMap<>()).computeIfAbsent(m, key -> new Sums()).add(sums);
      }
    }
  }

  private Sums sumsOf(byte[] seller, String market) {
    Sums sums = new Sums();
    int today = Markets.dayOf(market, asOf);
    for (KeyValue<Bytes, byte[]> entry : daysOf(PeerTopology.RATING_DAYS, seller, market)) {
      addRatingDay(RatingDay.decode(entry.value), Keys.dayOf(entry.key.get()), today, sums);
    }
    for (KeyValue<Bytes, byte[]> entry : daysOf(PeerTopology.RESPONSE_DAYS, seller, market)) {
      addResponseDay(ResponseDay.decode(entry.value), today - Keys.dayOf(entry.key.get()), sums);
    }
    return sums;
  }

  private List<KeyValue<Bytes, byte[]>> daysOf(String store, byte[] seller, String market) {
    byte[] code = Keys.utf8(market);
    List<KeyValue<Bytes, byte[]>> days = new ArrayList<>();
    Bytes from = Bytes.wrap(Keys.dayKey(seller, code, 0));
    Bytes to = Bytes.wrap(Keys.dayKey(seller, code, Integer.MAX_VALUE));
    try (KeyValueIterator<Bytes, byte[]> range = stores.apply(store).range(from, to)) {
      range.forEachRemaining(days::add);
    }
    return days;
  }

  private static void addRatingDay(long[] counters, int day, int today, Sums sums) {
    sums.lifetimeRecommended += counters[RatingDay.RECOMMENDED];
    sums.lifetimeNotRecommended += counters[RatingDay.NOT_RECOMMENDED];
    if (day > today) return;
    boolean inWindow = day > today - Markets.RATING_WINDOW_DAYS;
    for (int i = 0; i < RatingDay.COUNTERS; ++i) {
      boolean step = i == RatingDay.UNIQUE_RECOMMENDED || i == RatingDay.UNIQUE_NOT_RECOMMENDED;
      if (step || inWindow) sums.window[i] += counters[i];
    }
  }

  private void addResponseDay(ResponseDay day, int age, Sums sums) {
    for (int i = 0; i < Markets.SLA_WINDOWS.length; ++i) {
      if (age < 0 || age >= Markets.SLA_WINDOWS[i]) continue;
      sums.response[i][0] += day.within;
      sums.response[i][1] += day.late;
      for (long due : day.due) ++sums.response[i][asOf <= due ? 2 : 3];
    }
  }

  /** numerator * scale / denominator, half up, with so many decimals. */
  private static String rounded(long scale, long part, long whole, int decimals) {
    long units = (2 * scale * part + whole) / (2 * whole);
    return java.math.BigDecimal.valueOf(units, decimals).toPlainString();
  }

  private static String ratingLine(String seller, String market, Sums sums) {
    long[] w = sums.window;
    StringBuilder line = new StringBuilder(512);
    line.append("{\"sellerId\":\"").append(seller).append("\",\"market\":\"").append(market);
    line.append("\",\"recommended\":{\"total\":").append(w[RatingDay.RECOMMENDED]);
    line.append(",\"unique\":").append(w[RatingDay.UNIQUE_RECOMMENDED]);
    line.append("},\"notRecommended\":{\"total\":").append(w[RatingDay.NOT_RECOMMENDED]);
    line.append(",\"unique\":").append(w[RatingDay.UNIQUE_NOT_RECOMMENDED]).append('}');
    long voters = w[RatingDay.UNIQUE_RECOMMENDED] + w[RatingDay.UNIQUE_NOT_RECOMMENDED];
    if (voters > 0) {
      line.append(",\"recommendedPercentage\":").append(rounded(1000, w[RatingDay.UNIQUE_RECOMMENDED], voters, 1));
    }
    line.append(",\"rates\":{");
    for (int rate = 0; rate < RATES.length; ++rate) appendRate(rate, w, line);
    line.append("},\"answered\":").append(w[RatingDay.ANSWERED]);
    line.append(",\"removed\":{\"byBuyer\":").append(w[RatingDay.REMOVED]);
    line.append(",\"byMarketplace\":").append(w[RatingDay.REMOVED + 1]);
    line.append(",\"byBuyerAfterCompensation\":").append(w[RatingDay.REMOVED + 2]);
    line.append("},\"lifetime\":{\"recommended\":").append(sums.lifetimeRecommended);
    line.append(",\"notRecommended\":").append(sums.lifetimeNotRecommended);
    return line.append("},\"complete\":").append(sums.complete).append('}').toString();
  }

  private static void appendRate(int rate, long[] w, StringBuilder line) {
    long count = 0;
    long sum = 0;
    StringBuilder distribution = new StringBuilder();
    for (int mark = 1; mark <= 5; ++mark) {
      long marks = w[RatingDay.MARKS + 5 * rate + mark - 1];
      count += marks;
      sum += mark * marks;
      distribution.append(mark == 1 ? "" : ",").append(marks);
    }
    line.append(rate == 0 ? "" : ",").append('"').append(RATES[rate]).append("\":{");
    if (count >= Markets.MARKS_FOR_AVERAGE) {
      line.append("\"average\":").append(rounded(100, sum, count, 2)).append(',');
    }
    line.append("\"distribution\":[").append(distribution).append("]}");
  }

  private static String slaLine(String seller, String market, int window, Sums sums) {
    long[] counts = sums.response[window];
    return String.format(
        "{\"sellerId\":\"%s\",\"market\":\"%s\",\"windowDays\":%d,\"firstResponse\":"
            + "{\"within\":%d,\"late\":%d,\"pending\":%d,\"overdue\":%d},\"complete\":%b}",
        seller, market, Markets.SLA_WINDOWS[window], counts[0], counts[1], counts[2], counts[3], sums.complete);
  }
}
