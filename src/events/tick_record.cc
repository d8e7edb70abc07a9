#include "events/tick_record.h"

#include <google/protobuf/timestamp.pb.h>

#include "base/uuid.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

void SetInstant(Instant at, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(at.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

}  // namespace

std::string TickRecord(Instant tick, Instant recorded_at) {
  log::v1::Record record;
  events::v1::Event& event = *record.mutable_event();
  event.mutable_time_passed();
  std::string id;
  WriteUuid(static_cast<uint64_t>(tick.number()), static_cast<uint64_t>(recorded_at.number()), 8,
            &id);
  event.set_event_id(id);
  SetInstant(tick, event.mutable_occurred_at());
  SetInstant(recorded_at, event.mutable_recorded_at());
  event.set_source("flywheel");
  event.set_actor(events::v1::Actor::SYSTEM);
  return record.SerializeAsString();
}

}  // namespace flywheel
