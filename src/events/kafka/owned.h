// What librdkafka gives and wants back by a function of its own.
#ifndef FLYWHEEL_EVENTS_KAFKA_OWNED_H_
#define FLYWHEEL_EVENTS_KAFKA_OWNED_H_

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <memory>

namespace flywheel::rdkafka {

template <auto kDestroy>
struct DestroyedBy {
  template <class Object>
  void operator()(Object* object) const {
    kDestroy(object);
  }
};
template <class Object, auto kDestroy>
using Owned = std::unique_ptr<Object, DestroyedBy<kDestroy>>;

using Conf = Owned<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using Event = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using Message = Owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using Metadata = Owned<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Topic = Owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;

inline PartitionList NewPartitionList(size_t size) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using ConfigResource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;

}  // namespace flywheel::rdkafka

#endif  // FLYWHEEL_EVENTS_KAFKA_OWNED_H_
