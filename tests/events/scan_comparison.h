// Holds the wire scan against libprotobuf: what the property tests and the fuzz target share.
#ifndef FLYWHEEL_TESTS_EVENTS_SCAN_COMPARISON_H_
#define FLYWHEEL_TESTS_EVENTS_SCAN_COMPARISON_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/escaping.h"
#include "events/event_view.h"
#include "events/record_view.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel::scan_comparison {

namespace pb = flywheel::events::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

// --- A message out of a view ---------------------------------------------------------------------

inline void Set(Timestamp* to, Instant at) {
  to->set_seconds(at.number() / kMillisPerSecond);
  to->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}
inline void Set(pb::Money* to, const Money& from) {
  to->set_amount_minor(from.amount_minor);
  to->set_currency(std::string(from.currency));
}
inline void Set(pb::Rates* to, const RatesView& from) {
  to->set_delivery(from.delivery);
  to->set_delivery_cost(from.delivery_cost);
  to->set_description(from.description);
  to->set_service(from.service);
}
inline void Set(pb::OrderLine* to, const OrderLineView& from) {
  to->set_line_id(std::string(from.line_id));
  to->set_offer_id(std::string(from.offer_id));
  to->set_quantity(from.quantity);
  Set(to->mutable_unit_price(), from.unit_price);
}
inline void Set(pb::LineQuantity* to, const LineQuantityView& from) {
  to->set_line_id(std::string(from.line_id));
  to->set_quantity(from.quantity);
}

#define FLYWHEEL_TEXT(field) to->set_##field(std::string(from.field))
#define FLYWHEEL_SCALAR(field) to->set_##field(from.field)
#define FLYWHEEL_ENUM(field) \
  to->set_##field(static_cast<decltype(to->field())>(static_cast<int>(from.field)))
