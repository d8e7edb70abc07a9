// Events as a publisher writes them into a file or a pipe, cut into batches.
#ifndef FLYWHEEL_APP_EVENT_INPUT_H_
#define FLYWHEEL_APP_EVENT_INPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "events/event_json.h"
#include "events/publisher.h"

namespace flywheel {

enum class EventFormat : uint8_t {
  kJsonLines,  // one flywheel.events.v1.Event in each line, in protobuf's JSON mapping
  kBinary,     // each event's wire bytes after their length as a varint
};

// What a batch holds at most.
inline constexpr size_t kMaxBatchEvents = 4096;
inline constexpr size_t kMaxBatchBytes = size_t{8} << 20;
// A line or an event over this many bytes is refused and skipped. Above it no text is an event that
// Prepare takes.
inline constexpr size_t kMaxInputBytes = kMaxJsonBytes;

// Operation: NextBatch waits for the first complete event and adds those that are there already.
// What a person types, or another program writes one by one, so becomes a batch without delay. The
// last line needs no end.
//
// Concurrency: one thread. Limits: memory of a batch and one piece of input, whatever comes.
class EventInput {
 public:
  // "-" is the context's standard input. NotFound, InvalidArgument (a folder), PermissionDenied.
  static absl::StatusOr<std::unique_ptr<EventInput>> Open(const Context& context,
                                                          const std::string& path,
                                                          EventFormat format);
  ~EventInput();
  EventInput(const EventInput&) = delete;
  EventInput& operator=(const EventInput&) = delete;

  // Replaces *batch. Empty: the end, or the interrupt was raised. Unavailable when reading fails.
  absl::Status NextBatch(std::vector<OfferedEvent>* batch);

  int64_t empty_lines() const { return empty_lines_; }
  // Bytes read so far, and of the whole where it is a regular file, else 0.
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  EventInput(const Context& context, std::string path, EventFormat format)
      : context_(context), path_(std::move(path)), format_(format) {}

  // Waits for more, or not; false where there is none (now, or at the end).
  bool Readable(bool wait) const;
  absl::Status ReadMore();
  // Takes one event from the buffer; false: more is needed.
  bool Take(std::vector<OfferedEvent>* batch);
  bool TakeLine(std::vector<OfferedEvent>* batch);
  bool TakeFrame(std::vector<OfferedEvent>* batch);
  void RefuseTooLong(std::vector<OfferedEvent>* batch, size_t at_least_bytes);

  const Context& context_;
  const std::string path_;
  const EventFormat format_;
  int fd_ = -1;
  bool owns_fd_ = false;
  bool at_end_ = false;

  std::string buffer_;
  size_t taken_ = 0;        // bytes of the buffer that are done with
  size_t searched_ = 0;     // bytes after `taken_` known to hold no end of line
  uint64_t to_skip_ = 0;    // bytes of an event that is too long
  bool skip_line_ = false;  // until the end of a line that is too long
  int64_t number_ = 0;
  int64_t empty_lines_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t total_bytes_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EVENT_INPUT_H_
