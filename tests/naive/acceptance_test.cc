// What becomes of each record: DOMAIN section 3, rules 1 to 6, and decisions.
#include <google/protobuf/stubs/logging.h>

#include <catch2/catch.hpp>

#include "naive/history.h"

namespace flywheel::naive {
namespace {

using events::v1::RefundKind;
using events::v1::ScanCode;
using log::v1::RefusalCode;

const int64_t kPurchase = At("2024-05-10T10:00:00Z");

const Order& OrderIn(const History& history, const std::string& order_id = "o") {
  const Order* order = history.replay().FindOrder("s", order_id);
  REQUIRE(order != nullptr);
  return *order;
}

const Seller& SellerIn(const History& history, const std::string& seller_id = "s") {
  const Seller* seller = history.replay().FindSeller(seller_id);
  REQUIRE(seller != nullptr);
  return *seller;
}

const Entry& EntryIn(const History& history, int64_t offset) {
  const Entry* entry = history.entry(offset);
  REQUIRE(entry != nullptr);
  return *entry;
}

policy::v1::Policy Limits(int32_t facts, int32_t waiting_per_order, int32_t waiting_per_seller) {
  policy::v1::Policy policy;
  auto* acceptance = policy.mutable_defaults()->mutable_acceptance();
  acceptance->set_facts_per_order(facts);
  acceptance->set_waiting_per_order(waiting_per_order);
  acceptance->set_waiting_per_seller(waiting_per_seller);
  return policy;
}

// A history whose policy has small limits for everything from 2020-02-01 on.
History WithLimits(int32_t facts, int32_t waiting_per_order, int32_t waiting_per_seller) {
  History history;
  const int64_t now = history.now;
  history.now = At("2020-01-01T00:00:00Z");
  history.Add(PolicyOf(1, At("2020-02-01T00:00:00Z"),
                       Limits(facts, waiting_per_order, waiting_per_seller)));
  history.now = now;
  return history;
}

}  // namespace

// Rule 1: once.

TEST_CASE("an act is accepted once, whatever event_id carries it; the first stands") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPurchase + kDay, true));
  Event again = Reviewed("o", kPurchase + kDay, true);
  again.set_event_id("another");
  history.Add(again);
  Event different = Reviewed("o", kPurchase + 2 * kDay, false);
  different.mutable_review_posted()->set_review_id("another review");
  history.Add(different);
  CHECK(history.counts().accepted == 2);
  CHECK(history.counts().duplicates == 2);
  CHECK(history.counts().repeats == 0);
  CHECK(OrderIn(history).facts.size() == 2);
  CHECK(OrderIn(history).review->opinion.recommended);
}

TEST_CASE("a scan is the same act by parcel, code and time") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Scanned("o", kPurchase + 1));
  history.Add(Scanned("o", kPurchase + 1));
  history.Add(Scanned("o", kPurchase + 2));
  history.Add(Scanned("o", kPurchase + 1, ScanCode::DELIVERED));
  CHECK(history.counts().accepted == 4);
  CHECK(history.counts().duplicates == 1);
}

TEST_CASE("times within the same millisecond are the same time") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Scanned("o", kPurchase + 1));
  Event finer = Scanned("o", kPurchase + 1);
  finer.mutable_occurred_at()->set_nanos(finer.occurred_at().nanos() + 999'999);
  history.Add(finer);
  CHECK(history.counts().duplicates == 1);
}

TEST_CASE("an edit is another act than a post, and two edits differ by their time") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPurchase + 1));
  history.Add(Edited("o", kPurchase + 1, false));
  history.Add(Edited("o", kPurchase + 2, true));
  history.Add(Edited("o", kPurchase + 2, false));
  CHECK(history.counts().accepted == 4);
  CHECK(history.counts().duplicates == 1);
}

TEST_CASE("an order that is known already is a duplicate") {
  History history;
  history.Add(Placed("o", kPurchase, "b"));
  history.Add(Placed("o", kPurchase + 1, "another buyer"));
  CHECK(history.counts().duplicates == 1);
  CHECK(OrderIn(history).buyer_id == "b");
}

TEST_CASE("the same order id at two sellers is two orders") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Of(Placed("o", kPurchase), "another seller"));
  CHECK(history.counts().accepted == 2);
}