#define FLYWHEEL_MESSAGE(field) Set(to->mutable_##field(), from.field)
#define FLYWHEEL_INSTANT(field) \
  if (from.field.has_value()) Set(to->mutable_##field(), *from.field)

inline void Set(pb::ReturnItem* to, const ReturnItemView& from) {
  FLYWHEEL_TEXT(line_id);
  FLYWHEEL_SCALAR(quantity);
  FLYWHEEL_ENUM(reason);
  FLYWHEEL_TEXT(comment);
}
inline void Set(pb::Delivery* to, const DeliveryView& from) {
  FLYWHEEL_ENUM(method);
  FLYWHEEL_TEXT(carrier_id);
  FLYWHEEL_MESSAGE(list_price);
  FLYWHEEL_MESSAGE(price_paid_by_buyer);
  FLYWHEEL_ENUM(covered_by);
  FLYWHEEL_SCALAR(smart);
  FLYWHEEL_INSTANT(promised_dispatch_by);
  FLYWHEEL_INSTANT(promised_delivery_by);
}

inline void SetPayload(pb::Event*, const std::monostate&) {}
inline void SetPayload(pb::Event* event, const SellerRegisteredView& from) {
  auto* to = event->mutable_seller_registered();
  FLYWHEEL_SCALAR(business);
  FLYWHEEL_SCALAR(pharmacy);
  ForEach(from.markets, [to](std::string_view market) { to->add_markets(std::string(market)); });
  FLYWHEEL_INSTANT(registered_at);
}
inline void SetPayload(pb::Event* event, const SellerStandingChangedView& from) {
  auto* to = event->mutable_seller_standing_changed();
  FLYWHEEL_SCALAR(fees_paid);
  FLYWHEEL_SCALAR(regulation_breach);
  FLYWHEEL_SCALAR(super_seller);
  if (from.return_policy_given) {
    to->mutable_return_policy()->set_free_returns(from.free_returns);
    to->mutable_return_policy()->set_withdrawal_days(from.withdrawal_days);
  }
  FLYWHEEL_SCALAR(smart_delivery_methods);
}
inline void SetPayload(pb::Event* event, const OrderPlacedView& from) {
  auto* to = event->mutable_order_placed();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(buyer_id);
  ForEach(from.lines, [to](const OrderLineView& line) { Set(to->add_lines(), line); });
  FLYWHEEL_MESSAGE(total);
  if (from.delivery.given) FLYWHEEL_MESSAGE(delivery);
}
inline void SetPayload(pb::Event* event, const OrderPaidView& from) {
  auto* to = event->mutable_order_paid();
  FLYWHEEL_TEXT(order_id);
}
inline void SetPayload(pb::Event* event, const OrderCancelledView& from) {
  auto* to = event->mutable_order_cancelled();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_ENUM(by);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ParcelRegisteredView& from) {
  auto* to = event->mutable_parcel_registered();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(parcel_id);
  FLYWHEEL_TEXT(carrier_id);
  FLYWHEEL_ENUM(direction);
  ForEach(from.lines, [to](const LineQuantityView& line) { Set(to->add_lines(), line); });
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_MESSAGE(list_price);
  FLYWHEEL_MESSAGE(price_paid_by_buyer);
  FLYWHEEL_ENUM(covered_by);
}
inline void SetPayload(pb::Event* event, const ParcelScannedView& from) {
  auto* to = event->mutable_parcel_scanned();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(parcel_id);
  FLYWHEEL_ENUM(code);
  FLYWHEEL_TEXT(location);
}
inline void SetPayload(pb::Event* event, const ComplaintOpenedView& from) {
  auto* to = event->mutable_complaint_opened();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_TEXT(buyer_id);
  FLYWHEEL_ENUM(kind);
  FLYWHEEL_ENUM(reason);
  FLYWHEEL_ENUM(expectation);
  FLYWHEEL_TEXT(message);
}
inline void SetPayload(pb::Event* event, const ComplaintMessagePostedView& from) {
  auto* to = event->mutable_complaint_message_posted();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_TEXT(message_id);
  FLYWHEEL_ENUM(author);
  FLYWHEEL_TEXT(text);
}
inline void SetPayload(pb::Event* event, const ComplaintResolvedView& from) {
  auto* to = event->mutable_complaint_resolved();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_ENUM(outcome);
  FLYWHEEL_TEXT(reason);
  FLYWHEEL_ENUM(by);
}
inline void SetPayload(pb::Event* event, const ComplaintReopenedView& from) {
  auto* to = event->mutable_complaint_reopened();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_ENUM(by);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ComplaintEscalatedView& from) {
  auto* to = event->mutable_complaint_escalated();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_ENUM(by);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ReviewPostedView& from) {
  auto* to = event->mutable_review_posted();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(review_id);
  FLYWHEEL_TEXT(buyer_id);
  FLYWHEEL_SCALAR(recommended);
  FLYWHEEL_MESSAGE(rates);
  FLYWHEEL_TEXT(comment);
}
inline void SetPayload(pb::Event* event, const ReviewEditedView& from) {
  auto* to = event->mutable_review_edited();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(review_id);
  FLYWHEEL_SCALAR(recommended);
  FLYWHEEL_MESSAGE(rates);
  FLYWHEEL_TEXT(comment);
}
inline void SetPayload(pb::Event* event, const ReviewAnsweredView& from) {
  auto* to = event->mutable_review_answered();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(review_id);
  FLYWHEEL_TEXT(text);
}
inline void SetPayload(pb::Event* event, const ReviewRemovalRequestedView& from) {
  auto* to = event->mutable_review_removal_requested();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(review_id);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ReviewRemovedView& from) {
  auto* to = event->mutable_review_removed();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(review_id);
  FLYWHEEL_ENUM(by);
}
inline void SetPayload(pb::Event* event, const ReturnFiledView& from) {
  auto* to = event->mutable_return_filed();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_TEXT(reference_number);
  FLYWHEEL_TEXT(buyer_id);
  ForEach(from.items, [to](const ReturnItemView& item) { Set(to->add_items(), item); });
}
inline void SetPayload(pb::Event* event, const ReturnAcceptedView& from) {
  auto* to = event->mutable_return_accepted();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ReturnRejectedView& from) {
  auto* to = event->mutable_return_rejected();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_ENUM(code);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const ReturnClosedView& from) {
  auto* to = event->mutable_return_closed();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const RefundIssuedView& from) {
  auto* to = event->mutable_refund_issued();
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_TEXT(refund_id);
  FLYWHEEL_TEXT(return_id);
  FLYWHEEL_TEXT(complaint_id);
  FLYWHEEL_MESSAGE(amount);
  FLYWHEEL_ENUM(kind);
  FLYWHEEL_TEXT(reason);
}
inline void SetPayload(pb::Event* event, const PolicyPublishedView& from) {
  auto* to = event->mutable_policy_published();
  if (!from.policy.empty()) to->mutable_policy()->ParseFromString(std::string(from.policy));
  FLYWHEEL_SCALAR(version);
  FLYWHEEL_INSTANT(effective_from);
}
inline void SetPayload(pb::Event* event, const BuyerErasedView& from) {
  auto* to = event->mutable_buyer_erased();
  FLYWHEEL_TEXT(buyer_id);
}
inline void SetPayload(pb::Event* event, const TimePassedView&) { event->mutable_time_passed(); }

// The message that the view shows.
inline void Set(pb::Event* to, const EventView& from) {
  FLYWHEEL_TEXT(event_id);
  FLYWHEEL_INSTANT(occurred_at);
  FLYWHEEL_INSTANT(recorded_at);
  FLYWHEEL_TEXT(seller_id);
  FLYWHEEL_TEXT(market);
  FLYWHEEL_TEXT(source);
  FLYWHEEL_TEXT(correlation_id);
  FLYWHEEL_TEXT(causation_id);
  FLYWHEEL_ENUM(actor);
  std::visit([to](const auto& payload) { SetPayload(to, payload); }, from.payload);
}

namespace lg = flywheel::log::v1;

inline void SetBody(lg::Record*, const std::monostate&) {}
inline void SetBody(lg::Record* record, const EventView& from) {
  Set(record->mutable_event(), from);
}
inline void SetBody(lg::Record* record, const DecisionView& from) {
  auto* to = record->mutable_decision();
  FLYWHEEL_TEXT(decision_id);
  FLYWHEEL_TEXT(seller_id);
  FLYWHEEL_TEXT(order_id);
  FLYWHEEL_SCALAR(order_version);
  FLYWHEEL_TEXT(command);
  FLYWHEEL_ENUM(actor);
  FLYWHEEL_TEXT(actor_id);
  FLYWHEEL_TEXT(idempotency_key);
  FLYWHEEL_TEXT(content_hash);
  ForEach(from.events, [to](const EventView& event) { Set(to->add_events(), event); });
}
inline void SetBody(lg::Record* record, const RefusedView& from) {
  auto* to = record->mutable_refused();
  FLYWHEEL_TEXT(source);
  FLYWHEEL_TEXT(source_place);
  FLYWHEEL_TEXT(sha256);
  FLYWHEEL_SCALAR(length);
  FLYWHEEL_ENUM(code);
  FLYWHEEL_TEXT(field);
  FLYWHEEL_TEXT(sentence);
  FLYWHEEL_TEXT(seller_id);
}
inline void SetBody(lg::Record* record, const ResubmittedView& from) {
  auto* to = record->mutable_resubmitted();
  FLYWHEEL_SCALAR(entry_offset);
  FLYWHEEL_TEXT(actor_id);
  if (!from.event.bytes.empty()) Set(to->mutable_event(), from.event);
}
inline void SetBody(lg::Record* record, const DiscardedView& from) {
  auto* to = record->mutable_discarded();
  FLYWHEEL_SCALAR(entry_offset);
  FLYWHEEL_TEXT(actor_id);
  FLYWHEEL_TEXT(reason);
}

inline void Set(lg::Record* to, const RecordView& from) {
  std::visit([to](const auto& body) { SetBody(to, body); }, from.body);
  if (!from.recorded_at.has_value()) return;
  switch (from.kind) {
    case RecordKind::kDecision:
      return Set(to->mutable_decision()->mutable_recorded_at(), *from.recorded_at);
    case RecordKind::kRefused:
      return Set(to->mutable_refused()->mutable_recorded_at(), *from.recorded_at);
    case RecordKind::kResubmitted:
      return Set(to->mutable_resubmitted()->mutable_recorded_at(), *from.recorded_at);
    case RecordKind::kDiscarded:
      return Set(to->mutable_discarded()->mutable_recorded_at(), *from.recorded_at);
    default:
      return;
  }
}

#undef FLYWHEEL_TEXT
#undef FLYWHEEL_SCALAR
#undef FLYWHEEL_ENUM
#undef FLYWHEEL_MESSAGE
#undef FLYWHEEL_INSTANT

// --- What a view cannot show ---------------------------------------------------------------------

inline bool IsInstant(const Timestamp& at) {
  return at.nanos() >= 0 && at.nanos() <= 999'999'999 && at.seconds() >= 0 &&
         at.seconds() <= kLatestInstant.number() / kMillisPerSecond;
}

// Brings a parsed message to what a view of it shows: no unknown fields, instants of milliseconds
// (those out of range become 0), enum values in a byte, no empty messages where the view does not
// tell them from absent ones. Returns whether an instant was out of range.
inline bool Simplify(Message& message) {
  if (auto* at = dynamic_cast<Timestamp*>(&message)) {
    at->GetReflection()->MutableUnknownFields(at)->Clear();
    if (IsInstant(*at)) {
      at->set_nanos(at->nanos() / 1'000'000 * 1'000'000);
      return false;
    }
    at->Clear();
    return true;
  }
  const auto* reflection = message.GetReflection();
  reflection->MutableUnknownFields(&message)->Clear();
  bool out_of_range = false;
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const int value = reflection->GetEnumValue(message, field);
      if (value < 0 || value > 255) reflection->SetEnumValue(&message, field, 255);
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        out_of_range |= Simplify(*reflection->MutableRepeatedMessage(&message, field, i));
      }
      continue;
    }
    Message& inner = *reflection->MutableMessage(&message, field);
    const auto* type = inner.GetDescriptor();
    const bool is_policy = type == policy::v1::Policy::descriptor();
    if (!is_policy) out_of_range |= Simplify(inner);
    const bool presence_is_hidden = is_policy || type == pb::Money::descriptor() ||
                                    type == pb::Rates::descriptor() ||
                                    type == pb::Event::descriptor();
    if (presence_is_hidden && inner.ByteSizeLong() == 0) reflection->ClearField(&message, field);
  }
  return out_of_range;
}

