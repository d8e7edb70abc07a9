// What happens in the simulated marketplace, and the dirt in it.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sources/dirt.h"
#include "sources/simulator.h"

namespace flywheel {
namespace {

namespace pb = events::v1;
using pb::Event;

int64_t MillisOf(const google::protobuf::Timestamp& stamp) {
  return stamp.seconds() * 1000 + stamp.nanos() / 1'000'000;
}

SimulatorOptions OneYear() {
  SimulatorOptions options;
  options.sellers = 100;
  options.orders = 20'000;
  options.days = 365;
  options.seed = 3;
  return options;
}

// How often things happen that no field number tells.
class Happenings {
 public:
  void Note(const Event& event) {
    if (event.has_order_placed()) NotePlaced(event.order_placed());
    if (event.has_parcel_registered()) {
      const pb::ParcelRegistered& parcel = event.parcel_registered();
      if (parcel.direction() == pb::Direction::OUTBOUND && ++parcels_[parcel.order_id()] == 2) {
        ++counts["several parcels"];
      }
    }
    if (event.has_parcel_scanned()) NoteScan(event);
    if (event.has_complaint_resolved()) {
      ++counts[pb::Outcome::Value_Name(event.complaint_resolved().outcome())];
    }
    if (event.has_complaint_reopened()) ++counts["reopened"];
    if (event.has_complaint_escalated()) ++counts["escalated"];
    if (event.has_refund_issued()) NoteRefund(event.refund_issued());
    if (event.has_return_accepted()) ++counts["return accepted"];
    if (event.has_return_rejected()) ++counts["return rejected"];
    if (event.has_return_closed()) ++counts["return closed"];
    if (event.has_seller_standing_changed()) NoteStanding(event);
  }

  std::map<std::string, int> counts;

 private:
  void NotePlaced(const pb::OrderPlaced& placed) {
    totals_[placed.order_id()] = placed.total().amount_minor();
    promises_[placed.order_id()] = MillisOf(placed.delivery().promised_dispatch_by());
  }
  void NoteScan(const Event& event) {
    const pb::ParcelScanned& scan = event.parcel_scanned();
    if (scan.code() == pb::ScanCode::PENDING || !dispatched_.insert(scan.order_id()).second) return;
    const bool in_time = MillisOf(event.occurred_at()) <= promises_[scan.order_id()];
    ++counts[in_time ? "dispatched in time" : "dispatched late"];
  }
  void NoteRefund(const pb::RefundIssued& refund) {
    if (refund.kind() != pb::RefundKind::ORDER) return;
    ++counts[refund.amount().amount_minor() < totals_[refund.order_id()] ? "partial refund"
                                                                         : "whole refund"];
  }
  void NoteStanding(const Event& event) {
    const pb::SellerStandingChanged& now = event.seller_standing_changed();
    pb::SellerStandingChanged& before = standings_[event.seller_id() + event.market()];
    if (before.fees_paid() && !now.fees_paid()) ++counts["fees overdue"];
    if (before.fees_paid() == false && now.fees_paid() && before.smart_delivery_methods() > 0) {
      ++counts["fees paid again"];
    }
    if (!before.regulation_breach() && now.regulation_breach()) ++counts["breach"];
    if (before.regulation_breach() && !now.regulation_breach()) ++counts["breach over"];
    if (!before.super_seller() && now.super_seller()) ++counts["super seller"];
    if (before.super_seller() && !now.super_seller()) ++counts["super seller no more"];
    before = now;
  }

