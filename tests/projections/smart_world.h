// A fold over a store in memory, fed event by event, for the tests of Smart! eligibility.
#ifndef FLYWHEEL_TESTS_PROJECTIONS_SMART_WORLD_H_
#define FLYWHEEL_TESTS_PROJECTIONS_SMART_WORLD_H_

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flywheel/policy/v1/policy.pb.h"
#include "projections/build.h"
#include "projections/cell/fold.h"
#include "projections/store/memory_store.h"
#include "projections/views/smart_reader.h"

namespace flywheel {

// Seller "s" in PL. Every record is taken a second after it happened, unless it is said otherwise.
class SmartWorld {
 public:
  SmartWorld() { REQUIRE(fold_.Open().ok()); }

  void Add(const build::pb::Event& event, std::optional<Instant> recorded_at = std::nullopt) {
    const Instant occurred_at(event.occurred_at().seconds() * 1000 +
                              event.occurred_at().nanos() / 1'000'000);
    last_recorded_at_ = std::max(last_recorded_at_, recorded_at.value_or(occurred_at.Plus(1000)));
    const std::string record = build::Record(event, last_recorded_at_);
    const LogRecord one{Offset(next_++), record};
    fold_.Apply({&one, 1});
    REQUIRE(fold_.status().ok());
    const auto batch = store.NewBatch();
    fold_.WriteTo(batch.get());
    REQUIRE(store.Write(batch.get()).ok());
  }

  void Register(Instant at, bool business = true, bool pharmacy = false) {
    build::pb::Event event = build::Event(at);
    event.mutable_seller_registered()->set_business(business);
    event.mutable_seller_registered()->set_pharmacy(pharmacy);
    Add(event);
  }
  void Standing(Instant at, bool super_seller = false, bool fees_paid = true,
                int withdrawal_days = 14) {
    build::pb::Event event = build::Event(at);
    auto* standing = event.mutable_seller_standing_changed();
    standing->set_fees_paid(fees_paid);
    standing->set_super_seller(super_seller);
    standing->mutable_return_policy()->set_free_returns(true);
    standing->mutable_return_policy()->set_withdrawal_days(withdrawal_days);
    Add(event);
  }
  // An order of buyer "b" + number, to be dispatched by an instant.
  void Place(int number, Instant at, std::optional<Instant> dispatch_by = std::nullopt) {
    build::pb::Event event = build::Placed(Order(number), Buyer(number), at);
    auto* delivery = event.mutable_order_placed()->mutable_delivery();
    if (dispatch_by) build::Set(delivery->mutable_promised_dispatch_by(), *dispatch_by);
    Add(event);
  }
  void Review(int number, bool recommended, Instant at) {
    Add(build::Posted(Order(number), "r" + std::to_string(number), Buyer(number), recommended, at));
  }
  void Dispatch(int number, Instant at) {
    build::pb::Event event = build::Event(at);
    auto* parcel = event.mutable_parcel_registered();
    parcel->set_order_id(Order(number));
    parcel->set_parcel_id("p");
    parcel->set_direction(build::pb::Direction::OUTBOUND);
    Add(event);
    Add(build::Scanned(Order(number), "p", build::pb::ScanCode::IN_TRANSIT, at));
  }
  void Cancel(int number, Instant at) {
    build::pb::Event event = build::Event(at);
    event.mutable_order_cancelled()->set_order_id(Order(number));
    Add(event);
  }
  void Tick(Instant at) {
    build::pb::Event event = build::Event(at);
    event.clear_seller_id();
    event.clear_market();
    event.mutable_time_passed();
    Add(event);
  }
  void Publish(uint32_t version, Instant effective_from, const policy::v1::Policy& policy,
               Instant at) {
    build::pb::Event event = build::Event(at);
    event.clear_seller_id();
    event.clear_market();
    auto* published = event.mutable_policy_published();
    published->set_version(version);
    build::Set(published->mutable_effective_from(), effective_from);
    *published->mutable_policy() = policy;
    Add(event);
  }

  // Stored and evaluated answers are the same, which is checked.
  SmartAnswer At(Instant as_of, std::optional<Instant> known_at = std::nullopt) const {
    std::vector<SmartAnswer> answers;
    for (const bool always_evaluate : {false, true}) {
      const auto found = SmartReader({&store}).Of("s", "PL", {as_of, known_at, always_evaluate});
      REQUIRE(found.ok());
      REQUIRE(found->size() == 1);
      answers.push_back(found->front());
    }
    CHECK(answers[0].fulfilled == answers[1].fulfilled);
    CHECK(answers[0].conditions == answers[1].conditions);
    CHECK(answers[0].outlook == answers[1].outlook);
    CHECK(answers[0].last_changed() == answers[1].last_changed());
    return answers[0];
  }
  std::optional<Instant> LatestDue(Instant by) const { return fold_.LatestDue(by); }

  static std::string Order(int number) { return "o" + std::to_string(number); }
  static std::string Buyer(int number) { return "b" + std::to_string(number); }

  MemoryStore store;

 private:
  Fold fold_{&store};
  int64_t next_ = 0;
  Instant last_recorded_at_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROJECTIONS_SMART_WORLD_H_
