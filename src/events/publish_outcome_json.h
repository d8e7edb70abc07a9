// What became of a published event, as the JSON that every door answers with.
#ifndef FLYWHEEL_EVENTS_PUBLISH_OUTCOME_JSON_H_
#define FLYWHEEL_EVENTS_PUBLISH_OUTCOME_JSON_H_

#include <string>

#include "base/json_writer.h"
#include "events/publisher.h"

namespace flywheel {

// {"line","eventId","status", ...}: "accepted" with partition and offset, "refused" with code,
// field and reason, "notPublished" with a reason. `dry_run`: what was only validated is "valid".
void WriteOutcome(const PublishOutcome& outcome, bool dry_run, JsonWriter& json);
// The same as a line.
std::string OutcomeLine(const PublishOutcome& outcome, bool dry_run);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_PUBLISH_OUTCOME_JSON_H_
