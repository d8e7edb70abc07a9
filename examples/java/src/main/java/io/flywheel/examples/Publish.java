package io.flywheel.examples;

import com.google.protobuf.Timestamp;
import io.flywheel.events.v1.Delivery;
import io.flywheel.events.v1.DeliveryMethod;
import io.flywheel.events.v1.Event;
import io.flywheel.events.v1.Money;
import io.flywheel.events.v1.OrderLine;
import io.flywheel.events.v1.OrderPlaced;
import io.flywheel.events.v1.Rates;
import io.flywheel.events.v1.ReviewPosted;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes that somebody bought a mug, and that the buyer recommends the seller. */
public final class Publish {
  private static final String SOURCE = "example-java";
  private static final String SELLER = "example-java";

  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: Publish BROKERS NAME, e.g. 127.0.0.1:19092 flywheel");
      System.exit(2);
    }
    String topic = args[1] + ".inbox";
    String order = "order-" + UUID.randomUUID();
    String buyer = "buyer-" + UUID.randomUUID();
    // Instants are milliseconds; what is finer is cut off.
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    Event bought =
        event(now.minusSeconds(60))
            .setOrderPlaced(
                OrderPlaced.newBuilder()
                    .setOrderId(order)
                    .setBuyerId(buyer)
                    .addLines(
                        OrderLine.newBuilder()
                            .setLineId("1")
                            .setOfferId("mug")
                            .setQuantity(1)
                            .setUnitPrice(zloty(4990)))
                    .setTotal(zloty(4990))
                    .setDelivery(Delivery.newBuilder().setMethod(DeliveryMethod.Value.LOCKER)))
            .build();
    Event reviewed =
        event(now)
            .setReviewPosted(
                ReviewPosted.newBuilder()
                    .setOrderId(order)
                    .setReviewId("review-" + order)
                    .setBuyerId(buyer)
                    .setRecommended(true)
                    .setRates(Rates.newBuilder().setDelivery(5).setService(5)))
            .build();

    Properties settings = new Properties();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    // An event is safe once every broker that keeps a copy has it. (The default, said aloud.)
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd");
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      for (Event event : new Event[] {bought, reviewed}) {
        // get() waits for the broker's answer and throws where it refuses. Who publishes much sends
        // much first and looks at the answers in the callback.
        RecordMetadata place = producer.send(message(topic, event)).get();
        System.out.printf("%s %s is at %s%n", type(event), event.getEventId(), place);
      }
    }
    System.out.printf("order %s of seller %s%n", order, SELLER);
  }

  /** What every event says. Flywheel itself sets recorded_at. */
  private static Event.Builder event(Instant at) {
    return Event.newBuilder()
        .setEventId(UUID.randomUUID().toString())
        .setOccurredAt(
            Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()))
        .setSellerId(SELLER)
        .setMarket("PL")
        .setSource(SOURCE);
  }

  /** Any key will do. The seller's keeps a seller's events in order while they wait in the inbox. */
  private static ProducerRecord<String, byte[]> message(String topic, Event event) {
    ProducerRecord<String, byte[]> record =
        new ProducerRecord<>(topic, event.getSellerId(), event.toByteArray());
    Instant at =
        Instant.ofEpochSecond(
            event.getOccurredAt().getSeconds(), event.getOccurredAt().getNanos());
    // CloudEvents in binary mode, for whoever routes by them; Flywheel does without them, too. Where
    // they are given they say the same as the event.
    header(record, "ce_specversion", "1.0");
    header(record, "ce_id", event.getEventId());
    header(record, "ce_type", type(event));
    header(record, "ce_source", event.getSource());
    header(record, "ce_time", at.toString());
    header(record, "content-type", "application/protobuf");
    return record;
  }

  /** The payload's full name, e.g. flywheel.events.v1.OrderPlaced. */
  private static String type(Event event) {
    return Event.getDescriptor()
        .findFieldByNumber(event.getPayloadCase().getNumber())
        .getMessageType()
        .getFullName();
  }

  private static void header(ProducerRecord<String, byte[]> record, String name, String value) {
    record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static Money zloty(long grosz) {
    return Money.newBuilder().setAmountMinor(grosz).setCurrency("PLN").build();
  }

  private Publish() {}
}
