// Records of the log to test with: one of every kind with every field set, and random ones.
#ifndef FLYWHEEL_TESTS_EVENTS_SAMPLE_RECORDS_H_
#define FLYWHEEL_TESTS_EVENTS_SAMPLE_RECORDS_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "events/record_view.h"
#include "events/sample_events.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel::sample {

inline std::vector<RecordKind> AllRecordKinds() {
  std::vector<RecordKind> kinds;
  const auto* descriptor = log::v1::Record::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    kinds.push_back(static_cast<RecordKind>(descriptor->field(i)->number()));
  }
  return kinds;
}

inline const FieldDescriptor* BodyField(RecordKind kind) {
  return log::v1::Record::descriptor()->FindFieldByNumber(static_cast<int>(kind));
}

// A record of this kind with every field set; the events in it are reviews.
inline log::v1::Record FullRecord(RecordKind kind) {
  log::v1::Record record;
  FillField(record, *BodyField(kind));
  const pb::Event event = FullEvent(EventKind::kReviewPosted);
  if (kind == RecordKind::kEvent) *record.mutable_event() = event;
  if (kind == RecordKind::kResubmitted) *record.mutable_resubmitted()->mutable_event() = event;
  if (kind == RecordKind::kDecision) {
    *record.mutable_decision()->mutable_events(0) = event;
    *record.mutable_decision()->add_events() = FullEvent(EventKind::kReviewAnswered);
  }
  return record;
}

inline log::v1::Record RandomRecord(RecordKind kind, const Pick& pick) {
  log::v1::Record record;
  RandomField(record, *BodyField(kind), pick);
  const std::vector<EventKind> kinds = AllKinds();
  const auto with_payload = [&](pb::Event* event) {
    RandomField(*event, *PayloadField(kinds[pick(kinds.size())]), pick);
  };
  if (record.has_event()) with_payload(record.mutable_event());
  if (record.resubmitted().has_event()) with_payload(record.mutable_resubmitted()->mutable_event());
  for (int i = 0; i < record.decision().events_size(); ++i) {
    with_payload(record.mutable_decision()->mutable_events(i));
  }
  return record;
}

}  // namespace flywheel::sample

#endif  // FLYWHEEL_TESTS_EVENTS_SAMPLE_RECORDS_H_