TEST_CASE("a registration is the same act by seller, a standing by market and time too") {
  History history;
  Event registered = Envelope(kPurchase);
  registered.mutable_seller_registered()->set_business(true);
  history.Add(registered);
  registered.mutable_seller_registered()->set_business(false);
  Set(registered.mutable_occurred_at(), kPurchase + 1);
  history.Add(registered);
  history.Add(Standing(kPurchase));
  history.Add(Standing(kPurchase, "CZ"));
  history.Add(Standing(kPurchase + 1));
  history.Add(Standing(kPurchase));
  CHECK(history.counts().accepted == 4);
  CHECK(history.counts().duplicates == 2);
  CHECK(SellerIn(history).registration->payload.business());
  CHECK(SellerIn(history).standings.size() == 3);
}

// Rule 3: refused in the fold.

TEST_CASE("an event of another market than its order's is refused before all else") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPurchase + 1));
  // Also a duplicate, and by somebody else.
  const int64_t wrong = history.Add(Of(Reviewed("o", kPurchase + 1, true, "another"), "s", "CZ"));
  const int64_t placed = history.Add(Of(Placed("o", kPurchase), "s", "CZ"));
  CHECK(history.code(wrong) == RefusalCode::WRONG_MARKET);
  CHECK(history.code(placed) == RefusalCode::WRONG_MARKET);
  CHECK_FALSE(SellerIn(history).markets.contains("CZ"));
}

TEST_CASE("a duplicate is found before the buyer is compared") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPurchase + 1));
  history.Add(Reviewed("o", kPurchase + 1, true, "another"));
  CHECK(history.counts().duplicates == 1);
}

TEST_CASE("a review, a complaint and a return are the buyer's alone") {
  History history;
  history.Add(Placed("o", kPurchase));
  const int64_t review = history.Add(Reviewed("o", kPurchase + 1, true, "another"));
  Event opened = Envelope(kPurchase + 1);
  opened.mutable_complaint_opened()->set_order_id("o");
  opened.mutable_complaint_opened()->set_complaint_id("c");
  opened.mutable_complaint_opened()->set_buyer_id("another");
  const int64_t complaint = history.Add(opened);
  Event filed = Returned("o", "x", kPurchase + 1, {{"1", 1}});
  filed.mutable_return_filed()->set_buyer_id("another");
  const int64_t returned = history.Add(filed);
  for (const int64_t offset : {review, complaint, returned}) {
    CHECK(history.code(offset) == RefusalCode::WRONG_BUYER);
  }
  // A refusal uses up no act.
  history.Add(Reviewed("o", kPurchase + 1));
  CHECK(history.counts().accepted == 2);
}

TEST_CASE("a review is taken until the end of the local day 12 months after the purchase") {
  const int64_t last = At("2025-05-10T21:59:59.999Z");  // Warsaw is UTC+2 in May
  History history;
  history.now = At("2025-06-01T00:00:00Z");
  history.Add(Placed("o", kPurchase));
  history.Add(Placed("p", kPurchase));
  const int64_t late = history.Add(Reviewed("p", last + 1));
  history.Add(Reviewed("o", last));
  CHECK(history.code(late) == RefusalCode::REVIEW_TOO_LATE);
  CHECK(OrderIn(history, "o").review.has_value());
  CHECK_FALSE(OrderIn(history, "p").review.has_value());
  // Only the posting has an end.
  history.Add(Edited("o", last + 100 * kDay, false));
  CHECK(OrderIn(history, "o").edits.size() == 1);
}

TEST_CASE("the purchase's day is the local one: 23:30 UTC is tomorrow in Warsaw") {
  History history;
  history.Add(Placed("o", At("2023-05-10T23:30:00Z")));
  history.Add(Placed("p", At("2023-05-10T23:30:00Z")));
  history.Add(Reviewed("o", At("2024-05-11T21:59:59.999Z")));
  const int64_t late = history.Add(Reviewed("p", At("2024-05-11T22:00:00Z")));
  CHECK(OrderIn(history, "o").review.has_value());
  CHECK(history.code(late) == RefusalCode::REVIEW_TOO_LATE);
}

TEST_CASE("what was bought on 29 February is reviewed until the end of 28 February") {
  const int64_t last = At("2025-02-28T22:59:59.999Z");
  History history;
  history.now = At("2025-03-02T00:00:00Z");
  history.Add(Placed("o", At("2024-02-29T12:00:00Z")));
  history.Add(Placed("p", At("2024-02-29T12:00:00Z")));
  const int64_t late = history.Add(Reviewed("p", last + 1));
  history.Add(Reviewed("o", last));
  CHECK(history.code(late) == RefusalCode::REVIEW_TOO_LATE);
  CHECK(OrderIn(history, "o").review.has_value());
}

