// What the error codes of Kafka and librdkafka mean to a caller: the one place.
#ifndef FLYWHEEL_EVENTS_KAFKA_ERRORS_H_
#define FLYWHEEL_EVENTS_KAFKA_ERRORS_H_

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "absl/status/status.h"

namespace flywheel {

// "<what>: <why>", where `what` is a clause like "reading shop.log". OK for NO_ERROR.
//
// Unavailable: a broker away, a timeout, a leader being chosen, too few copies: try again.
// PermissionDenied: authentication, authorization. NotFound: no such topic. InvalidArgument: a
// record too large, a stamp out of range, a setting. OutOfRange: an offset that is not there.
// DataLoss: bytes that are damaged. ResourceExhausted: a full queue. FailedPrecondition: what this
// broker or client cannot do.
absl::Status KafkaStatus(rd_kafka_resp_err_t code, std::string_view what,
                         std::string_view detail = "");

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_ERRORS_H_
