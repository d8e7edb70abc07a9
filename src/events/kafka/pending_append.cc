#include "events/kafka/pending_append.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/status.h"
#include "events/kafka/kafka_log.h"
#include "events/record_view.h"

namespace flywheel {
namespace {

struct SellerOf {
  std::string_view operator()(const std::monostate&) const { return {}; }
  std::string_view operator()(const EventView& event) const { return event.seller_id; }
  std::string_view operator()(const DecisionView& decision) const { return decision.seller_id; }
  std::string_view operator()(const RefusedView& refused) const { return refused.seller_id; }
  std::string_view operator()(const ResubmittedView& act) const { return act.event.seller_id; }
  std::string_view operator()(const DiscardedView&) const { return {}; }
};

// What is no record of Flywheel's goes without a key and a stamp.
void ReadKeyAndStamp(PendingRecord& record, RecordView& view) {
  if (ScanRecord(record.bytes, &view) != ScanResult::kOk) return;
  record.key = std::visit(SellerOf(), view.body);
  if (view.recorded_at) record.stamp_millis = view.recorded_at->number();
}

}  // namespace

PendingAppend::PendingAppend(Partition its_partition, absl::Span<const std::string_view> texts,
                             EventLog::AppendDone its_done)
    : partition(its_partition), records(texts.size()), done(std::move(its_done)) {
  size_t size = 0;
  for (const std::string_view text : texts) size += text.size();
  cost = size + texts.size() * KafkaLog::kAppendOverheadBytes;
  bytes_.reserve(size);
  for (const std::string_view text : texts) bytes_.append(text);
  RecordView view;
  size_t at = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    records[i].append = this;
    records[i].bytes = std::string_view(bytes_).substr(at, texts[i].size());
    ReadKeyAndStamp(records[i], view);
    at += texts[i].size();
  }
}

size_t PendingAppend::FirstUnacknowledged() const {
  const auto first = std::find_if(records.begin(), records.end(),
                                  [](const PendingRecord& r) { return !r.offset.has_value(); });
  return static_cast<size_t>(first - records.begin());
}

void PendingAppend::SendAgain() {
  unanswered = 0;
  sent = FirstUnacknowledged();
  // What follows is written a second time, so that the offsets rise in the order of the records.
  for (size_t i = sent; i < records.size(); ++i) records[i].offset.reset();
}

std::vector<Offset> PendingAppend::Offsets() const {
  std::vector<Offset> offsets;
  offsets.reserve(records.size());
  for (const PendingRecord& record : records) {
    FLYWHEEL_CHECK(record.offset.has_value(), "an append is reported once it has all offsets");
    offsets.push_back(*record.offset);
  }
  return offsets;
}

size_t PendingPartition::DropSettled() {
  size_t cost = 0;
  while (!appends.empty() && appends.front()->settled && appends.front()->unanswered == 0) {
    cost += appends.front()->cost;
    appends.pop_front();
    if (next > 0) --next;
  }
  return cost;
}

}  // namespace flywheel
