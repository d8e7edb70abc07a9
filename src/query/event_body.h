// The events of a request's body, cut into batches.
#ifndef FLYWHEEL_QUERY_EVENT_BODY_H_
#define FLYWHEEL_QUERY_EVENT_BODY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/event_json.h"
#include "events/publisher.h"

namespace flywheel {

// What a body and a batch of it hold at most.
inline constexpr size_t kMaxEventBodyBytes = size_t{8} << 20;
inline constexpr size_t kMaxEventBodyLines = 65'536;
inline constexpr size_t kMaxEventBatch = 4096;

enum class EventBodyFormat : uint8_t {
  kLines,     // application/x-ndjson: an event in each line
  kJson,      // application/json: one event, on one line or several; or lines
  kProtobuf,  // application/protobuf: the bytes of one event
};
// By the media type of a Content-Type field, whatever its parameters; nullopt: another.
std::optional<EventBodyFormat> EventBodyFormatOf(std::string_view content_type);

// Operation: lines are those of `flywheel publish`: empty ones are skipped but counted in the
// numbers, one over kMaxJsonBytes is refused, the last one needs no end.
//
// Concurrency: one thread.
class EventBody {
 public:
  // REQUIRES: at most kMaxEventBodyBytes.
  EventBody(std::string body, EventBodyFormat format);

  // Whether it has more lines than kMaxEventBodyLines.
  bool TooManyLines() const;

  // Replaces *batch; empty: the end.
  void NextBatch(std::vector<OfferedEvent>* batch);

 private:
  std::string body_;
  EventBodyFormat format_;
  size_t taken_ = 0;
  int64_t number_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_EVENT_BODY_H_
