// Brings a batch of inbox messages into the log, whatever becomes of each.
#ifndef FLYWHEEL_EVENTS_INBOX_WRITER_H_
#define FLYWHEEL_EVENTS_INBOX_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/inbox_batch.h"
#include "events/publisher.h"
#include "events/refused_store.h"

namespace flywheel {

// What has become of messages since the writer was made.
struct InboxCounts {
  uint64_t accepted = 0;        // events in the log
  uint64_t refused = 0;         // refusals in the log
  uint64_t bytes_dropped = 0;   // messages whose bytes the side store did not get: over the rate
  uint64_t bytes_lost = 0;      // ... or the store did not take them
  uint64_t failed_appends = 0;  // to one partition of the log; tried again
  uint64_t failed_stores = 0;   // tried again
};

// Operation: a batch is stamped anew at each attempt, by the later of the wall clock and the latest
// stamp that the log has taken, so that a wrong one that it refused is not kept to. The bytes of
// what is refused go to the side store before their record is appended, so that a record whose
// bytes are kept is never without them; but where they come faster than the budget allows, or the
// store says that it will not take them (anything but Unavailable), the record stands alone and its
// sentence says so: garbage must not stop what is good. Then all partitions of the log are appended
// to at once.
//
// Concurrency: one thread.
class InboxWriter {
 public:
  struct Options {
    std::string source;             // the door, as Refused records name it
    RefusedBudget::Options budget;  // of bytes in the side store
    // How long one attempt waits for the side store.
    absl::Duration store_limit = absl::Seconds(5);
  };
  // Called while something is waited for, at least every kIdleInterval of that. False: give up.
  using Idle = absl::FunctionRef<bool()>;
  static constexpr absl::Duration kIdleInterval = absl::Milliseconds(20);

  // `policies` may give nullptr, where they are not known at the moment: those of before hold then.
  // The log and the store must outlive it; appends that are given up may be reported later.
  InboxWriter(EventLog* log, RefusedStore* refused, Publisher::PolicySource policies,
              std::function<Instant()> wall_clock, Options options);

  // The first half of an attempt: stamps and prepares what is not in the log yet, and brings the
  // bytes of what is refused into the side store. Unavailable: that cannot be reached, or no
  // policies were ever known; try again.
  absl::Status Prepare(InboxBatch& batch);

  // The second half: appends what is not in the log yet, waits, and marks what is then there
  // (is_in_log). OK: all of it. Otherwise begin again with Prepare: nothing that is marked is
  // appended again, but what an append with an unknown outcome (Unavailable) has left may be.
  // Cancelled: given up; what is in flight may still arrive. REQUIRES: Prepare gave OK.
  absl::Status Append(InboxBatch& batch, Idle idle);

  const InboxCounts& counts() const { return counts_; }

 private:
  struct Part;
  struct InFlight;

  absl::Status Store(InboxBatch& batch, const std::vector<size_t>& wanted);
  PreparedRecord RefusedRecordOf(const InboxEntry& entry) const;
  std::vector<Part> PartsOf(const InboxBatch& batch) const;
  absl::Status Settle(InboxBatch& batch, const std::vector<Part>& parts, InFlight& in_flight);

  EventLog* log_;
  RefusedStore* refused_;
  Publisher::PolicySource policies_;
  std::function<Instant()> wall_clock_;
  Options options_;
  RefusedBudget budget_;
  std::shared_ptr<const PolicyBook> last_policies_;
  Instant stamp_ = kEarliestInstant;       // of this attempt
  Instant last_stamp_ = kEarliestInstant;  // that the log has taken
  InboxCounts counts_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_INBOX_WRITER_H_
