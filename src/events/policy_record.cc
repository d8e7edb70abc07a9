#include "events/policy_record.h"

#include <google/protobuf/timestamp.pb.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/uuid.h"
#include "events/sha256.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

void SetInstant(Instant at, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(at.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

std::string EventIdOf(const events::v1::PolicyPublished& published) {
  const Sha256 hash = Sha256Of(absl::StrCat("PolicyPublished", published.SerializeAsString()));
  const std::string_view bytes(hash.data(), hash.size());
  std::string id;
  WriteUuid(ReadBigEndian64(bytes), ReadBigEndian64(bytes.substr(8)), 8, &id);
  return id;
}

}  // namespace

std::string PolicyRecord(const policy::v1::Policy& policy, uint32_t version, Instant effective_from,
                         Instant recorded_at) {
  log::v1::Record record;
  events::v1::Event& event = *record.mutable_event();
  events::v1::PolicyPublished& published = *event.mutable_policy_published();
  *published.mutable_policy() = policy;
  published.set_version(version);
  SetInstant(effective_from, published.mutable_effective_from());
  event.set_event_id(EventIdOf(published));
  SetInstant(recorded_at, event.mutable_occurred_at());
  SetInstant(recorded_at, event.mutable_recorded_at());
  event.set_source("flywheel");
  event.set_actor(events::v1::Actor::MARKETPLACE);
  return record.SerializeAsString();
}

}  // namespace flywheel
