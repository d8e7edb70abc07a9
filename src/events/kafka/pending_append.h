// What has been appended and is not yet acknowledged.
#ifndef FLYWHEEL_EVENTS_KAFKA_PENDING_APPEND_H_
#define FLYWHEEL_EVENTS_KAFKA_PENDING_APPEND_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/event_log.h"

namespace flywheel {

struct PendingAppend;

// A record on its way; its address is what librdkafka's report of it comes with.
struct PendingRecord {
  PendingAppend* append = nullptr;
  std::string_view bytes;        // into the append's bytes
  std::string_view key;          // into `bytes`: the seller; empty: none
  int64_t stamp_millis = 0;      // 0: the record has none
  std::optional<Offset> offset;  // once it is acknowledged
};

// One call of AppendAsync.
//
// Operation: records are sent in order, `sent` of them so far; of those, `unanswered` have not been
// reported. What was acknowledged keeps its offset; to send the append again is to go back to its
// first record without one. It is settled once `done` has been taken; its memory is needed until no
// record is unanswered.
struct PendingAppend {
  // Copies the records, and finds their sellers and stamps.
  PendingAppend(Partition its_partition, absl::Span<const std::string_view> texts,
                EventLog::AppendDone its_done);
  PendingAppend(const PendingAppend&) = delete;
  PendingAppend& operator=(const PendingAppend&) = delete;

  // The first record that has no offset; the number of records where all have.
  size_t FirstUnacknowledged() const;
  // Goes back to it: for when no report of what was sent will come any more.
  void SendAgain();
  std::vector<Offset> Offsets() const;  // REQUIRES: all have one

  const Partition partition;
  size_t cost = 0;  // bytes in flight
  std::chrono::steady_clock::time_point deadline;
  std::vector<PendingRecord> records;
  size_t sent = 0;
  size_t unanswered = 0;
  absl::Status failure;  // the first; then nothing more of it is sent
  bool settled = false;
  EventLog::AppendDone done;

 private:
  std::string bytes_;
};

// The appends of one partition in the order in which they came.
struct PendingPartition {
  std::deque<std::unique_ptr<PendingAppend>> appends;
  size_t next = 0;  // the first that is not sent whole; those before it need nothing sent
  std::optional<Offset> last_acknowledged;

  // Takes off the front what needs no memory any more; gives its cost.
  size_t DropSettled();
  // Sending starts over with the first append.
  void Rewind() { next = 0; }
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_PENDING_APPEND_H_
