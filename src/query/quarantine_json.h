// Entries of the quarantine as JSON. What is absent in the entry is absent in the text.
#ifndef FLYWHEEL_QUERY_QUARANTINE_JSON_H_
#define FLYWHEEL_QUERY_QUARANTINE_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/json_writer.h"
#include "events/event_log.h"
#include "projections/views/quarantine_entries.h"

namespace flywheel {

// One line, as a list of entries has it.
std::string EntryJson(const PlacedEntry& entry);

// The entry's keys and values, within an object.
void WriteEntry(const PlacedEntry& entry, JsonWriter& json);

// The same with who closed it and why, and with "event", or "record" where that holds none or
// several; `record_bytes`: what the log has at the entry's place. Errors: those of the log.
absl::Status WriteWholeEntry(EventLog& log, const PlacedEntry& entry, std::string_view record_bytes,
                             JsonWriter& json);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUARANTINE_JSON_H_
