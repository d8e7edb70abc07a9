// Records of the log as JSON.
#ifndef FLYWHEEL_QUERY_RECORD_JSON_H_
#define FLYWHEEL_QUERY_RECORD_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/instant_text.h"
#include "events/event_log.h"

namespace flywheel {

// A flywheel.log.v1.Record in protobuf's JSON mapping. Bytes that are none: {"undecodable": hex}.
std::string RecordJson(std::string_view record_bytes);

// The event within a record, as JSON; nullopt where it holds none or several.
std::optional<std::string> EventOfRecordJson(std::string_view record_bytes);

// The bytes of the record at a place. NotFound where there is none, also beyond the end and before
// the beginning.
absl::StatusOr<std::string> ReadRecord(EventLog& log, LogPlace place);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_RECORD_JSON_H_
