// The bytes of what the inbox refused, for a person to look at.
#ifndef FLYWHEEL_EVENTS_KAFKA_REFUSED_READER_H_
#define FLYWHEEL_EVENTS_KAFKA_REFUSED_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/settings.h"

namespace flywheel {

// What the Refused record says of the bytes.
struct RefusedSearch {
  std::string source;        // the inbox
  std::string source_place;  // "3@1278"
  std::string sha256;
  uint64_t length = 0;
  Instant recorded_at;
};

struct RefusedMessage {
  std::string topic;  // where they were found
  std::string bytes;
  bool whole = true;  // false: the first kMaxRefusedBytes of a longer message
  // Those of the message, where it stands in the inbox; the side store does not keep them.
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

// Looks in the inbox itself, at the message's place, and then in the side store <name>.refused,
// among what was put there within ten minutes of the record. Bytes whose hash is another are not
// taken: a topic that was made anew has other messages at its places. nullopt: neither has them any
// more.
//
// Errors: those of the brokers; Unavailable where they do not answer within `timeout`.
absl::StatusOr<std::optional<RefusedMessage>> FindRefusedMessage(const KafkaAddress& address,
                                                                 const KafkaSettings& settings,
                                                                 const RefusedSearch& search,
                                                                 absl::Duration timeout,
                                                                 const KafkaLogSink& log);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_REFUSED_READER_H_
