// The log of a narrated history on Kafka, each record at the place where it was told.
#ifndef FLYWHEEL_TESTS_KAFKA_ENGINE_HISTORY_ON_KAFKA_H_
#define FLYWHEEL_TESTS_KAFKA_ENGINE_HISTORY_ON_KAFKA_H_

#include <memory>

#include "events/kafka/address.h"
#include "events/kafka/kafka_log.h"
#include "property/narration.h"

namespace flywheel {

// Whether Kafka can hold the records at these places: its gaps are the marks that end transactions
// and what was aborted, so a log cannot begin with a gap of one.
bool FitsKafka(const Narration& narration);

// Operation: a topic of its own on the shared broker. The records are appended through KafkaLog;
// where the narrated log has gaps, another producer has aborted a transaction, or committed the
// record before the gap in one. The topic goes with the broker.
//
// Concurrency: one thread. Errors: throws std::runtime_error where the broker does not do its part.
class HistoryOnKafka {
 public:
  // REQUIRES: FitsKafka.
  explicit HistoryOnKafka(const Narration& narration);
  HistoryOnKafka(const HistoryOnKafka&) = delete;
  HistoryOnKafka& operator=(const HistoryOnKafka&) = delete;

  // By which the records were appended.
  KafkaLog& log() { return *log_; }
  // Another connection.
  std::unique_ptr<KafkaLog> Open() const;

 private:
  class Writer;

  KafkaAddress address_;
  std::unique_ptr<KafkaLog> log_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_ENGINE_HISTORY_ON_KAFKA_H_