TEST_CASE("the last day to review may end where the clock skips midnight") {
  // The 14th ends at 02:59:59.999Z because the 15th starts at 01:00 local time.
  const int64_t last = At("2017-10-15T02:59:59.999Z");
  History history;
  for (const char* order : {"o", "p"}) {
    history.Add(Of(Placed(order, At("2016-10-14T12:00:00Z")), "s", "BR"));
  }
  history.Add(Of(Reviewed("o", last), "s", "BR"));
  const int64_t late = history.Add(Of(Reviewed("p", last + 1), "s", "BR"));
  CHECK(OrderIn(history, "o").review.has_value());
  CHECK(history.code(late) == RefusalCode::REVIEW_TOO_LATE);
}

TEST_CASE("the months to review are those of the policy at the review's instant") {
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_acceptance()->set_review_months(1);
  History history;
  history.now = At("2024-01-01T00:00:00Z");
  const int64_t effective = At("2024-08-01T00:00:00Z");
  history.Add(PolicyOf(1, effective, policy));
  history.now = At("2025-01-01T00:00:00Z");
  history.Add(Placed("o", kPurchase));
  history.Add(Placed("p", kPurchase));
  history.Add(Reviewed("o", effective - 1));
  const int64_t late = history.Add(Reviewed("p", effective));
  CHECK(OrderIn(history, "o").review.has_value());
  CHECK(history.code(late) == RefusalCode::REVIEW_TOO_LATE);
}

TEST_CASE("no more of a line goes back than was bought") {
  History history;
  history.Add(Placed("o", kPurchase));  // 2 of line 1, 1 of line 2
  history.Add(Returned("o", "x", kPurchase + 1, {{"1", 1}, {"2", 1}}));
  const int64_t over = history.Add(Returned("o", "y", kPurchase + 2, {{"1", 2}}));
  const int64_t unknown = history.Add(Returned("o", "z", kPurchase + 2, {{"3", 1}}));
  history.Add(Returned("o", "w", kPurchase + 3, {{"1", 1}}));
  CHECK(history.code(over) == RefusalCode::OVER_RETURN);
  CHECK(history.code(unknown) == RefusalCode::OVER_RETURN);
  CHECK(OrderIn(history).returns.size() == 2);
}

TEST_CASE("one return may not name a line twice to get around the limit") {
  History history;
  history.Add(Placed("o", kPurchase));
  Event filed = Returned("o", "x", kPurchase + 1, {{"1", 2}});
  filed.mutable_return_filed()->add_items()->set_line_id("1");
  filed.mutable_return_filed()->mutable_items(1)->set_quantity(1);
  CHECK(history.code(history.Add(filed)) == RefusalCode::OVER_RETURN);
}

TEST_CASE("what a rejected return holds can be returned again") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Returned("o", "x", kPurchase + 1, {{"1", 2}}));
  CHECK(history.code(history.Add(Returned("o", "y", kPurchase + 2, {{"1", 2}}))) ==
        RefusalCode::OVER_RETURN);
  history.Add(ReturnRejected("o", "x", kPurchase + 10));
  history.Add(Returned("o", "z", kPurchase + 3, {{"1", 2}}));
  CHECK(OrderIn(history).returns.size() == 2);
}

TEST_CASE("the later decision on a return stands; at one instant the rejection") {
  History history;
  for (const char* order : {"accepted later", "accepted before", "at once"}) {
    history.Add(Placed(order, kPurchase));
    history.Add(Returned(order, "x", kPurchase + 1, {{"1", 2}}));
    history.Add(ReturnRejected(order, "x", kPurchase + 10));
  }
  history.Add(ReturnAccepted("accepted later", "x", kPurchase + 11));
  history.Add(ReturnAccepted("accepted before", "x", kPurchase + 9));
  history.Add(ReturnAccepted("at once", "x", kPurchase + 10));
  const int64_t later = history.Add(Returned("accepted later", "y", kPurchase + 12, {{"1", 1}}));
  const int64_t before = history.Add(Returned("accepted before", "y", kPurchase + 12, {{"1", 1}}));
  const int64_t at_once = history.Add(Returned("at once", "y", kPurchase + 12, {{"1", 1}}));
  CHECK(history.code(later) == RefusalCode::OVER_RETURN);
  CHECK(history.entry(before) == nullptr);
  CHECK(history.entry(at_once) == nullptr);
}

