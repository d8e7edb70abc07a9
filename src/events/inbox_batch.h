// Messages of an inbox on their way into the log.
#ifndef FLYWHEEL_EVENTS_INBOX_BATCH_H_
#define FLYWHEEL_EVENTS_INBOX_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/inbox_message.h"
#include "events/intake.h"

namespace flywheel {

// One message, decoded.
struct InboxEntry {
  // What has become of the bytes of a refused message.
  enum class Kept : uint8_t { kUndecided, kStored, kOverRate, kLost };

  int32_t partition = 0;  // of the inbox
  int64_t offset = 0;
  std::string_view value;  // as published; empty for a tombstone
  std::shared_ptr<const void> owner;
  std::string event;  // its bytes; empty where it is refused
  std::optional<IntakeRefusal> refusal;
  PreparedRecord prepared;  // of what is not refused, once it is prepared
  Kept kept = Kept::kUndecided;
  std::string kept_error;  // of kLost
  bool is_in_log = false;  // durable
};

// In the order in which they were read. Concurrency: one thread.
class InboxBatch {
 public:
  // Decodes the message; `owner` keeps its bytes alive.
  void Add(int32_t partition, int64_t offset, const InboxMessage& message,
           std::shared_ptr<const void> owner);

  std::vector<InboxEntry>& entries() { return entries_; }
  const std::vector<InboxEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  // As published, with what each message costs besides.
  size_t bytes() const { return bytes_; }
  void Clear() {
    entries_.clear();
    bytes_ = 0;
  }

 private:
  std::vector<InboxEntry> entries_;
  size_t bytes_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_INBOX_BATCH_H_
