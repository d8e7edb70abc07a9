package io.flywheel.peer;

import com.sun.management.OperatingSystemMXBean;
import io.flywheel.peer.Acceptance.Verdict;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * Two of Flywheel's read models on Kafka Streams. Arguments: run|dump BROKERS TOPIC APPLICATION STATE_FOLDER, and of
 * dump FOLDER AS_OF.
 *
 * <p>run folds to where the log ends (-Dlimit=N: about N records, to try a setting) and leaves everything committed. dump writes the rows; where the state folder is
 * lost it is restored from the changelog topics first. The last line on standard output says what was done.
 */
public final class Main {
  private static final Duration PATIENCE = Duration.ofHours(1);

  private final Counts counts = new Counts();
  private final AtomicLong restored = new AtomicLong();
  private final KafkaStreams streams;

  private Main(String brokers, String topic, String application, String stateFolder) {
    Properties settings = Settings.of(brokers, application, stateFolder);
    streams = new KafkaStreams(PeerTopology.of(topic, Settings.changelog(), counts), settings);
    streams.setUncaughtExceptionHandler(
        failure -> {
          failure.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setGlobalStateRestoreListener(new CountRestored());
  }

  private final class CountRestored implements StateRestoreListener {
    @Override
    public void onRestoreStart(TopicPartition partition, String store, long start, long end) {}

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long number) {
      restored.addAndGet(number);
    }

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {}
  }

  public static void main(String[] arguments) throws Exception {
    boolean dump = arguments[0].equals("dump");
    Main peer = new Main(arguments[1], arguments[2], arguments[3], arguments[4]);
    long started = System.nanoTime();
    double startedCpu = cpuSeconds();
    long end = Math.min(endOf(arguments[1], arguments[2]), Long.getLong("limit", Long.MAX_VALUE));
    peer.streams.start();
    peer.await(State.RUNNING);
    double running = secondsSince(started);
    double runningCpu = cpuSeconds();
    if (dump) {
      new Dump(peer::store, Instant.parse(arguments[6]).toEpochMilli()).write(Path.of(arguments[5]));
    } else {
      while (peer.counts.next.get() < end) {
        peer.checkAlive();
        Thread.sleep(20);
      }
    }
    // Who comes next need not wait until the brokers miss this one.
    CloseOptions leave =
        CloseOptions.timeout(PATIENCE)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    if (!peer.streams.close(leave)) throw new IllegalStateException("the streams do not close");
    System.out.println(
        String.format(
            "{\"running_s\":%.2f,\"running_cpu_s\":%.2f,\"restored\":%d,\"done_s\":%.2f,\"cpu_s\":%.2f,\"start_cpu_s\":%.2f,%s}",
            running, runningCpu, peer.restored.get(), secondsSince(started), cpuSeconds(), startedCpu,
            peer.countsText()));
  }

  private String countsText() {
    return String.format(
        "\"records\":%d,\"accepted\":%d,\"duplicates\":%d,\"repeats\":%d,\"waiting\":%d,\"refused\":%d",
        counts.records.get(), counts.of(Verdict.ACCEPTED), counts.of(Verdict.DUPLICATE), counts.repeats.get(),
        counts.waiting.get(), counts.refused());
  }

  private ReadOnlyKeyValueStore<Bytes, byte[]> store(String name) {
    return streams.store(StoreQueryParameters.fromNameAndType(name, QueryableStoreTypes.keyValueStore()));
  }

  private void checkAlive() {
    if (streams.state() == State.ERROR || streams.state().hasCompletedShutdown()) {
      throw new IllegalStateException("the streams are " + streams.state());
    }
  }

  private void await(State state) throws InterruptedException {
    while (streams.state() != state) {
      checkAlive();
      Thread.sleep(10);
    }
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static double cpuSeconds() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }

  private static long endOf(String brokers, String topic) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    TopicPartition partition = new TopicPartition(topic, 0);
    try (Admin admin = Admin.create(settings)) {
      return admin
          .listOffsets(java.util.Map.of(partition, OffsetSpec.latest()))
          .partitionResult(partition)
          .get()
          .offset();
    }
  }
}