TEST_CASE("refunds of the order stay within its total, to the last grosz") {
  History history;
  history.Add(Placed("o", kPurchase));  // 100.00 PLN
  history.Add(Refunded("o", "1", kPurchase + 1, 6000));
  const int64_t over = history.Add(Refunded("o", "2", kPurchase + 2, 4001));
  history.Add(Refunded("o", "3", kPurchase + 3, 4000));
  history.Add(Refunded("o", "4", kPurchase + 4, 99999, "PLN", RefundKind::GOODWILL));
  const int64_t euro =
      history.Add(Refunded("o", "5", kPurchase + 5, 1, "EUR", RefundKind::POSTAGE));
  CHECK(history.code(over) == RefusalCode::OVER_REFUND);
  CHECK(history.code(euro) == RefusalCode::OVER_REFUND);
  CHECK(history.counts().accepted == 4);
}

TEST_CASE("an order holds so many facts and no more, its placing included") {
  History history = WithLimits(3, 100, 100);
  history.Add(Placed("o", kPurchase));
  history.Add(Scanned("o", kPurchase + 1));
  history.Add(Scanned("o", kPurchase + 2));
  const int64_t full = history.Add(Scanned("o", kPurchase + 3));
  history.Add(Scanned("o", kPurchase + 2));  // a duplicate is a duplicate all the same
  CHECK(history.code(full) == RefusalCode::ORDER_FULL);
  CHECK(history.counts().duplicates == 1);
  CHECK(OrderIn(history).facts.size() == 3);
}

TEST_CASE("an identical repeat of a refused event only counts on its entry") {
  History history;
  history.Add(Placed("o", kPurchase));
  const Event wrong = Reviewed("o", kPurchase + 1, true, "another");
  const int64_t entry = history.Add(wrong);
  Event again = wrong;
  again.set_event_id("e");
  again.set_correlation_id("c");
  again.set_causation_id("d");
  history.Add(again);
  again.set_source("another source");
  const int64_t other_source = history.Add(again);
  again.set_actor(events::v1::Actor::BUYER);
  const int64_t other_actor = history.Add(again);
  again.mutable_review_posted()->set_comment("other words");
  const int64_t other_payload = history.Add(again);
  CHECK(EntryIn(history, entry).repeats == 1);
  for (const int64_t other : {other_source, other_actor, other_payload}) {
    CHECK(history.code(other) == RefusalCode::WRONG_BUYER);
  }
  CHECK(history.counts().repeats == 1);
  CHECK(history.refused(RefusalCode::WRONG_BUYER) == 4);
  CHECK(OrderIn(history).version == 6);
}

TEST_CASE("a refusal is final: a repeat stays refused when the reason is gone") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Returned("o", "x", kPurchase + 1, {{"1", 2}}));
  const Event over = Returned("o", "y", kPurchase + 2, {{"1", 2}});
  const int64_t entry = history.Add(over);
  history.Add(ReturnRejected("o", "x", kPurchase + 3));
  history.Add(over);
  CHECK(EntryIn(history, entry).repeats == 1);
  CHECK(OrderIn(history).returns.size() == 1);
}

// Rule 4: waiting.

TEST_CASE("events wait for their order and are judged in log order when it comes") {
  History history;
  const int64_t review = history.Add(Reviewed("o", kPurchase + 2, false));
  const int64_t second = history.Add(Reviewed("o", kPurchase + 1, true));
  const int64_t wrong = history.Add(Returned("o", "x", kPurchase + 1, {{"1", 9}}));
  CHECK(EntryIn(history, review).waiting);
  CHECK(history.counts().waiting == 3);
  CHECK(history.counts().accepted == 0);
  CHECK_FALSE(SellerIn(history).complete());
  const int64_t placed = history.Add(Placed("o", kPurchase));
  CHECK(history.counts().waiting == 0);
  CHECK(history.counts().accepted == 2);
  CHECK(history.counts().duplicates == 1);
  CHECK_FALSE(OrderIn(history).review->opinion.recommended);
  CHECK(history.entry(review) == nullptr);
  CHECK(history.entry(second) == nullptr);
  CHECK(history.code(wrong) == RefusalCode::OVER_RETURN);
  CHECK(EntryIn(history, wrong).decided_at == Place{0, placed});
  CHECK(SellerIn(history).complete());
  // In the order of acceptance: the order, then what waited, each at its own place.
  REQUIRE(OrderIn(history).facts.size() == 2);
  CHECK(OrderIn(history).facts[0].place == Place{0, placed});
  CHECK(OrderIn(history).facts[1].place == Place{0, review});
}

TEST_CASE("a repeat of a waiting event counts on its entry, later it is a duplicate") {
  History history;
  const Event paid = Paid("o", kPurchase + 1);
  const int64_t waiting = history.Add(paid);
  history.Add(paid);
  CHECK(EntryIn(history, waiting).repeats == 1);
  CHECK(history.counts().waiting == 1);
  history.Add(Placed("o", kPurchase));
  history.Add(paid);
  CHECK(history.counts().repeats == 1);
  CHECK(history.counts().duplicates == 1);
  CHECK(history.counts().accepted == 2);
}

