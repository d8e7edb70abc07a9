#include "app/operator_record.h"

#include <google/protobuf/timestamp.pb.h>

#include <utility>

#include "base/status.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

void SetInstant(Instant at, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(at.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

}  // namespace

std::variant<PreparedRecord, IntakeRefusal> MakeResubmitted(Offset entry, std::string_view actor,
                                                            std::string_view event_bytes,
                                                            Instant recorded_at,
                                                            const PolicyBook& policies,
                                                            int32_t partitions) {
  auto prepared = Prepare(event_bytes, recorded_at, policies, partitions);
  if (auto* refusal = std::get_if<IntakeRefusal>(&prepared)) return std::move(*refusal);
  auto& arrived = std::get<PreparedRecord>(prepared);
  log::v1::Record event;
  FLYWHEEL_CHECK(event.ParseFromString(arrived.record_bytes), "intake makes records");
  log::v1::Record record;
  log::v1::Resubmitted& resubmitted = *record.mutable_resubmitted();
  SetInstant(recorded_at, resubmitted.mutable_recorded_at());
  resubmitted.set_entry_offset(entry.number());
  resubmitted.set_actor_id(std::string(actor));
  *resubmitted.mutable_event() = std::move(*event.mutable_event());
  return PreparedRecord{arrived.partition, record.SerializeAsString()};
}

std::string MakeDiscarded(Offset entry, std::string_view actor, std::string_view reason,
                          Instant recorded_at) {
  log::v1::Record record;
  log::v1::Discarded& discarded = *record.mutable_discarded();
  SetInstant(recorded_at, discarded.mutable_recorded_at());
  discarded.set_entry_offset(entry.number());
  discarded.set_actor_id(std::string(actor));
  discarded.set_reason(std::string(reason));
  return record.SerializeAsString();
}

}  // namespace flywheel
