#include "events/publisher.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/synchronization/blocking_counter.h"
#include "events/event_view.h"
#include "events/wire_scan.h"

namespace flywheel {
namespace {

// The part of a batch that goes to one partition.
struct PartitionBatch {
  std::vector<std::string> records;
  std::vector<size_t> outcomes;  // where each record's outcome stands
  absl::StatusOr<std::vector<Offset>> offsets = absl::UnknownError("append not done");
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

// Appends each part to its partition, all at once, and waits.
void AppendAll(EventLog& log, std::vector<PartitionBatch>& parts) {
  const auto used = std::count_if(parts.begin(), parts.end(),
                                  [](const PartitionBatch& part) { return !part.records.empty(); });
  absl::BlockingCounter pending(static_cast<int>(used));
  for (size_t partition = 0; partition < parts.size(); ++partition) {
    PartitionBatch& part = parts[partition];
    if (part.records.empty()) continue;
    const std::vector<std::string_view> records(part.records.begin(), part.records.end());
    log.AppendAsync(Partition(static_cast<int32_t>(partition)), records,
                    [&part, &pending](absl::StatusOr<std::vector<Offset>> offsets) {
                      part.offsets = std::move(offsets);
                      pending.DecrementCount();
                    });
  }
  pending.Wait();
}

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

std::vector<PublishOutcome> Publisher::Publish(absl::Span<const OfferedEvent> batch) {
  last_stamp_ = std::clamp(wall_clock_(), last_stamp_, kLatestInstant);
  const std::shared_ptr<const PolicyBook> policies = policies_();
  std::vector<PartitionBatch> parts(static_cast<size_t>(log_->partitions()));
  std::vector<PublishOutcome> outcomes =
      PrepareAll(batch, last_stamp_, *policies, log_->partitions(),
                 [&](size_t index, PreparedRecord prepared) {
                   auto& part = parts[static_cast<size_t>(prepared.partition.number())];
                   part.records.push_back(std::move(prepared.record_bytes));
                   part.outcomes.push_back(index);
                 });
  AppendAll(*log_, parts);
  for (size_t partition = 0; partition < parts.size(); ++partition) {
    const PartitionBatch& part = parts[partition];
    for (size_t i = 0; i < part.records.size(); ++i) {
      PublishOutcome& outcome = outcomes[part.outcomes[i]];
      if (part.offsets.ok()) {
        outcome.place = {Partition(static_cast<int32_t>(partition)), (*part.offsets)[i]};
      } else {
        outcome.kind = PublishOutcome::Kind::kNotPublished;
        outcome.error = part.offsets.status();
      }
    }
  }
  return outcomes;
}

std::vector<PublishOutcome> Publisher::Validate(absl::Span<const OfferedEvent> batch, Instant stamp,
                                                const PolicyBook& policies) {
  return PrepareAll(batch, std::clamp(stamp, kEarliestInstant, kLatestInstant), policies,
                    /*partitions=*/1, [](size_t, const PreparedRecord&) {});
}

}  // namespace flywheel