TEST_CASE("an event waits 90 days of recorded time and not a millisecond more") {
  History history;
  const int64_t waiting = history.Add(Paid("o", kPurchase));
  history.now += 90 * kDay;
  history.Add(Tick(kPurchase));
  CHECK(EntryIn(history, waiting).waiting);
  history.now += 1;
  const int64_t last = history.Add(Placed("o", kPurchase));
  CHECK(history.code(waiting) == RefusalCode::WAIT_EXPIRED);
  CHECK(EntryIn(history, waiting).decided_at == Place{0, last});
  CHECK(history.counts().waiting == 0);
  CHECK(OrderIn(history).facts.size() == 1);
  CHECK(SellerIn(history).complete());
  history.Add(Paid("o", kPurchase));
  CHECK(EntryIn(history, waiting).repeats == 1);
}

TEST_CASE("how long an event waits is said by the policy at its recording") {
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_acceptance()->mutable_waiting_limit()->set_seconds(60);
  History history;
  const int64_t effective = history.now + 600 * kSecond;
  history.Add(PolicyOf(1, effective, policy));
  history.now = effective - 1;
  const int64_t before = history.Add(Paid("o", effective));
  history.now = effective;
  const int64_t after = history.Add(Paid("p", effective - 1));
  history.now = effective + 60 * kSecond;
  history.Add(Tick(effective));
  CHECK(EntryIn(history, after).waiting);
  history.now += 1;
  history.Add(Tick(effective));
  CHECK(history.code(after) == RefusalCode::WAIT_EXPIRED);
  CHECK(EntryIn(history, before).waiting);
}

TEST_CASE("a stamp before its predecessor's counts as its predecessor's") {
  History history;
  history.now = At("2024-06-01T00:00:00Z");
  history.Add(Placed("p", kPurchase));
  history.now -= 50 * kDay;
  history.Add(Paid("p", kPurchase));
  const int64_t waiting = history.Add(Paid("o", kPurchase));
  CHECK(OrderIn(history, "p").facts[1].recorded_at == At("2024-06-01T00:00:00Z"));
  history.now = At("2024-06-01T00:00:00Z") + 90 * kDay;
  history.Add(Tick(kPurchase));
  CHECK(EntryIn(history, waiting).waiting);
}

TEST_CASE("beyond the limit of an order or a seller the newest does not wait") {
  History history = WithLimits(100, 2, 3);
  history.Add(Scanned("o", kPurchase + 1));
  history.Add(Scanned("o", kPurchase + 2));
  const int64_t third = history.Add(Scanned("o", kPurchase + 3));
  history.Add(Scanned("p", kPurchase + 1));
  const int64_t fourth = history.Add(Scanned("p", kPurchase + 2));
  history.Add(Scanned("o", kPurchase + 1));  // a repeat needs no room
  CHECK(history.code(third) == RefusalCode::WAIT_EXPIRED);
  CHECK(history.code(fourth) == RefusalCode::WAIT_EXPIRED);
  CHECK(history.counts().waiting == 3);
  CHECK(history.counts().repeats == 1);
  history.Add(Placed("o", kPurchase));
  CHECK(OrderIn(history).facts.size() == 3);
  const int64_t room = history.Add(Scanned("p", kPurchase + 3));
  CHECK(EntryIn(history, room).waiting);
}

// Rule 6 and the operator's acts.

TEST_CASE("what intake refused makes the seller incomplete until it is closed") {
  History history;
  history.Add(Placed("o", kPurchase));
  const int64_t first = history.Refuse("0@1", "s");
  history.Refuse("0@1", "s");
  const int64_t second = history.Refuse("0@2", "s", RefusalCode::UNDECODABLE);
  history.Refuse("0@3", "");
  CHECK(EntryIn(history, first).repeats == 1);
  CHECK(history.counts().repeats == 1);
  CHECK(SellerIn(history).open_intake_refusals == 2);
  history.Discard(first);
  CHECK_FALSE(SellerIn(history).complete());
  const int64_t resubmitted = history.Resubmit(second, Paid("o", kPurchase + 1));
  CHECK(SellerIn(history).complete());
  CHECK(EntryIn(history, second).closed_at == Place{0, resubmitted});
  CHECK(history.counts().accepted == 2);
  CHECK(history.counts().control == 1);
  CHECK(OrderIn(history).facts[1].place == Place{0, resubmitted});
}

