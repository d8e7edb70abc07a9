#include "events/publisher.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "events/event_view.h"
#include "events/wire_scan.h"

namespace flywheel {
namespace {

// The part of a batch that goes to one partition.
struct PartitionBatch {
  std::vector<std::string> records;
  std::vector<size_t> outcomes;  // where each record's outcome stands
};

std::string EventIdOf(std::string_view event_bytes) {
  EventView event;
  ScanEvent(event_bytes, Utf8Check::kCheck, &event);
  return std::string(event.event_id);
}

// Prepares each event; `take` gets what is to be appended.
template <class Take>
std::vector<PublishOutcome> PrepareAll(absl::Span<const OfferedEvent> batch, Instant stamp,
                                       const PolicyBook& policies, int32_t partitions,
                                       const Take& take) {
  std::vector<PublishOutcome> outcomes(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    PublishOutcome& outcome = outcomes[i];
    outcome.number = batch[i].number;
    if (const auto* refusal = std::get_if<IntakeRefusal>(&batch[i].event)) {
      outcome.kind = PublishOutcome::Kind::kRefused;
      outcome.refusal = *refusal;
      continue;
    }
    const std::string& bytes = std::get<std::string>(batch[i].event);
    auto prepared = Prepare(bytes, stamp, policies, partitions);
    outcome.event_id = EventIdOf(bytes);
    if (auto* refusal = std::get_if<IntakeRefusal>(&prepared)) {
      outcome.kind = PublishOutcome::Kind::kRefused;
      outcome.refusal = std::move(*refusal);
    } else {
      outcome.kind = PublishOutcome::Kind::kAccepted;
      take(i, std::get<PreparedRecord>(std::move(prepared)));
    }
  }
  return outcomes;
}

void RaiseTo(int64_t stamp, std::atomic<int64_t>& last) {
  int64_t before = last.load();
  while (before < stamp && !last.compare_exchange_weak(before, stamp)) {
  }
}

// A batch whose records are being appended. Parts are reported from any threads, each into its own
// outcomes; the last one calls `done`.
struct PendingBatch {
  std::vector<PublishOutcome> outcomes;
  Publisher::Done done;
  std::atomic<size_t> parts;
  int64_t stamp;
  std::shared_ptr<std::atomic<int64_t>> last_stamp;

  void OnPart(Partition partition, const std::vector<size_t>& indexes,
              const absl::StatusOr<std::vector<Offset>>& offsets) {
    if (offsets.ok() && !indexes.empty()) RaiseTo(stamp, *last_stamp);
    for (size_t i = 0; i < indexes.size(); ++i) {
      PublishOutcome& outcome = outcomes[indexes[i]];
      if (offsets.ok()) {
        outcome.place = {partition, (*offsets)[i]};
      } else {
        outcome.kind = PublishOutcome::Kind::kNotPublished;
        outcome.error = offsets.status();
      }
    }
    if (--parts == 0) done(std::move(outcomes));
  }
};

}  // namespace

void PublishCounts::Count(const PublishOutcome& outcome) {
  ++offered;
  switch (outcome.kind) {
    case PublishOutcome::Kind::kAccepted:
      ++accepted;
      break;
    case PublishOutcome::Kind::kRefused:
      ++refused;
      break;
    case PublishOutcome::Kind::kNotPublished:
      ++not_published;
      break;
  }
}

void Publisher::PublishAsync(absl::Span<const OfferedEvent> batch, Done done) {
  const Instant stamp = std::clamp(wall_clock_(), Instant(last_stamp_->load()), kLatestInstant);
  const std::shared_ptr<const PolicyBook> policies = policies_();
  std::vector<PartitionBatch> parts(static_cast<size_t>(log_->partitions()));
  auto pending = std::make_shared<PendingBatch>();
  pending->outcomes = PrepareAll(
      batch, stamp, *policies, log_->partitions(), [&](size_t index, PreparedRecord prepared) {
        auto& part = parts[static_cast<size_t>(prepared.partition.number())];
        part.records.push_back(std::move(prepared.record_bytes));
        part.outcomes.push_back(index);
      });
  pending->done = std::move(done);
  pending->stamp = stamp.number();
  pending->last_stamp = last_stamp_;
  // One more than there are parts: nothing is reported before all are under way.
  pending->parts = 1 + static_cast<size_t>(std::count_if(
                           parts.begin(), parts.end(),
                           [](const PartitionBatch& part) { return !part.records.empty(); }));
  for (size_t number = 0; number < parts.size(); ++number) {
    PartitionBatch& part = parts[number];
    if (part.records.empty()) continue;
    const Partition partition(static_cast<int32_t>(number));
    const std::vector<std::string_view> records(part.records.begin(), part.records.end());
    log_->AppendAsync(partition, records,
                      [pending, partition, indexes = std::move(part.outcomes)](
                          const absl::StatusOr<std::vector<Offset>>& offsets) {
                        pending->OnPart(partition, indexes, offsets);
                      });
  }
  pending->OnPart(Partition(0), {}, std::vector<Offset>());
}

std::vector<PublishOutcome> Publisher::Publish(absl::Span<const OfferedEvent> batch) {
  Mutex mutex;
  CondVar is_done;
  std::optional<std::vector<PublishOutcome>> outcomes;
  PublishAsync(batch, [&](std::vector<PublishOutcome> all) {
    MutexLock lock(&mutex);
    outcomes = std::move(all);
    is_done.NotifyAll();
  });
  MutexLock lock(&mutex);
  while (!outcomes) is_done.Wait(&mutex);
  return *std::move(outcomes);
}

std::vector<PublishOutcome> Publisher::Validate(absl::Span<const OfferedEvent> batch, Instant stamp,
                                                const PolicyBook& policies) {
  return PrepareAll(batch, std::clamp(stamp, kEarliestInstant, kLatestInstant), policies,
                    /*partitions=*/1, [](size_t, const PreparedRecord&) {});
}

}  // namespace flywheel