  std::map<std::string, int64_t> totals_;
  std::map<std::string, int64_t> promises_;
  std::map<std::string, int> parcels_;
  std::set<std::string> dispatched_;
  std::map<std::string, pb::SellerStandingChanged> standings_;
};

TEST_CASE("a year of the marketplace has everything that the clocks and the badge look at") {
  Happenings happenings;
  SimulatorSummary summary;
  REQUIRE(Simulate(
              OneYear(),
              [&](const Event& event) {
                happenings.Note(event);
                return absl::OkStatus();
              },
              &summary)
              .ok());
  for (const char* what : {"several parcels",   "dispatched in time", "dispatched late",
                           "reopened",          "escalated",          "WITHDRAWN",
                           "REJECTED",          "ACCEPTED_REFUND",    "ACCEPTED_PARTIAL_REFUND",
                           "ACCEPTED_EXCHANGE", "partial refund",     "whole refund",
                           "return accepted",   "return rejected",    "return closed",
                           "fees overdue",      "fees paid again",    "breach",
                           "breach over",       "super seller",       "super seller no more"}) {
    INFO(what);
    CHECK(happenings.counts[what] > 0);
  }
  CHECK(happenings.counts["dispatched in time"] > 4 * happenings.counts["dispatched late"]);
}

// Everything that a simulation gives, whole and cut off.
struct Told {
  std::vector<std::string> events;
  std::vector<std::string> cut_off;
  SimulatorSummary summary;
};

Told Tell(const SimulatorOptions& options) {
  Told told;
  const auto into = [](std::vector<std::string>* list) {
    return [list](const Event& event) {
      list->push_back(event.SerializeAsString());
      return absl::OkStatus();
    };
  };
  const auto whole = into(&told.events);
  const auto cut_off = into(&told.cut_off);
  REQUIRE(Simulate(options, whole, cut_off, &told.summary).ok());
  return told;
}

TEST_CASE("dirt comes among the clean events and changes none of them") {
  SimulatorOptions options = OneYear();
  options.orders = 2'000;
  options.days = 60;
  const Told clean = Tell(options);
  CHECK(clean.cut_off.empty());
  CHECK(clean.summary.dirt == std::array<uint64_t, kDirtKinds>{});
  options.dirt_ppm = 100'000;
  const Told dirty = Tell(options);
  CHECK(Tell(options).events == dirty.events);
  // The clean history is a part of it, in its order.
  size_t found = 0;
  for (const std::string& event : dirty.events) {
    if (found < clean.events.size() && event == clean.events[found]) ++found;
  }
  CHECK(found == clean.events.size());
  uint64_t all = 0;
  for (size_t kind = 0; kind < kDirtKinds; ++kind) {
    INFO(NameOf(static_cast<Dirt>(kind)));
    CHECK(dirty.summary.dirt[kind] > 20);
    all += dirty.summary.dirt[kind];
  }
  CHECK(dirty.events.size() + dirty.cut_off.size() == clean.events.size() + all);
  CHECK(dirty.summary.events == clean.summary.events + all);
  CHECK(dirty.cut_off.size() == dirty.summary.dirt[static_cast<size_t>(Dirt::kUndecodable)]);
  const double share = static_cast<double>(all) / static_cast<double>(clean.events.size());
  CHECK(share == Approx(0.1).margin(0.03));
}

TEST_CASE("nothing dirty happens after the end that was asked for") {
  SimulatorOptions options = OneYear();
  options.orders = 500;
  options.days = 30;
  options.dirt_ppm = 1'000'000;
  options.until = options.start.Plus(20 * kMillisPerDay);
  const Told told = Tell(options);
  CHECK(told.summary.dirt[static_cast<size_t>(Dirt::kLateReview)] == 0);
  CHECK(told.summary.dirt[static_cast<size_t>(Dirt::kOverRefund)] > 0);
  for (const std::string& bytes : told.events) {
    Event event;
    REQUIRE(event.ParseFromString(bytes));
    CHECK(MillisOf(event.occurred_at()) <= options.until->number());
  }
}

TEST_CASE("disorder is one number for what is late, out of order and repeated") {
  SimulatorOptions options;
  options.SetDisorder(500'000);
  CHECK(options.late_ppm == 50'000);
  CHECK(options.out_of_order_ppm == 150'000);
  CHECK(options.duplicate_ppm == 50'000);
  options.SetDisorder(0);
  CHECK(options.late_ppm + options.out_of_order_ppm + options.duplicate_ppm == 0);
  options.dirt_ppm = 1'000'001;
  CHECK_FALSE(CheckSimulatorOptions(options).ok());
}

}  // namespace
}  // namespace flywheel
