#include "sources/order_events.h"

#include <array>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "sources/random.h"

namespace flywheel {
namespace {

using events::v1::Event;

constexpr uint32_t kIdTrait = 20;
constexpr uint32_t kEventIdTrait = 21;
constexpr uint32_t kProfileTrait = 22;
constexpr uint32_t kBuyerIdTrait = 23;

// What an id names; a part of the id's number, so that ids never meet.
enum class Named : uint8_t { kOrder, kParcel, kComplaint, kMessage, kReview, kReturn, kRefund };
constexpr std::string_view kPrefixes = "opcmrtf";

// A prefix and 13 characters of base 32 (without vowels that make words, and without l and o). The
// number behind it is a bijection of (index, named, thing), so ids are unique.
std::string Id(const Marketplace& marketplace, Named named, uint32_t index, uint32_t thing = 0) {
  static constexpr char kAlphabet[] = "0123456789abcdfghjkmnpqrstvwxyzu";
  uint64_t number =
      Spread(marketplace.Trait(kIdTrait, 0) ^
             (uint64_t{index} << 16 | uint64_t{static_cast<uint8_t>(named)} << 12 | thing));
  std::array<char, 15> text;
  text[0] = kPrefixes[static_cast<size_t>(named)];
  text[1] = '-';
  for (size_t i = 2; i < text.size(); ++i) {
    text[i] = kAlphabet[number & 31];
    number >>= 5;
  }
  return {text.data(), text.size()};
}

std::string SellerId(uint32_t index) {
  std::array<char, 8> text = {'s', '-', '0', '0', '0', '0', '0', '0'};
  uint32_t number = index + 1;
  size_t at = text.size();
  for (; at > 2 && number > 0; number /= 10) text[--at] = static_cast<char>('0' + number % 10);
  if (number > 0) return "s-" + std::to_string(index + 1);  // the millionth
  return {text.data(), text.size()};
}

// Eight characters that do not give the number of buyers away; an odd factor keeps them unique.
std::string BuyerId(const Marketplace& marketplace, uint32_t index) {
  static constexpr char kHex[] = "0123456789abcdef";
  auto number = static_cast<uint32_t>(index * 0x9E3779B1u) ^
                static_cast<uint32_t>(marketplace.Trait(kBuyerIdTrait, 0));
  std::array<char, 10> text = {'b', '-'};
  for (size_t i = text.size(); i-- > 2; number >>= 4) text[i] = kHex[number & 15];
  return {text.data(), text.size()};
}

void SetInstant(Instant at, google::protobuf::Timestamp* stamp) {
  stamp->set_seconds(at.number() / kMillisPerSecond);
  stamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

// A UUIDv7 whose random bits are drawn, not random.
void SetEventId(Instant at, uint64_t draw, Event* event) {
  WriteUuid(static_cast<uint64_t>(at.number()) << 16 | Spread(draw) >> 48, Spread(~draw), 7,
            event->mutable_event_id());
}

std::string_view Choose(absl::Span<const std::string_view> texts, uint32_t draw) {
  return texts[draw % texts.size()];
}

constexpr std::array<std::string_view, 4> kCancelReasons = {
    "ordered by mistake", "found it cheaper", "takes too long", ""};
constexpr std::array<std::string_view, 3> kSellerCancelReasons = {
    "out of stock", "the price was wrong", "damaged in the warehouse"};
constexpr std::array<std::string_view, 5> kComplaintTexts = {
    "Hello, please look at the photos I attached.", "This is not what I ordered.",
    "I am still waiting. What is going on?", "It stopped working after two days.",
    "Please tell me what happens next."};
constexpr std::array<std::string_view, 5> kAnswers = {
    "We are sorry. We are looking into it.", "Could you send us a photo of the label?",
    "The carrier has been asked to search for the parcel.", "We will send a new one tomorrow.",
    "Thank you for your patience."};
constexpr std::array<std::string_view, 3> kResolutions = {
    "settled with the buyer", "checked by our team", "after a look at the photos"};
constexpr std::array<std::string_view, 3> kReviewAnswers = {
    "Thank you and see you again!", "We are sorry, please write to us and we will make it good.",
    "Thank you for your opinion."};
constexpr std::array<std::string_view, 3> kRemovalReasons = {
    "the review is about another product", "insulting words", "the buyer has been refunded"};
constexpr std::array<std::string_view, 6> kTowns = {"Warszawa", "Praha",     "Bratislava",
                                                    "Budapest", "Ljubljana", "Zagreb"};

// Fills the payload of a step.
class PayloadMaker {
 public:
  PayloadMaker(const Marketplace& marketplace, const OrderLife& life, const LifeStep& step,
               Event* event)
      : marketplace_(marketplace),
        market_(SimulatedMarkets()[life.seed.market]),
        life_(life),
        step_(step),
        event_(*event) {}

  // Fills the payload; the system that would have published it.
  std::string_view Make();

 private:
  std::string OrderId() const { return Id(marketplace_, Named::kOrder, life_.seed.index); }
  std::string ThingId(Named named, uint32_t thing = 0) const {
    return Id(marketplace_, named, life_.seed.index, thing);
  }
  std::string Buyer() const { return BuyerId(marketplace_, life_.seed.buyer); }
  std::string Carrier() const {
    return std::string(market_.carriers[static_cast<size_t>(life_.method) - 1]);
  }
  std::string Words(absl::Span<const std::string_view> texts) const {
    return std::string(Choose(texts, step_.draw));
  }
  std::string LineId(size_t line) const { return std::string(1, static_cast<char>('1' + line)); }
  void Set(int64_t amount, events::v1::Money* money) const {
    money->set_amount_minor(amount);
    money->set_currency(std::string(market_.currency));
  }
  events::v1::Actor::Value By() const { return static_cast<events::v1::Actor::Value>(step_.actor); }

  void Placed();
  void Cancelled();
  void Parcel();
  void Scan();
  void ComplaintOpened();
  void ComplaintMessage();
  void ComplaintResolved();
  void ReviewPosted();
  void ReviewEdited();
  void ReturnFiled();
  void Refund();
  // For the payloads that hold an order, a thing and a text.
  template <class Payload>
  void About(Payload* payload) const {
    payload->set_order_id(OrderId());
  }
  template <class Payload>
  void AboutReview(Payload* payload) const {
    About(payload);
    payload->set_review_id(ThingId(Named::kReview));
  }
  template <class Payload>
  void AboutReturn(Payload* payload) const {
    About(payload);
    payload->set_return_id(ThingId(Named::kReturn));
  }
  template <class Payload>
  void AboutComplaint(Payload* payload) const {
    About(payload);
    payload->set_complaint_id(ThingId(Named::kComplaint, step_.thing));
  }
  template <class Payload>
  void Opinion(const LifeReview& review, Payload* payload) const;

  const Marketplace& marketplace_;
  const SimulatedMarket& market_;
  const OrderLife& life_;
  const LifeStep& step_;
  Event& event_;
};

std::string OfferId(uint32_t seller, uint32_t offer) {
  return std::to_string(7'000'000'000 + uint64_t{seller} * 8192 + offer);
}

void PayloadMaker::Placed() {
  events::v1::OrderPlaced* placed = event_.mutable_order_placed();
  placed->set_order_id(OrderId());
  placed->set_buyer_id(Buyer());
  for (size_t i = 0; i < life_.lines.size(); ++i) {
    const LifeLine& line = life_.lines[i];
    events::v1::OrderLine* out = placed->add_lines();
    out->set_line_id(LineId(i));
    out->set_offer_id(OfferId(life_.seed.seller, line.offer));
    out->set_quantity(line.quantity);
    Set(line.unit_price, out->mutable_unit_price());
  }
  Set(life_.total, placed->mutable_total());
  events::v1::Delivery* delivery = placed->mutable_delivery();
  delivery->set_method(static_cast<events::v1::DeliveryMethod::Value>(life_.method));
  delivery->set_carrier_id(Carrier());
  Set(life_.delivery_price, delivery->mutable_list_price());
  Set(life_.delivery_paid, delivery->mutable_price_paid_by_buyer());
  delivery->set_covered_by(static_cast<events::v1::Payer::Value>(life_.covered_by));
  delivery->set_smart(life_.smart);
  SetInstant(life_.dispatch_by, delivery->mutable_promised_dispatch_by());
  SetInstant(life_.delivery_by, delivery->mutable_promised_delivery_by());
}

void PayloadMaker::Cancelled() {
  events::v1::OrderCancelled* cancelled = event_.mutable_order_cancelled();
  cancelled->set_order_id(OrderId());
  cancelled->set_by(By());
  if (step_.actor == Actor::kBuyer) cancelled->set_reason(Words(kCancelReasons));
  if (step_.actor == Actor::kSeller) cancelled->set_reason(Words(kSellerCancelReasons));
  if (step_.actor == Actor::kSystem) cancelled->set_reason("not paid");
}

void PayloadMaker::Parcel() {
  const LifeParcel& parcel = life_.parcels[step_.thing];
  events::v1::ParcelRegistered* registered = event_.mutable_parcel_registered();
  registered->set_order_id(OrderId());
  registered->set_parcel_id(ThingId(Named::kParcel, step_.thing));
  registered->set_carrier_id(Carrier());
  registered->set_direction(parcel.back ? events::v1::Direction::RETURN
                                        : events::v1::Direction::OUTBOUND);
  for (size_t i = 0; i < life_.lines.size(); ++i) {
    if ((parcel.lines >> i & 1) == 0) continue;
    events::v1::LineQuantity* line = registered->add_lines();
    line->set_line_id(LineId(i));
    line->set_quantity(life_.lines[i].quantity);
  }
  if (!parcel.back) return;
  registered->set_return_id(ThingId(Named::kReturn));
  Set(life_.label_price, registered->mutable_list_price());
  Set(life_.label_paid, registered->mutable_price_paid_by_buyer());
  registered->set_covered_by(static_cast<events::v1::Payer::Value>(life_.label_covered_by));
}

void PayloadMaker::Scan() {
  events::v1::ParcelScanned* scanned = event_.mutable_parcel_scanned();
  scanned->set_order_id(OrderId());
  scanned->set_parcel_id(ThingId(Named::kParcel, step_.thing));
  scanned->set_code(static_cast<events::v1::ScanCode::Value>(step_.code));
  if (step_.code == static_cast<uint8_t>(ScanCode::kInTransit)) {
    scanned->set_location(std::string(kTowns[life_.seed.market]));
  }
}

void PayloadMaker::ComplaintOpened() {
  const LifeComplaint& complaint = life_.complaints[step_.thing];
  events::v1::ComplaintOpened* opened = event_.mutable_complaint_opened();
  AboutComplaint(opened);
  opened->set_buyer_id(Buyer());
  opened->set_kind(static_cast<events::v1::ComplaintKind::Value>(complaint.kind));
  opened->set_reason(static_cast<events::v1::ComplaintReason::Value>(complaint.reason));
  opened->set_expectation(static_cast<events::v1::Expectation::Value>(complaint.expectation));
  opened->set_message(Words(kComplaintTexts));
}

void PayloadMaker::ComplaintMessage() {
  events::v1::ComplaintMessagePosted* posted = event_.mutable_complaint_message_posted();
  AboutComplaint(posted);
  posted->set_message_id(ThingId(Named::kMessage, step_.thing * 64u + step_.message));
  posted->set_author(By());
  posted->set_text(step_.actor == Actor::kBuyer ? Words(kComplaintTexts) : Words(kAnswers));
}

void PayloadMaker::ComplaintResolved() {
  events::v1::ComplaintResolved* resolved = event_.mutable_complaint_resolved();
  AboutComplaint(resolved);
  resolved->set_outcome(static_cast<events::v1::Outcome::Value>(step_.code));
  resolved->set_reason(Words(kResolutions));
  resolved->set_by(By());
}

template <class Payload>
void PayloadMaker::Opinion(const LifeReview& review, Payload* payload) const {
  AboutReview(payload);
  payload->set_recommended(review.recommended);
  events::v1::Rates* rates = payload->mutable_rates();
  rates->set_delivery(review.rates[0]);
  rates->set_delivery_cost(review.rates[1]);
  rates->set_description(review.rates[2]);
  rates->set_service(review.rates[3]);
  if (review.worded) {
    payload->set_comment(Words(review.recommended ? market_.praise : market_.complaint));
  }
}

void PayloadMaker::ReviewPosted() {
  events::v1::ReviewPosted* posted = event_.mutable_review_posted();
  Opinion(life_.review, posted);
  posted->set_buyer_id(Buyer());
}

void PayloadMaker::ReviewEdited() { Opinion(life_.edited, event_.mutable_review_edited()); }

void PayloadMaker::ReturnFiled() {
  events::v1::ReturnFiled* filed = event_.mutable_return_filed();
  AboutReturn(filed);
  filed->set_reference_number(std::to_string(100'000'000 + step_.draw % 900'000'000));
  filed->set_buyer_id(Buyer());
  for (size_t i = 0; i < life_.lines.size(); ++i) {
    if ((life_.returned_lines >> i & 1) == 0) continue;
    events::v1::ReturnItem* item = filed->add_items();
    item->set_line_id(LineId(i));
    item->set_quantity(life_.lines[i].quantity);
    item->set_reason(static_cast<events::v1::ReturnReason::Value>(life_.return_reason));
  }
}

void PayloadMaker::Refund() {
  const LifeRefund& refund = life_.refunds[step_.thing];
  events::v1::RefundIssued* issued = event_.mutable_refund_issued();
  About(issued);
  issued->set_refund_id(ThingId(Named::kRefund, step_.thing));
  if (refund.of_return) issued->set_return_id(ThingId(Named::kReturn));
  if (refund.complaint >= 0) {
    issued->set_complaint_id(ThingId(Named::kComplaint, static_cast<uint32_t>(refund.complaint)));
  }
  Set(refund.amount, issued->mutable_amount());
  issued->set_kind(static_cast<events::v1::RefundKind::Value>(step_.code));
}

std::string_view PayloadMaker::Make() {
  switch (step_.kind) {
    case EventKind::kOrderPlaced:
      Placed();
      return "checkout";
    case EventKind::kOrderPaid:
      About(event_.mutable_order_paid());
      return "payments";
    case EventKind::kOrderCancelled:
      Cancelled();
      return "checkout";
    case EventKind::kParcelRegistered:
      Parcel();
      return "shipping";
    case EventKind::kParcelScanned:
      Scan();
      return "tracking";
    case EventKind::kComplaintOpened:
      ComplaintOpened();
      return "support";
    case EventKind::kComplaintMessagePosted:
      ComplaintMessage();
      return "support";
    case EventKind::kComplaintResolved:
      ComplaintResolved();
      return "support";
    case EventKind::kComplaintReopened:
      AboutComplaint(event_.mutable_complaint_reopened());
      event_.mutable_complaint_reopened()->set_by(By());
      return "support";
    case EventKind::kComplaintEscalated:
      AboutComplaint(event_.mutable_complaint_escalated());
      event_.mutable_complaint_escalated()->set_by(By());
      return "support";
    case EventKind::kReviewPosted:
      ReviewPosted();
      return "reviews";
    case EventKind::kReviewEdited:
      ReviewEdited();
      return "reviews";
    case EventKind::kReviewAnswered:
      AboutReview(event_.mutable_review_answered());
      event_.mutable_review_answered()->set_text(Words(kReviewAnswers));
      return "reviews";
    case EventKind::kReviewRemovalRequested:
      AboutReview(event_.mutable_review_removal_requested());
      event_.mutable_review_removal_requested()->set_reason(Words(kRemovalReasons));
      return "reviews";
    case EventKind::kReviewRemoved:
      AboutReview(event_.mutable_review_removed());
      event_.mutable_review_removed()->set_by(
          static_cast<events::v1::RemovedBy::Value>(step_.code));
      return "reviews";
    case EventKind::kReturnFiled:
      ReturnFiled();
      return "returns";
    case EventKind::kReturnAccepted:
      AboutReturn(event_.mutable_return_accepted());
      return "returns";
    case EventKind::kReturnRejected:
      AboutReturn(event_.mutable_return_rejected());
      event_.mutable_return_rejected()->set_code(
          static_cast<events::v1::ReturnRejection::Value>(step_.code));
      return "returns";
    case EventKind::kReturnClosed:
      AboutReturn(event_.mutable_return_closed());
      return "returns";
    case EventKind::kRefundIssued:
      Refund();
      return "payments";
    default:
      return "";  // no step is of another kind
  }
}

void MakeRegistration(const Marketplace& marketplace, const SellerStep& step, Random* profile,
                      events::v1::SellerRegistered* registered) {
  const SimulatedSeller& seller = marketplace.seller(step.seller);
  registered->set_business(profile->Chance(880'000));
  registered->set_pharmacy(profile->Chance(6'000));
  for (uint8_t m = 0; m < kMarkets; ++m) {
    if (seller.markets >> m & 1) {
      registered->add_markets(std::string(SimulatedMarkets()[m].code));
    }
  }
  // Whoever was there from the start opened the account up to a year before.
  const bool newcomer = seller.joined > marketplace.options().start;
  const Instant opened =
      newcomer ? seller.joined : seller.joined.Plus(-profile->Between(1, 365) * kMillisPerDay);
  SetInstant(opened, registered->mutable_registered_at());
}

void MakeStanding(SellerNews news, Random* profile, events::v1::SellerStandingChanged* standing) {
  const bool free_returns = profile->Chance(600'000) || news == SellerNews::kFreeReturns;
  standing->set_fees_paid(news != SellerNews::kFeesOverdue);
  standing->set_regulation_breach(news == SellerNews::kBreach);
  standing->set_super_seller(news == SellerNews::kSuperSeller);
  standing->mutable_return_policy()->set_free_returns(free_returns);
  constexpr std::array kDays = {14, 30, 60, 0};
  standing->mutable_return_policy()->set_withdrawal_days(kDays[profile->Pick({70, 20, 7, 3})]);
  standing->set_smart_delivery_methods(static_cast<int32_t>(profile->Between(1, 5)));
}

}  // namespace

void MakeOrderEvent(const Marketplace& marketplace, const OrderLife& life, const LifeStep& step,
                    Event* event) {
  const uint64_t draw =
      marketplace.Trait(kEventIdTrait, uint64_t{life.seed.index} << 32 | step.draw) ^
      static_cast<uint64_t>(step.kind);
  SetEventId(step.occurred, step.other_id ? Spread(draw) : draw, event);
  SetInstant(step.occurred, event->mutable_occurred_at());
  event->set_seller_id(SellerId(life.seed.seller));
  event->set_market(std::string(SimulatedMarkets()[life.seed.market].code));
  event->set_actor(static_cast<events::v1::Actor::Value>(step.actor));
  event->set_source(std::string(PayloadMaker(marketplace, life, step, event).Make()));
}

void MakeSellerEvent(const Marketplace& marketplace, const SellerStep& step, Event* event) {
  const auto what = static_cast<uint64_t>(step.news) << 8 | step.market;
  const uint64_t draw =
      Combine(marketplace.Trait(kEventIdTrait, uint64_t{step.seller} << 16 | what),
              static_cast<uint64_t>(step.at.number()));
  SetEventId(step.at, draw, event);
  SetInstant(step.at, event->mutable_occurred_at());
  event->set_seller_id(SellerId(step.seller));
  event->set_market(std::string(SimulatedMarkets()[step.market].code));
  event->set_source("sellers");
  Random profile(marketplace.Trait(kProfileTrait, uint64_t{step.seller} << 8 | step.market));
  if (step.news == SellerNews::kRegistered) {
    event->set_actor(events::v1::Actor::SELLER);
    MakeRegistration(marketplace, step, &profile, event->mutable_seller_registered());
  } else {
    event->set_actor(events::v1::Actor::MARKETPLACE);
    MakeStanding(step.news, &profile, event->mutable_seller_standing_changed());
  }
}

}  // namespace flywheel