TEST_CASE("an entry is closed once, and a waiting one is none to close") {
  History history;
  const int64_t waiting = history.Add(Paid("o", kPurchase));
  const int64_t entry = history.Refuse("0@1", "s");
  history.Discard(entry);
  history.Resubmit(entry, Placed("o", kPurchase));
  history.Resubmit(waiting, Placed("o", kPurchase));
  history.Resubmit(7, Placed("o", kPurchase));
  history.Discard(waiting);
  CHECK(EntryIn(history, waiting).waiting);
  CHECK_FALSE(OrderIn(history).known);
  CHECK(OrderIn(history).version == 4);  // the records that name it, whatever became of them
  CHECK(history.counts().control == 5);
}

TEST_CASE("a resubmitted event is judged anew, even if nothing was mended") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Returned("o", "x", kPurchase + 1, {{"1", 2}}));
  const Event over = Returned("o", "y", kPurchase + 2, {{"1", 2}});
  const int64_t entry = history.Add(over);
  const int64_t again = history.Resubmit(entry, over);
  CHECK(history.code(again) == RefusalCode::OVER_RETURN);
  CHECK(EntryIn(history, entry).repeats == 0);
  history.Add(over);  // a repeat of the newest
  CHECK(EntryIn(history, again).repeats == 1);
  CHECK(EntryIn(history, entry).repeats == 0);
  const int64_t third = history.Resubmit(again, over);
  CHECK(history.code(third) == RefusalCode::OVER_RETURN);
  // An entry that is closed with an event that another one holds: a repeat of that.
  const int64_t other = history.Refuse("0@1", "s");
  history.Resubmit(other, over);
  CHECK(EntryIn(history, third).repeats == 1);
  CHECK(EntryIn(history, other).closed_at.has_value());
}

TEST_CASE("a resubmitted event is accepted once the reason of its refusal is gone") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Returned("o", "x", kPurchase + 1, {{"1", 2}}));
  const Event over = Returned("o", "y", kPurchase + 2, {{"1", 2}});
  const int64_t entry = history.Add(over);
  history.Add(ReturnRejected("o", "x", kPurchase + 3));
  history.Resubmit(entry, over);
  CHECK(OrderIn(history).returns.size() == 2);
  history.Add(over);  // its act is known, but the refused one is found first
  CHECK(EntryIn(history, entry).repeats == 1);
}

TEST_CASE("an expired event that is resubmitted waits again") {
  History history;
  const Event paid = Paid("o", kPurchase + 1);
  const int64_t waiting = history.Add(paid);
  history.now += 91 * kDay;
  const int64_t again = history.Resubmit(waiting, paid);
  CHECK(history.code(waiting) == RefusalCode::WAIT_EXPIRED);
  CHECK(EntryIn(history, again).waiting);
  history.Add(Placed("o", kPurchase));
  CHECK(OrderIn(history).facts[1].place == Place{0, again});
}

// Decisions.

TEST_CASE("a decision is taken whole while the version it was decided on holds") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Scanned("o", kPurchase + 1));
  const int64_t decided =
      history.Decide("d", "o", 2, {Paid("o", kPurchase + 2), Scanned("o", kPurchase + 3)});
  CHECK(OrderIn(history).version == 3);
  REQUIRE(OrderIn(history).facts.size() == 4);
  CHECK(OrderIn(history).facts[3].place == Place{0, decided});
  CHECK(OrderIn(history).facts[3].index == 1);
  CHECK(history.counts().records == 3);
  CHECK(history.counts().accepted == 3);
}

TEST_CASE("a decision on an older version or an unknown order is stale, and leaves no entry") {
  History history;
  history.Decide("d", "o", 0, {Paid("o", kPurchase + 1)});
  history.Add(Placed("o", kPurchase));
  history.Decide("d", "o", 1, {Paid("o", kPurchase + 1)});
  CHECK(history.counts().stale == 2);
  CHECK(history.replay().partitions().at(0).quarantine.empty());
  // Its id was not used up.
  history.Decide("d", "o", 3, {Paid("o", kPurchase + 1)});
  CHECK(history.counts().accepted == 2);
}

TEST_CASE("a decision whose id is known is a duplicate, never stale") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Decide("d", "o", 1, {Paid("o", kPurchase + 1)});
  history.Decide("d", "o", 1, {Paid("o", kPurchase + 1)});
  history.Decide("d", "o", 3, {Paid("o", kPurchase + 1)});
  CHECK(history.counts().duplicates == 2);
  CHECK(history.counts().stale == 0);
  CHECK(OrderIn(history).version == 4);
}

