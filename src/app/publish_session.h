// Publishing into a data folder while its cells fold behind.
#ifndef FLYWHEEL_APP_PUBLISH_SESSION_H_
#define FLYWHEEL_APP_PUBLISH_SESSION_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/engine.h"
#include "base/json_writer.h"
#include "events/publisher.h"
#include "projections/facts/cell_row.h"

namespace flywheel {

// What the fold made of what was published: the differences of the counts. What waited before and
// found its order now counts as accepted, and lets `waiting` fall. What others published into the
// same log meanwhile is in it too.
struct FoldOutcome {
  int64_t records = 0;
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t repeats = 0;
  int64_t waiting = 0;
  std::array<int64_t, 11> refused{};  // by RefusalCode
  int64_t stale = 0;
  int64_t control = 0;
};
FoldOutcome DifferenceOf(const RecordCounts& before, const RecordCounts& after);
// "accepted 12, duplicates 3, WRONG_BUYER 1".
std::string Describe(const FoldOutcome& outcome);
// Adds {"records": ..., "accepted": ..., "refused": {"WRONG_BUYER": 1}, ...} to the writer.
void WriteFoldOutcome(const FoldOutcome& outcome, JsonWriter& json);

// Operation: a second thread folds what has been appended, twice a second at most, so that little
// is left at the end. An error of the fold does not stop the publishing: what is in the log is
// durable and is folded later; Finish reports it.
//
// Concurrency: one thread calls it.
class PublishSession {
 public:
  // Opens the folder (makes it where it is missing), folds what is not folded yet.
  static absl::StatusOr<std::unique_ptr<PublishSession>> Open(const Context& context,
                                                              int32_t partitions);
  ~PublishSession();

  std::vector<PublishOutcome> Publish(absl::Span<const OfferedEvent> batch) {
    return publisher_.Publish(batch);
  }

  // Folds to the end and says what became of what was published. Call it once, at the end.
  absl::StatusOr<FoldOutcome> Finish();

 private:
  // `engine` is nullptr in a server, which folds by itself.
  PublishSession(const Context& context, std::unique_ptr<Engine> engine, EventLog* log,
                 const CellViews& before);

  void FoldBehind();
  absl::StatusOr<RecordCounts> CountsAtTheEnd();
  void StopFolding();

  const Context& context_;
  std::unique_ptr<Engine> engine_;
  RecordCounts before_;
  Publisher publisher_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  absl::Status fold_status_;
  std::thread folder_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_PUBLISH_SESSION_H_
