// Short ways to make events and records for the tests of the projections.
#ifndef FLYWHEEL_TESTS_PROJECTIONS_BUILD_H_
#define FLYWHEEL_TESTS_PROJECTIONS_BUILD_H_

#include <string>
#include <string_view>

#include "base/strong.h"
#include "events/event_view.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"
#include "projections/facts/fact.h"

namespace flywheel::build {

namespace pb = ::flywheel::events::v1;

// "2024-02-29T12:00:00.000Z" and the like.
Instant At(std::string_view rfc3339);

inline void Set(google::protobuf::Timestamp* to, Instant at) {
  to->set_seconds(at.number() / 1000);
  to->set_nanos(static_cast<int32_t>(at.number() % 1000) * 1'000'000);
}

// An event of seller "s" in PL; the payload is filled by the caller.
pb::Event Event(Instant occurred_at);
pb::Event Placed(std::string_view order, std::string_view buyer, Instant at);
pb::Event Scanned(std::string_view order, std::string_view parcel, pb::ScanCode::Value code,
                  Instant at);
pb::Event Posted(std::string_view order, std::string_view review, std::string_view buyer,
                 bool recommended, Instant at);
pb::Event Edited(std::string_view order, std::string_view review, bool recommended, Instant at);
pb::Event Answered(std::string_view order, std::string_view review, Instant at);
pb::Event Removed(std::string_view order, std::string_view review, pb::RemovedBy::Value by,
                  Instant at);
pb::Event Filed(std::string_view order, std::string_view id, std::string_view buyer, int quantity,
                Instant at);
pb::Event Rejected(std::string_view order, std::string_view id, Instant at);
pb::Event Refunded(std::string_view order, std::string_view id, int64_t amount_minor, Instant at);

// The record of an event with that stamp.
std::string Record(pb::Event event, Instant recorded_at);

// An event's bytes with their view.
struct View {
  explicit View(const pb::Event& event) : bytes(event.SerializeAsString()) {
    if (ScanEvent(bytes, Utf8Check::kCheck, &view) != ScanResult::kOk) std::abort();
  }
  View(const View&) = delete;
  std::string bytes;
  EventView view;

  Fact fact(int64_t offset, Instant recorded_at = Instant(0)) const {
    return FactOf(view, {Offset(offset), 0}, recorded_at);
  }
};

}  // namespace flywheel::build

#endif  // FLYWHEEL_TESTS_PROJECTIONS_BUILD_H_