TEST_CASE("everything that names the order moves its version: duplicates, waiting, refused") {
  History history;
  history.Add(Paid("o", kPurchase + 1));                           // waits
  history.Add(Placed("o", kPurchase));                             // accepted
  history.Add(Placed("o", kPurchase));                             // a duplicate
  history.Add(Reviewed("o", kPurchase + 1, true, "another"));      // refused
  history.Add(Of(Paid("o", kPurchase + 1), "s", "XX"));            // invalid
  history.Add(Of(Paid("o", kPurchase + 1), "another"));            // of another order
  const int64_t refused = history.Refuse("0@1", "s");              // names no order
  history.Resubmit(refused, Scanned("o", kPurchase + 2));          // accepted
  history.Decide("stale", "o", 0, {Scanned("o", kPurchase + 3)});  // stale
  CHECK(OrderIn(history).version == 7);
}

TEST_CASE("a decision is not judged by rule 3, but an act is still done once") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Paid("o", kPurchase + 1));
  history.Decide("d", "o", 2, {Paid("o", kPurchase + 1), Refunded("o", "1", kPurchase + 2, 10001)});
  CHECK(history.counts().accepted == 3);
  CHECK(history.counts().duplicates == 0);  // a decision is one record and counts once
  REQUIRE(OrderIn(history).facts.size() == 3);
  CHECK(OrderIn(history).facts[2].index == 1);
}

TEST_CASE("a decision that is not whole is invalid, whatever its version, and moves no clock") {
  History history;
  history.Add(Placed("o", kPurchase));
  const int64_t other_order = history.Decide("a", "o", 1, {Paid("other", kPurchase + 5)});
  const int64_t other_market =
      history.Decide("b", "o", 2, {Paid("o", kPurchase + 5), Of(Paid("o", kPurchase), "s", "CZ")});
  const int64_t nothing = history.Decide("c", "o", 9, {});
  for (const int64_t offset : {other_order, other_market, nothing}) {
    CHECK(history.code(offset) == RefusalCode::INVALID);
  }
  CHECK(EntryIn(history, other_order).order_id == "other");
  CHECK(EntryIn(history, nothing).seller_id.empty());
  CHECK(OrderIn(history).version == 4);
  CHECK(history.counts().stale == 0);
  CHECK(history.counts().accepted == 1);
  CHECK(history.replay().SellerClock("s") == kPurchase);
}

TEST_CASE("a decision in another market than its order's is stale") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Decide("a", "o", 1, {Of(Paid("o", kPurchase), "s", "CZ")});
  CHECK(history.counts().stale == 1);
  CHECK(OrderIn(history).facts.size() == 1);
}

// Clocks.

TEST_CASE("a seller's clock is moved by its own records, whatever became of them, and by ticks") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Of(Placed("o", kPurchase + kDay), "another"));
  CHECK(history.replay().SellerClock("s") == kPurchase);
  history.Add(Paid("unknown", kPurchase + 1));
  CHECK(history.replay().SellerClock("s") == kPurchase + 1);
  history.Add(Reviewed("o", kPurchase + 2, true, "another"));
  CHECK(history.replay().SellerClock("s") == kPurchase + 2);
  history.Decide("d", "o", 99, {Paid("o", kPurchase + 3)});
  CHECK(history.replay().SellerClock("s") == kPurchase + 3);
  history.Add(Of(Paid("o", kPurchase + 4), "s", "XX"));  // did not pass intake
  CHECK(history.replay().SellerClock("s") == kPurchase + 3);
  CHECK(history.replay().LogClock() == kPurchase + kDay);
  history.Add(Tick(kPurchase + 2 * kDay));
  CHECK(history.replay().SellerClock("s") == kPurchase + 2 * kDay);
  history.Add(Tick(kPurchase + 9 * kDay), 1);  // of another partition
  CHECK(history.replay().SellerClock("s") == kPurchase + 2 * kDay);
  CHECK(history.replay().LogClock() == kPurchase + 9 * kDay);
  CHECK_FALSE(history.replay().SellerClock("nobody").has_value());
}

// Policies, erasures, and what cannot be in a log.

TEST_CASE("a policy is published once, and in time") {
  History history;
  const int64_t effective = history.now + 600 * kSecond;
  history.Add(PolicyOf(1, effective));
  history.Add(PolicyOf(1, effective + 1));
  const int64_t late = history.Add(PolicyOf(2, effective - 1));
  CHECK(history.counts().control == 1);
  CHECK(history.counts().duplicates == 1);
  CHECK(history.code(late) == RefusalCode::INVALID);
}

