// The records by which an operator closes entries of the quarantine.
#ifndef FLYWHEEL_APP_OPERATOR_RECORD_H_
#define FLYWHEEL_APP_OPERATOR_RECORD_H_

#include <string>
#include <string_view>
#include <variant>

#include "base/strong.h"
#include "events/intake.h"
#include "events/policy.h"

namespace flywheel {

// A flywheel.log.v1.Resubmitted with the event, which intake has validated, stamped and routed as
// one that arrives; the record's partition is the event's. Or why intake does not take it.
std::variant<PreparedRecord, IntakeRefusal> MakeResubmitted(Offset entry, std::string_view actor,
                                                            std::string_view event_bytes,
                                                            Instant recorded_at,
                                                            const PolicyBook& policies,
                                                            int32_t partitions);

// The bytes of a flywheel.log.v1.Discarded.
std::string MakeDiscarded(Offset entry, std::string_view actor, std::string_view reason,
                          Instant recorded_at);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_OPERATOR_RECORD_H_
