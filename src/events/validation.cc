// The rules that need the event alone. The Check of a payload reads as the list of its fields that
// have rules; texts (reason, comment, message, location, ...) may be any valid UTF-8, which the
// scan has checked. The meaning of the words stands in intake.h.

#include "events/validation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/money.h"
#include "base/utf8.h"
#include "events/event_view.h"
#include "events/intake.h"
#include "events/wire_scan.h"

namespace flywheel {
namespace {

// True when one of the word's eight bytes is below `bound` (at most 128).
constexpr bool HasByteBelow(uint64_t word, uint64_t bound) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  return ((word - kOnes * bound) & ~word & (kOnes * 0x80)) != 0;
}
constexpr bool HasByte(uint64_t word, uint64_t byte) {
  return HasByteBelow(word ^ (0x0101010101010101 * byte), 1);
}

// C0, DEL and C1 (as UTF-8: C2 80 to C2 9F).
bool HasControlCharacter(std::string_view text) {
  while (text.size() >= sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, text.data(), sizeof(word));
    if (HasByteBelow(word, 0x20) || HasByte(word, 0x7F) || HasByte(word, 0xC2)) break;
    text.remove_prefix(sizeof(word));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    const bool is_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0;
    if (is_c1) return true;
  }
  return false;
}

bool AreCapitals(std::string_view text, size_t count) {
  if (text.size() != count) return false;
  for (const char c : text) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

constexpr std::array<bool, 256> kIsHexadecimal = [] {
  std::array<bool, 256> is{};
  for (const char digit : std::string_view("0123456789abcdefABCDEF")) {
    is[static_cast<uint8_t>(digit)] = true;
  }
  return is;
}();

// Checks fields one after the other and keeps the first that breaks a rule; what comes after that
// is not looked at.
class FieldChecks {
 public:
  bool failed() const { return !field_.empty(); }

  // Paths that follow start with the payload's field in Event.
  void InPayload(std::string_view payload) { payload_ = payload; }
  // ... and with the element of a list.
  void InElement(std::string_view list, int index) {
    list_ = list;
    index_ = index;
  }
  void AfterList() { list_ = {}; }

  void Fail(std::string_view field, std::string_view sentence) {
    if (failed()) return;
    field_ = std::string(payload_);
    if (!list_.empty()) {
      absl::StrAppend(&field_, field_.empty() ? "" : ".", std::string(list_), "[", index_, "]");
    }
    if (!field.empty()) absl::StrAppend(&field_, field_.empty() ? "" : ".", std::string(field));
    sentence_ = std::string(sentence);
  }
  void Require(bool holds, std::string_view field, std::string_view sentence) {
    if (!holds) [[unlikely]] {
      Fail(field, sentence);
    }
  }

  void OptionalId(std::string_view field, std::string_view id) {
    if (id.size() > kMaxIdBytes) [[unlikely]] {
      Fail(field, absl::StrCat("is longer than ", kMaxIdBytes, " bytes"));
    }
    Require(!HasControlCharacter(id), field, "holds a control character");
  }
  void Id(std::string_view field, std::string_view id) {
    Require(!id.empty(), field, "is missing");
    OptionalId(field, id);
  }

  template <class Enum>
  void OptionalCode(std::string_view field, Enum value) {
    Require(value <= kLastOf<Enum>, field, "has a value that the schema does not know");
  }
  template <class Enum>
  void Code(std::string_view field, Enum value) {
    Require(value != Enum::kUnspecified, field, "is missing");
    OptionalCode(field, value);
  }

  void NotNegative(std::string_view field, int64_t value) {
    Require(value >= 0, field, "is negative");
  }
  void Rate(std::string_view field, int32_t rate) {
    Require(rate >= 0 && rate <= 5, field, "is not between 0 and 5");
  }
  void MarketCode(std::string_view field, std::string_view code) {
    Require(AreCapitals(code, 2), field, "is not two capital letters");
  }

  void OptionalMoney(std::string_view field, const Money& money) {
    if (!money.given() && money.amount_minor == 0) return;
    if (!AreCapitals(money.currency, 3)) [[unlikely]] {
      return Fail(absl::StrCat(std::string(field), ".currency"),
                  money.given() ? "is not three capital letters" : "is missing");
    }
    if (money.amount_minor < 0) [[unlikely]] {
      Fail(absl::StrCat(std::string(field), ".amount_minor"), "is negative");
    }
    if (money.amount_minor > kMaxAmountMinor) [[unlikely]] {
      Fail(absl::StrCat(std::string(field), ".amount_minor"),
           absl::StrCat("is greater than ", kMaxAmountMinor));
    }
  }
  void RequiredMoney(std::string_view field, const Money& money) {
    Require(money.given() || money.amount_minor != 0, field, "is missing");
    OptionalMoney(field, money);
  }

  // Calls check_element(element) for each element of a list, in its path.
  template <class Element, class CheckElement>
  void List(std::string_view field, const RepeatedView<Element>& list,
            const CheckElement& check_element) {
    if (list.count > kMaxListElements) [[unlikely]] {
      return Fail(field, absl::StrCat("has more than ", kMaxListElements, " elements"));
    }
    int index = 0;
    ForEach(list, [&](const Element& element) {
      InElement(field, index++);
      check_element(element);
    });
    AfterList();
  }

  std::optional<IntakeRefusal> Result(const EventView& event) && {
    if (!failed()) return std::nullopt;
    IntakeRefusal refusal;
    refusal.code = RefusalCode::kInvalid;
    refusal.sentence = absl::StrCat(field_, " ", sentence_);
    refusal.field = std::move(field_);
    refusal.seller_id = std::string(SellerForRefusal(event.seller_id));
    return refusal;
  }

 private:
  std::string_view payload_;
  std::string_view list_;
  int index_ = 0;
  std::string field_;  // empty: nothing is wrong so far
  std::string sentence_;
};

void Check(FieldChecks& check, const std::monostate&) {
  check.Fail("payload", "is missing, or is of a kind that this version does not know");
}

void Check(FieldChecks& check, const SellerRegisteredView& it) {
  check.List("markets", it.markets, [&](std::string_view code) { check.MarketCode("", code); });
}

void Check(FieldChecks& check, const SellerStandingChangedView& it) {
  check.NotNegative("return_policy.withdrawal_days", it.withdrawal_days);
  check.NotNegative("smart_delivery_methods", it.smart_delivery_methods);
}

void Check(FieldChecks& check, const OrderPlacedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("buyer_id", it.buyer_id);
  absl::flat_hash_set<std::string_view> line_ids;
  check.List("lines", it.lines, [&](const OrderLineView& line) {
    check.Id("line_id", line.line_id);
    check.Require(line_ids.insert(line.line_id).second, "line_id",
                  "is that of another line of the order");
    check.OptionalId("offer_id", line.offer_id);
    check.NotNegative("quantity", line.quantity);
    check.OptionalMoney("unit_price", line.unit_price);
  });
  check.RequiredMoney("total", it.total);
  check.Require(it.delivery.given, "delivery", "is missing");
  check.Code("delivery.method", it.delivery.method);
  check.OptionalId("delivery.carrier_id", it.delivery.carrier_id);
  check.OptionalMoney("delivery.list_price", it.delivery.list_price);
  check.OptionalMoney("delivery.price_paid_by_buyer", it.delivery.price_paid_by_buyer);
  check.OptionalCode("delivery.covered_by", it.delivery.covered_by);
}

void Check(FieldChecks& check, const OrderPaidView& it) { check.Id("order_id", it.order_id); }

void Check(FieldChecks& check, const OrderCancelledView& it) {
  check.Id("order_id", it.order_id);
  check.Code("by", it.by);
}

void Check(FieldChecks& check, const ParcelRegisteredView& it) {
  check.Id("order_id", it.order_id);
  check.Id("parcel_id", it.parcel_id);
  check.OptionalId("carrier_id", it.carrier_id);
  check.Code("direction", it.direction);
  check.List("lines", it.lines, [&](const LineQuantityView& line) {
    check.Id("line_id", line.line_id);
    check.NotNegative("quantity", line.quantity);
  });
  check.OptionalId("return_id", it.return_id);
  check.OptionalMoney("list_price", it.list_price);
  check.OptionalMoney("price_paid_by_buyer", it.price_paid_by_buyer);
  check.OptionalCode("covered_by", it.covered_by);
}

void Check(FieldChecks& check, const ParcelScannedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("parcel_id", it.parcel_id);
  check.Code("code", it.code);
}

void Check(FieldChecks& check, const ComplaintOpenedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("complaint_id", it.complaint_id);
  check.Id("buyer_id", it.buyer_id);
  check.Code("kind", it.kind);
  check.Code("reason", it.reason);
  check.OptionalCode("expectation", it.expectation);
}

void Check(FieldChecks& check, const ComplaintMessagePostedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("complaint_id", it.complaint_id);
  check.Id("message_id", it.message_id);
  check.Code("author", it.author);
}

void Check(FieldChecks& check, const ComplaintResolvedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("complaint_id", it.complaint_id);
  check.Code("outcome", it.outcome);
  check.Code("by", it.by);
}

void Check(FieldChecks& check, const ComplaintReopenedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("complaint_id", it.complaint_id);
  check.Code("by", it.by);
}

void Check(FieldChecks& check, const ComplaintEscalatedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("complaint_id", it.complaint_id);
  check.Code("by", it.by);
}

void CheckRates(FieldChecks& check, const RatesView& rates) {
  check.Rate("rates.delivery", rates.delivery);
  check.Rate("rates.delivery_cost", rates.delivery_cost);
  check.Rate("rates.description", rates.description);
  check.Rate("rates.service", rates.service);
}

void Check(FieldChecks& check, const ReviewPostedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("review_id", it.review_id);
  check.Id("buyer_id", it.buyer_id);
  CheckRates(check, it.rates);
}

void Check(FieldChecks& check, const ReviewEditedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("review_id", it.review_id);
  CheckRates(check, it.rates);
}

void Check(FieldChecks& check, const ReviewAnsweredView& it) {
  check.Id("order_id", it.order_id);
  check.Id("review_id", it.review_id);
}

void Check(FieldChecks& check, const ReviewRemovalRequestedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("review_id", it.review_id);
}

void Check(FieldChecks& check, const ReviewRemovedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("review_id", it.review_id);
  check.Code("by", it.by);
}

void Check(FieldChecks& check, const ReturnFiledView& it) {
  check.Id("order_id", it.order_id);
  check.Id("return_id", it.return_id);
  check.OptionalId("reference_number", it.reference_number);
  check.Id("buyer_id", it.buyer_id);
  check.List("items", it.items, [&](const ReturnItemView& item) {
    check.Id("line_id", item.line_id);
    check.NotNegative("quantity", item.quantity);
    check.Code("reason", item.reason);
  });
}

void Check(FieldChecks& check, const ReturnAcceptedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("return_id", it.return_id);
}

void Check(FieldChecks& check, const ReturnRejectedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("return_id", it.return_id);
  check.Code("code", it.code);
}

void Check(FieldChecks& check, const ReturnClosedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("return_id", it.return_id);
}

void Check(FieldChecks& check, const RefundIssuedView& it) {
  check.Id("order_id", it.order_id);
  check.Id("refund_id", it.refund_id);
  check.OptionalId("return_id", it.return_id);
  check.OptionalId("complaint_id", it.complaint_id);
  check.RequiredMoney("amount", it.amount);
  check.Code("kind", it.kind);
}

void Check(FieldChecks& check, const PolicyPublishedView& it) {
  check.Require(it.version > 0, "version", "is not greater than 0");
  check.Require(it.effective_from.has_value(), "effective_from", "is missing");
}

void Check(FieldChecks& check, const BuyerErasedView& it) { check.Id("buyer_id", it.buyer_id); }

void Check(FieldChecks&, const TimePassedView&) {}

void CheckEnvelope(FieldChecks& check, const EventView& event, Instant recorded_at,
                   const PolicyBook& policies) {
  check.Require(!event.event_id.empty(), "event_id", "is missing");
  check.Require(IsUuid(event.event_id), "event_id", "is not a UUID of 36 characters");
  check.Require(event.occurred_at.has_value(), "occurred_at", "is missing");
  const Instant occurred_at = event.occurred_at.value_or(kEarliestInstant);
  check.Require(occurred_at >= kEarliestInstant && occurred_at <= kLatestInstant, "occurred_at",
                "is not between 1970 and 2199");
  check.Require(occurred_at <= recorded_at.Plus(kMaxFutureMillis), "occurred_at",
                "is more than 5 minutes in the future");
  if (!IsMadeByFlywheelAlone(event.kind)) {
    check.Id("seller_id", event.seller_id);
    check.Require(event.seller_id != kAllSellers, "seller_id",
                  "is *, which stands for all sellers");
    check.Require(!event.market.empty(), "market", "is missing");
    check.Require(policies.Find(event.market, occurred_at) != nullptr, "market",
                  "is not a market of the policy at that time");
  }
  check.OptionalId("source", event.source);
  check.OptionalId("correlation_id", event.correlation_id);
  check.OptionalId("causation_id", event.causation_id);
  check.OptionalCode("actor", event.actor);
}

}  // namespace

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  bool is_uuid = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    is_uuid &= is_dash ? text[i] == '-' : kIsHexadecimal[static_cast<uint8_t>(text[i])];
  }
  return is_uuid;
}

std::string_view SellerForRefusal(std::string_view seller_id) {
  const bool is_id =
      seller_id.size() <= kMaxIdBytes && !HasControlCharacter(seller_id) && IsUtf8(seller_id);
  return is_id ? seller_id : std::string_view();
}

std::optional<IntakeRefusal> Validate(const EventView& event, Instant recorded_at,
                                      const PolicyBook& policies) {
  FieldChecks check;
  CheckEnvelope(check, event, recorded_at, policies);
  check.InPayload(FieldOf(event.kind));
  std::visit([&check](const auto& payload) { Check(check, payload); }, event.payload);
  return std::move(check).Result(event);
}

}  // namespace flywheel
