// Instants and places as every door reads and prints them.
#ifndef FLYWHEEL_BASE_INSTANT_TEXT_H_
#define FLYWHEEL_BASE_INSTANT_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/strong.h"

namespace flywheel {

// An RFC 3339 text with an offset or Z, e.g. "2018-10-17T17:30:18.123+02:00"; what is finer than a
// millisecond is cut off. InvalidArgument says what is wrong: another form, a day or time that does
// not exist, an instant outside of kEarliestInstant to kLatestInstant.
absl::StatusOr<Instant> ParseInstant(std::string_view text);

// "2018-10-17T17:30:18.000Z". REQUIRES: kEarliestInstant <= instant <= kLatestInstant.
std::string FormatInstant(Instant instant);

// A record's place in the log, "3@1278".
// InvalidArgument where the text is none.
absl::StatusOr<LogPlace> ParsePlace(std::string_view text);
std::string FormatPlace(LogPlace place);

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_INSTANT_TEXT_H_
