#include "sources/dirt.h"

#include <array>
#include <string>

#include "sources/order_events.h"
#include "sources/random.h"

namespace flywheel {
namespace {

using events::v1::Event;

constexpr std::array<std::string_view, kDirtKinds> kNames = {
    "undecodable", "unknownMarket", "wrongMarket", "unknownOrder",
    "wrongBuyer",  "overRefund",    "overReturn",  "lateReview"};

// An id that no clean event has.
std::string StrangeId(uint64_t draw) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id = "x-";
  for (int shift = 60; shift >= 0; shift -= 4) id.push_back(kHex[draw >> shift & 15]);
  return id;
}

void SetComplaint(const events::v1::OrderPlaced& order, uint64_t draw, Event* event) {
  events::v1::ComplaintOpened& opened = *event->mutable_complaint_opened();
  opened.set_order_id(order.order_id());
  opened.set_complaint_id(StrangeId(draw));
  opened.set_buyer_id("b-" + StrangeId(~draw));
  opened.set_kind(events::v1::ComplaintKind::DISPUTE);
  opened.set_reason(events::v1::ComplaintReason::OTHER);
  event->set_source("support");
}

void SetRefund(const events::v1::OrderPlaced& order, uint64_t draw, Event* event) {
  events::v1::RefundIssued& refund = *event->mutable_refund_issued();
  refund.set_order_id(order.order_id());
  refund.set_refund_id(StrangeId(draw));
  *refund.mutable_amount() = order.total();
  refund.mutable_amount()->set_amount_minor(order.total().amount_minor() + 1);
  refund.set_kind(events::v1::RefundKind::ORDER);
  event->set_source("payments");
}

void SetReturn(const events::v1::OrderPlaced& order, uint64_t draw, Event* event) {
  events::v1::ReturnFiled& filed = *event->mutable_return_filed();
  filed.set_order_id(order.order_id());
  filed.set_return_id(StrangeId(draw));
  filed.set_buyer_id(order.buyer_id());
  events::v1::ReturnItem& item = *filed.add_items();
  item.set_line_id(order.lines(0).line_id());
  item.set_quantity(order.lines(0).quantity() + 1);
  item.set_reason(events::v1::ReturnReason::NONE);
  event->set_source("returns");
}

}  // namespace

static_assert(static_cast<size_t>(Dirt::kLateReview) + 1 == kDirtKinds);

std::string_view NameOf(Dirt dirt) { return kNames[static_cast<size_t>(dirt)]; }

void MakeDirtyEvent(const Marketplace& marketplace, const OrderLife& life, const LifeStep& step,
                    Dirt dirt, uint64_t draw, Event* event) {
  LifeStep base = step;
  base.draw = static_cast<uint32_t>(draw);
  base.other_id = true;
  switch (dirt) {
    case Dirt::kUndecodable:
      return MakeOrderEvent(marketplace, life, base, event);
    case Dirt::kUnknownMarket:
      MakeOrderEvent(marketplace, life, base, event);
      return event->set_market("QQ");
    case Dirt::kWrongMarket:
      MakeOrderEvent(marketplace, life, base, event);
      return event->set_market(
          std::string(SimulatedMarkets()[(life.seed.market + 1) % kMarkets].code));
    case Dirt::kLateReview:
      base.kind = EventKind::kReviewPosted;
      base.actor = Actor::kBuyer;
      base.occurred = life.seed.placed.Plus(kLateReviewMillis);
      return MakeOrderEvent(marketplace, life, base, event);
    default:
      break;
  }
  // The others know the order from its placing and say something else of it.
  base.kind = EventKind::kOrderPlaced;
  MakeOrderEvent(marketplace, life, base, event);
  const events::v1::OrderPlaced order = event->order_placed();
  if (dirt == Dirt::kUnknownOrder) {
    event->mutable_order_paid()->set_order_id("o-" + StrangeId(draw));
    event->set_source("payments");
  } else if (dirt == Dirt::kWrongBuyer) {
    SetComplaint(order, draw, event);
  } else if (dirt == Dirt::kOverRefund) {
    SetRefund(order, draw, event);
  } else {
    SetReturn(order, draw, event);
  }
}

}  // namespace flywheel
