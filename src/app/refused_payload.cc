#include "app/refused_payload.h"

#include <string>

#include "absl/time/time.h"
#include "app/data_folder.h"
#include "app/log_options.h"
#include "base/status.h"
#include "events/kafka/address.h"
#include "events/kafka/settings.h"

namespace flywheel {
namespace {

// How long the brokers may take.
constexpr absl::Duration kTimeout = absl::Seconds(15);

}  // namespace

absl::StatusOr<std::optional<RefusedMessage>> FindRefusedPayload(const Context& context,
                                                                 const RefusedView& refused,
                                                                 Instant recorded_at) {
  const LogOptions log = LogOptionsOf(context);
  if (log.embedded()) return std::optional<RefusedMessage>();
  ASSIGN_OR_RETURN(const KafkaAddress address, KafkaAddress::Parse(log.address));
  ASSIGN_OR_RETURN(const KafkaSettings settings, KafkaSettings::Parse(log.kafka));
  const RefusedSearch search{std::string(refused.source), std::string(refused.source_place),
                             std::string(refused.sha256), refused.length, recorded_at};
  return FindRefusedMessage(address, settings, search, kTimeout, log.say);
}

}  // namespace flywheel