TEST_CASE("a buyer is erased once, and nothing else changes") {
  History history;
  history.Add(Placed("o", kPurchase));
  Event erased = Envelope(kPurchase + kDay);
  erased.clear_seller_id();
  erased.clear_market();
  erased.mutable_buyer_erased()->set_buyer_id("b");
  history.Add(erased);
  history.Add(erased);
  history.Add(Reviewed("o", kPurchase + 1));
  CHECK(history.counts().control == 1);
  CHECK(history.counts().duplicates == 1);
  CHECK(history.counts().accepted == 2);
  CHECK(history.replay().LogClock() == kPurchase + 1);
}

TEST_CASE("what lacks what intake checks stands in quarantine and harms nothing") {
  History history;
  const int64_t bytes = history.AddBytes("\xff\xff no record");
  const int64_t empty = history.AddBytes("");
  const int64_t no_payload = history.Add(Envelope(kPurchase));
  Event event = Paid("o", kPurchase);
  event.clear_occurred_at();
  const int64_t no_time = history.Add(event);
  const int64_t no_seller = history.Add(Of(Paid("o", kPurchase), ""));
  const int64_t all_sellers = history.Add(Of(Paid("o", kPurchase), "*"));
  const int64_t no_market = history.Add(Of(Paid("o", kPurchase), "s", "XX"));
  const int64_t no_order = history.Add(Paid("", kPurchase));
  CHECK(history.code(bytes) == RefusalCode::UNDECODABLE);
  CHECK(history.code(empty) == RefusalCode::UNDECODABLE);
  for (const int64_t offset : {no_payload, no_time, no_seller, all_sellers, no_market, no_order}) {
    CHECK(history.code(offset) == RefusalCode::INVALID);
  }
  CHECK(history.counts().undecodable == 2);
  CHECK(history.refused(RefusalCode::INVALID) == 6);
  CHECK(SellerIn(history).open_intake_refusals == 4);
  CHECK(EntryIn(history, no_seller).seller_id.empty());
  CHECK(EntryIn(history, all_sellers).seller_id == "*");
}

TEST_CASE("a market that a policy added is known from its record on") {
  policy::v1::Policy policy;
  policy::v1::Market* market = policy.add_markets();
  market->set_code("RO");
  market->set_time_zone("Europe/Bucharest");
  market->set_currency("RON");
  History history;
  const int64_t before = history.Add(Of(Placed("o", kPurchase), "s", "RO"));
  history.Add(PolicyOf(1, history.now + kDay, policy));
  history.Add(Of(Placed("p", kPurchase), "s", "RO"));
  CHECK(history.code(before) == RefusalCode::INVALID);
  CHECK(OrderIn(history, "p").known);
}

TEST_CASE("known_at takes a prefix of each partition") {
  History history;
  const int64_t start = history.now;
  history.Add(Placed("o", kPurchase));
  history.now = start + 10;
  history.Add(Reviewed("o", kPurchase + 1));
  history.now = start + 5;  // its stamp is its predecessor's
  history.Add(Edited("o", kPurchase + 2, false));
  history.Add(Of(Placed("o", kPurchase), "t"), 1);  // another partition: recorded at start + 5
  const Replay before = history.KnownAt(start + 9);
  CHECK(before.partitions().at(0).counts.records == 1);
  CHECK(before.partitions().at(1).counts.records == 1);
  const Replay after = history.KnownAt(start + 10);
  CHECK(after.partitions().at(0).counts == history.counts());
  CHECK(after.FindOrder("s", "o")->edits.size() == 1);
}

TEST_CASE("any bytes are taken") {
  const google::protobuf::LogSilencer silence;
  History good;
  good.Add(Placed("o", kPurchase));
  log::v1::Record record;
  *record.mutable_event() = Returned("o", "x", kPurchase + 1, {{"1", 1}});
  const std::string bytes = record.SerializeAsString();
  int64_t added = 1;
  for (size_t cut = 0; cut <= bytes.size(); ++cut, ++added) good.AddBytes(bytes.substr(0, cut));
  for (size_t place = 0; place < bytes.size(); ++place) {
    for (const char flip : {'\x01', '\x08', '\x80', '\xff'}) {
      std::string changed = bytes;
      changed[place] = static_cast<char>(changed[place] ^ flip);
      good.AddBytes(changed);
      ++added;
    }
  }
  const Counts& counts = good.counts();
  int64_t became = counts.accepted + counts.duplicates + counts.repeats + counts.waiting +
                   counts.stale + counts.control;
  for (const auto& [code, count] : counts.refused) became += count;
  CHECK(counts.records == added);
  CHECK(became == added);
}

}  // namespace flywheel::naive
