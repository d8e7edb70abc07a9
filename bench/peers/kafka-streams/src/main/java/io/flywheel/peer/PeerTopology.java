package io.flywheel.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import io.flywheel.log.v1.Record;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The log's topic, one processor, and its stores: RocksDB, cached, each with a changelog topic. */
final class PeerTopology {
  static final String ORDERS = "orders";
  static final String SELLERS = "sellers";
  static final String BUYERS = "buyers";
  static final String RATING_DAYS = "rating-days";
  static final String RESPONSE_DAYS = "response-days";
  static final String WAITING = "waiting";
  static final String DEADLINES = "deadlines";
  static final String QUARANTINE = "quarantine";
  static final String IDENTITIES = "identities";
  static final List<String> STORES =
      List.of(ORDERS, SELLERS, BUYERS, RATING_DAYS, RESPONSE_DAYS, WAITING, DEADLINES, QUARANTINE, IDENTITIES);

  private PeerTopology() {}

  static Topology of(String topic, Map<String, String> changelog, Counts counts) {
    Topology topology = new Topology();
    topology.addSource(
        Topology.AutoOffsetReset.EARLIEST, "log", new RecordedAt(), Serdes.ByteArray().deserializer(), PARSE, topic);
    topology.addProcessor("fold", () -> new Fold(counts), "log");
    for (String store : STORES) topology.addStateStore(store(store, changelog), "fold");
    return topology;
  }

  /** The rows are their own bytes: nothing is serialized that is not kept. */
  private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name, Map<String, String> changelog) {
    return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
        .withCachingEnabled()
        .withLoggingEnabled(changelog);
  }

  /** A record is parsed once, here. */
  private static final Deserializer<Record> PARSE =
      (topic, bytes) -> {
        try {
          return Record.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
          throw new org.apache.kafka.common.errors.SerializationException(e);
        }
      };

  /** Stream time is the greatest recorded_at so far, which is what the time to wait goes by. */
  private static final class RecordedAt implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      return Math.max(0, Facts.millis(((Record) record.value()).getEvent().getRecordedAt()));
    }
  }
}
