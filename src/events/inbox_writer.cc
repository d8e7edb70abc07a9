#include "events/inbox_writer.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "events/refused_record.h"

namespace flywheel {

// What goes to one partition of the log.
struct InboxWriter::Part {
  std::vector<std::string_view> records;
  std::vector<size_t> entries;  // which each record is of
};

// Outlives the writer where its appends are given up.
struct InboxWriter::InFlight {
  Mutex mutex;
  CondVar changed;
  size_t left ABSL_GUARDED_BY(mutex) = 0;
  std::vector<absl::Status> outcomes ABSL_GUARDED_BY(mutex);  // of the partitions
};

InboxWriter::InboxWriter(EventLog* log, RefusedStore* refused, Publisher::PolicySource policies,
                         std::function<Instant()> wall_clock, Options options)
    : log_(log),
      refused_(refused),
      policies_(std::move(policies)),
      wall_clock_(std::move(wall_clock)),
      options_(std::move(options)),
      budget_(options_.budget) {}

absl::Status InboxWriter::Prepare(InboxBatch& batch) {
  stamp_ = std::clamp(wall_clock_(), last_stamp_, kLatestInstant);
  // A node that holds no partition for the moment knows those of before.
  if (std::shared_ptr<const PolicyBook> now = policies_()) last_policies_ = std::move(now);
  if (last_policies_ == nullptr) {
    return absl::UnavailableError("the policies are not known yet, by which events are taken");
  }
  std::vector<size_t> to_store;
  for (size_t i = 0; i < batch.size(); ++i) {
    InboxEntry& entry = batch.entries()[i];
    if (entry.is_in_log) continue;
    if (!entry.refusal.has_value()) {
      auto prepared = flywheel::Prepare(entry.event, stamp_, *last_policies_, log_->partitions());
      if (auto* record = std::get_if<PreparedRecord>(&prepared)) {
        entry.prepared = std::move(*record);
        continue;
      }
      entry.refusal = std::get<IntakeRefusal>(std::move(prepared));
    }
    if (entry.kept != InboxEntry::Kept::kUndecided) continue;
    if (budget_.Take(entry.value.size(), stamp_)) {
      to_store.push_back(i);
    } else {
      entry.kept = InboxEntry::Kept::kOverRate;
      ++counts_.bytes_dropped;
    }
  }
  RETURN_IF_ERROR(Store(batch, to_store));
  for (InboxEntry& entry : batch.entries()) {
    if (entry.refusal.has_value() && !entry.is_in_log) entry.prepared = RefusedRecordOf(entry);
  }
  return absl::OkStatus();
}

absl::Status InboxWriter::Store(InboxBatch& batch, const std::vector<size_t>& wanted) {
  if (wanted.empty()) return absl::OkStatus();
  std::vector<std::string> places;
  places.reserve(wanted.size());  // the views below must not move
  std::vector<RefusedBytes> bytes;
  bytes.reserve(wanted.size());
  for (const size_t i : wanted) {
    const InboxEntry& entry = batch.entries()[i];
    places.push_back(PlaceInTopic(entry.partition, entry.offset));
    bytes.push_back({options_.source, places.back(), entry.value, &*entry.refusal});
  }
  absl::Status stored = refused_->Put(bytes, options_.store_limit);
  if (absl::IsUnavailable(stored)) {
    ++counts_.failed_stores;
    return stored;
  }
  for (const size_t i : wanted) {
    InboxEntry& entry = batch.entries()[i];
    entry.kept = stored.ok() ? InboxEntry::Kept::kStored : InboxEntry::Kept::kLost;
    if (stored.ok()) continue;
    entry.kept_error = std::string(stored.message());
    ++counts_.bytes_lost;
  }
  return absl::OkStatus();
}

PreparedRecord InboxWriter::RefusedRecordOf(const InboxEntry& entry) const {
  IntakeRefusal refusal = *entry.refusal;
  if (entry.kept == InboxEntry::Kept::kOverRate) {
    // First, since a long sentence is cut at its end.
    refusal.sentence = absl::StrCat("(bytes not kept: too many are refused) ", refusal.sentence);
  } else if (entry.kept == InboxEntry::Kept::kLost) {
    refusal.sentence = absl::StrCat("(bytes not kept: ", entry.kept_error, ") ", refusal.sentence);
  }
  return MakeRefused({options_.source, PlaceInTopic(entry.partition, entry.offset)}, entry.value,
                     refusal, stamp_, log_->partitions());
}

std::vector<InboxWriter::Part> InboxWriter::PartsOf(const InboxBatch& batch) const {
  std::vector<Part> parts(static_cast<size_t>(log_->partitions()));
  for (size_t i = 0; i < batch.size(); ++i) {
    const InboxEntry& entry = batch.entries()[i];
    if (entry.is_in_log) continue;
    Part& part = parts[static_cast<size_t>(entry.prepared.partition.number())];
    part.records.emplace_back(entry.prepared.record_bytes);
    part.entries.push_back(i);
  }
  return parts;
}

absl::Status InboxWriter::Append(InboxBatch& batch, Idle idle) {
  const std::vector<Part> parts = PartsOf(batch);
  const auto in_flight = std::make_shared<InFlight>();
  {
    const MutexLock lock(&in_flight->mutex);
    in_flight->outcomes.resize(parts.size());
    for (const Part& part : parts) in_flight->left += part.records.empty() ? 0 : 1;
  }
  for (size_t partition = 0; partition < parts.size(); ++partition) {
    if (parts[partition].records.empty()) continue;
    log_->AppendAsync(Partition(static_cast<int32_t>(partition)), parts[partition].records,
                      [in_flight, partition](const absl::StatusOr<std::vector<Offset>>& offsets) {
                        const MutexLock lock(&in_flight->mutex);
                        in_flight->outcomes[partition] = offsets.status();
                        --in_flight->left;
                        in_flight->changed.NotifyAll();
                      });
  }
  bool given_up = false;
  while (!given_up) {
    {
      const auto deadline =
          std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(kIdleInterval);
      const MutexLock lock(&in_flight->mutex);
      bool passed = false;
      while (in_flight->left > 0 && !passed) {
        passed = in_flight->changed.WaitUntil(&in_flight->mutex, deadline);
      }
      if (in_flight->left == 0) break;
    }
    given_up = !idle();
  }
  return given_up ? absl::CancelledError("the append is given up")
                  : Settle(batch, parts, *in_flight);
}

absl::Status InboxWriter::Settle(InboxBatch& batch, const std::vector<Part>& parts,
                                 InFlight& in_flight) {
  absl::Status first_error;
  const MutexLock lock(&in_flight.mutex);
  for (size_t partition = 0; partition < parts.size(); ++partition) {
    const absl::Status& outcome = in_flight.outcomes[partition];
    if (!outcome.ok()) {
      ++counts_.failed_appends;
      first_error.Update(outcome);
      continue;
    }
    if (!parts[partition].entries.empty()) last_stamp_ = stamp_;
    for (const size_t i : parts[partition].entries) {
      InboxEntry& entry = batch.entries()[i];
      entry.is_in_log = true;
      ++(entry.refusal.has_value() ? counts_.refused : counts_.accepted);
    }
  }
  return first_error;
}

}  // namespace flywheel