// True when the message or one inside it holds a group among its unknown fields.
inline bool HoldsGroup(const Message& message) {
  const auto* reflection = message.GetReflection();
  const auto& unknown = reflection->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).type() == google::protobuf::UnknownField::TYPE_GROUP) return true;
  }
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HoldsGroup(reflection->GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (HoldsGroup(reflection->GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

// --- The comparison ------------------------------------------------------------------------------

inline ScanResult Scan(std::string_view bytes, Utf8Check utf8, EventView* view) {
  return ScanEvent(bytes, utf8, view);
}
inline ScanResult Scan(std::string_view bytes, Utf8Check, RecordView* view) {
  return ScanRecord(bytes, view);
}

// What the view shows, simplified as a parsed message is.
template <class Proto, class View>
std::string Shown(const View& view) {
  Proto message;
  Set(&message, view);
  Simplify(message);
  return message.SerializeAsString();
}

// True when the policy inside the event, which the scan does not read, is what libprotobuf refuses.
inline bool HoldsBadPolicy(const EventView& view) {
  const auto* published = std::get_if<PolicyPublishedView>(&view.payload);
  policy::v1::Policy policy;
  return published != nullptr && !policy.ParseFromString(std::string(published->policy));
}
inline bool HoldsBadPolicy(const RecordView& view) {
  if (const auto* event = std::get_if<EventView>(&view.body)) return HoldsBadPolicy(*event);
  if (const auto* resubmitted = std::get_if<ResubmittedView>(&view.body)) {
    return HoldsBadPolicy(resubmitted->event);
  }
  bool bad = false;
  if (const auto* decision = std::get_if<DecisionView>(&view.body)) {
    ForEach(decision->events, [&bad](const EventView& event) { bad |= HoldsBadPolicy(event); });
  }
  return bad;
}

// What is wrong with the scan of these bytes, held against libprotobuf's parse; empty: nothing.
// `Proto` is Event with EventView, or Record with RecordView.
template <class Proto, class View>
std::string Difference(std::string_view bytes, Utf8Check utf8) {
  const google::protobuf::LogSilencer silence;
  View view;
  const ScanResult scanned = Scan(bytes, utf8, &view);
  Proto parsed;
  const bool parses = parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const std::string text = parses ? parsed.ShortDebugString() : std::string();
  if (scanned == ScanResult::kMalformed) {
    return parses ? "malformed to the scan, but parses: " + text : "";
  }
  if (!parses) {
    const bool excused =
        scanned == ScanResult::kUnusual || utf8 == Utf8Check::kTrust || HoldsBadPolicy(view);
    return excused ? "" : "does not parse, but the scan takes it";
  }
  const bool groups = HoldsGroup(parsed);
  const std::string reserialized = parsed.SerializeAsString();
  const bool out_of_range = Simplify(parsed);
  if (scanned == ScanResult::kUnusual) {
    if (groups || out_of_range) return "";
    View again;
    if (reserialized == bytes) return "unusual without a reason: " + text;
    return Scan(reserialized, utf8, &again) == ScanResult::kOk
               ? ""
               : "unusual also as protobuf writes it: " + text;
  }
  if (groups) return "takes a group";
  if (out_of_range) return "takes an instant out of range: " + text;
  if (Shown<Proto>(view) == parsed.SerializeAsString()) return "";
  Proto shown;
  Set(&shown, view);
  return "shows  " + shown.ShortDebugString() + "\nparses " + parsed.ShortDebugString();
}

inline std::string WithBytes(const std::string& difference, std::string_view bytes) {
  if (difference.empty()) return "";
  return difference + "\nbytes " + absl::BytesToHexString(std::string(bytes));
}

// The same for a scan of the bytes as an event, checking and trusting, and as a record.
inline std::string EventDifference(std::string_view bytes) {
  std::string difference = Difference<pb::Event, EventView>(bytes, Utf8Check::kCheck);
  if (difference.empty()) difference = Difference<pb::Event, EventView>(bytes, Utf8Check::kTrust);
  return WithBytes(difference, bytes);
}
inline std::string RecordDifference(std::string_view bytes) {
  return WithBytes(Difference<lg::Record, RecordView>(bytes, Utf8Check::kTrust), bytes);
}

}  // namespace flywheel::scan_comparison

#endif  // FLYWHEEL_TESTS_EVENTS_SCAN_COMPARISON_H_
