package io.flywheel.peer;

import io.flywheel.peer.Acceptance.Verdict;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** What this process has done since it started. Written by the stream thread, read by any. */
final class Counts {
  final AtomicLong records = new AtomicLong();
  final AtomicLong repeats = new AtomicLong();
  final AtomicLong waiting = new AtomicLong();
  /** The offset after the last record that was folded. */
  final AtomicLong next = new AtomicLong();
  private final AtomicLongArray verdicts = new AtomicLongArray(Verdict.values().length);

  void count(Verdict verdict) {
    int at = verdict.ordinal();
    verdicts.lazySet(at, verdicts.getPlain(at) + 1);
  }

  static void increment(AtomicLong counter, long change) {
    counter.lazySet(counter.getPlain() + change);
  }

  long of(Verdict verdict) {
    return verdicts.get(verdict.ordinal());
  }

  long refused() {
    long refused = 0;
    for (Verdict verdict : Verdict.values()) {
      if (verdict.compareTo(Verdict.DUPLICATE) > 0) refused += of(verdict);
    }
    return refused;
  }
}
