package io.flywheel.peer;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Map;

/** The markets of the built-in policy and their calendars. Days are counted from 1970-01-01. */
final class Markets {
  static final int REVIEW_MONTHS = 12;
  static final int RATING_WINDOW_DAYS = 365;
  static final int MARKS_FOR_AVERAGE = 10;
  static final int FACTS_PER_ORDER = 2_000;
  static final int WAITING_PER_ORDER = 1_000;
  static final int WAITING_PER_SELLER = 100_000;
  static final long WAITING_LIMIT_MS = 90L * 24 * 3_600_000;
  static final long FIRST_RESPONSE_MS = 24L * 3_600_000;
  static final int[] SLA_WINDOWS = {1, 7, 30, 90};

  private static final long DAY_MS = 24L * 3_600_000;
  private static final Map<String, ZoneId> ZONES =
      Map.of(
          "PL", ZoneId.of("Europe/Warsaw"),
          "CZ", ZoneId.of("Europe/Prague"),
          "SK", ZoneId.of("Europe/Bratislava"),
          "HU", ZoneId.of("Europe/Budapest"),
          "SI", ZoneId.of("Europe/Ljubljana"),
          "HR", ZoneId.of("Europe/Zagreb"),
          "BR", ZoneId.of("America/Sao_Paulo"));

  private Markets() {}

  static int dayOf(String market, long instant) {
    int offset = ZONES.get(market).getRules().getOffset(Instant.ofEpochMilli(instant)).getTotalSeconds();
    return (int) Math.floorDiv(instant + offset * 1000L, DAY_MS);
  }

  /** The last millisecond of the local day so many months after that of the instant. */
  static long endOfDayMonthsAfter(String market, long instant, int months) {
    ZoneId zone = ZONES.get(market);
    LocalDate day = LocalDate.ofEpochDay(dayOf(market, instant)).plusMonths(months);
    return day.plusDays(1).atStartOfDay(zone).toInstant().toEpochMilli() - 1;
  }
}
