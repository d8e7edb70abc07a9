#include "projections/facts/acceptance.h"

#include <catch2/catch.hpp>

#include "projections/build.h"

namespace flywheel {
namespace {

using build::At;
using build::View;

class Order {
 public:
  explicit Order(Instant placed) {
    const View view(build::Placed("o", "b", placed));
    row.Place(view.fact(0));
  }

  // What the row says to the event; takes it where it is accepted.
  RefusalCode Take(const build::pb::Event& event) {
    const View view(event);
    const Fact fact = view.fact(1);
    const Judgement judgement = Judge(row, fact, *policies.Find("PL", fact.occurred_at));
    last = judgement.verdict;
    if (judgement.verdict == Verdict::kAccepted) row.Append(fact, judgement.search);
    return judgement.code;
  }

  OrderRow row;
  PolicyBook policies = PolicyBook::BuiltIn();
  Verdict last = Verdict::kAccepted;
};

const Instant kPlaced = At("2024-02-29T10:00:00.000Z");

TEST_CASE("a review is taken until the end of the local day 12 months after the purchase") {
  // 29 February 2024 in Warsaw: the last day is 28 February 2025, which ends at 23:00 UTC.
  CHECK(Order(kPlaced).Take(build::Posted("o", "r", "b", true, At("2025-02-28T22:59:59.999Z"))) ==
        RefusalCode::kUnspecified);
  CHECK(Order(kPlaced).Take(build::Posted("o", "r", "b", true, At("2025-02-28T23:00:00.000Z"))) ==
        RefusalCode::kReviewTooLate);
}

TEST_CASE("the market is looked at before the act, the act before the buyer") {
  Order order(kPlaced);
  auto review = build::Posted("o", "r", "b", true, kPlaced.Plus(1));
  CHECK(order.Take(review) == RefusalCode::kUnspecified);
  review.set_market("CZ");
  CHECK(order.Take(review) == RefusalCode::kWrongMarket);
  CHECK(order.Take(build::Posted("o", "r", "stranger", true, kPlaced.Plus(1))) ==
        RefusalCode::kUnspecified);
  CHECK(order.last == Verdict::kDuplicate);
  CHECK(order.Take(build::Filed("o", "t", "stranger", 1, kPlaced.Plus(2))) ==
        RefusalCode::kWrongBuyer);
}

TEST_CASE("no more of a line goes back than was bought, rejected returns not counted") {
  Order order(kPlaced);
  CHECK(order.Take(build::Filed("o", "t1", "b", 2, kPlaced.Plus(1))) == RefusalCode::kUnspecified);
  CHECK(order.Take(build::Filed("o", "t2", "b", 2, kPlaced.Plus(2))) == RefusalCode::kOverReturn);
  CHECK(order.Take(build::Filed("o", "t3", "b", 1, kPlaced.Plus(3))) == RefusalCode::kUnspecified);
  CHECK(order.Take(build::Rejected("o", "t1", kPlaced.Plus(4))) == RefusalCode::kUnspecified);
  CHECK(order.Take(build::Filed("o", "t4", "b", 3, kPlaced.Plus(5))) == RefusalCode::kOverReturn);
  CHECK(order.Take(build::Filed("o", "t5", "b", 2, kPlaced.Plus(6))) == RefusalCode::kUnspecified);
  auto unknown_line = build::Filed("o", "t6", "b", 1, kPlaced.Plus(7));
  unknown_line.mutable_return_filed()->mutable_items(0)->set_line_id("2");
  CHECK(order.Take(unknown_line) == RefusalCode::kOverReturn);
}

TEST_CASE("refunds of kind ORDER stay within the total, all in its currency") {
  Order order(kPlaced);
  CHECK(order.Take(build::Refunded("o", "f1", 3000, kPlaced.Plus(1))) == RefusalCode::kUnspecified);
  CHECK(order.Take(build::Refunded("o", "f2", 501, kPlaced.Plus(2))) == RefusalCode::kOverRefund);
  CHECK(order.Take(build::Refunded("o", "f3", 500, kPlaced.Plus(3))) == RefusalCode::kUnspecified);
  auto goodwill = build::Refunded("o", "f4", 100000, kPlaced.Plus(4));
  goodwill.mutable_refund_issued()->set_kind(build::pb::RefundKind::GOODWILL);
  CHECK(order.Take(goodwill) == RefusalCode::kUnspecified);
  goodwill.mutable_refund_issued()->set_refund_id("f5");
  goodwill.mutable_refund_issued()->mutable_amount()->set_currency("EUR");
  CHECK(order.Take(goodwill) == RefusalCode::kOverRefund);
}

TEST_CASE("an order holds 2,000 facts, the placing included") {
  Order order(kPlaced);
  for (int i = 1; i < 2000; ++i) {
    REQUIRE(order.Take(build::Scanned("o", "p", build::pb::ScanCode::ISSUE, kPlaced.Plus(i))) ==
            RefusalCode::kUnspecified);
  }
  CHECK(order.row.fact_count() == 2000);
  CHECK(order.Take(build::Scanned("o", "p", build::pb::ScanCode::ISSUE, kPlaced.Plus(2000))) ==
        RefusalCode::kOrderFull);
}

}  // namespace
}  // namespace flywheel
