// The bytes behind a Refused record, as far as they can still be had.
#ifndef FLYWHEEL_APP_REFUSED_PAYLOAD_H_
#define FLYWHEEL_APP_REFUSED_PAYLOAD_H_

#include <optional>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "base/strong.h"
#include "events/kafka/refused_reader.h"
#include "events/record_view.h"

namespace flywheel {

// What the log's inbox refused, from the brokers. nullopt: they no longer have it, or the log is
// not on Kafka. Errors: those of the brokers; InvalidArgument (settings).
absl::StatusOr<std::optional<RefusedMessage>> FindRefusedPayload(const Context& context,
                                                                 const RefusedView& refused,
                                                                 Instant recorded_at);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_REFUSED_PAYLOAD_H_
