#include "app/timeline_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "app/table.h"
#include "base/instant_text.h"
#include "query/timeline_json.h"

namespace flywheel {
namespace {

namespace pb = events::v1;

// ISO 4217: the currencies that do not have two digits after the point.
constexpr std::array<std::string_view, 16> kNoDigits = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                        "KMF", "KRW", "PYG", "RWF", "UGX", "VND",
                                                        "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 7> kThreeDigits = {"BHD", "IQD", "JOD", "KWD",
                                                          "LYD", "OMR", "TND"};

template <size_t kSize>
bool IsOneOf(std::string_view currency, const std::array<std::string_view, kSize>& currencies) {
  return std::find(currencies.begin(), currencies.end(), currency) != currencies.end();
}

std::string LinesText(int lines) { return fmt::format("{} line{}", lines, lines == 1 ? "" : "s"); }

std::string PlacedText(const pb::OrderPlaced& placed) {
  const pb::Delivery& delivery = placed.delivery();
  std::string text =
      fmt::format("order placed: {}, {}, {}", LinesText(placed.lines_size()),
                  MoneyText(placed.total()), pb::DeliveryMethod::Value_Name(delivery.method()));
  if (delivery.has_promised_dispatch_by()) {
    text +=
        fmt::format(", dispatch by {}",
                    FormatInstant(Instant(delivery.promised_dispatch_by().seconds() * 1000 +
                                          delivery.promised_dispatch_by().nanos() / 1'000'000)));
  }
  return text;
}

std::string ParcelText(const pb::ParcelRegistered& parcel) {
  std::string text = fmt::format("parcel {} registered", parcel.parcel_id());
  if (!parcel.carrier_id().empty()) text += fmt::format(" with {}", parcel.carrier_id());
  if (parcel.direction() == pb::Direction::RETURN) text += ", on its way back";
  if (!parcel.return_id().empty()) text += fmt::format(", of return {}", parcel.return_id());
  if (parcel.lines_size() > 0) text += fmt::format(", {}", LinesText(parcel.lines_size()));
  return text;
}

std::string ScanText(const pb::ParcelScanned& scan) {
  std::string text =
      fmt::format("parcel {} {}", scan.parcel_id(), pb::ScanCode::Value_Name(scan.code()));
  if (!scan.location().empty()) text += fmt::format(" at {}", scan.location());
  return text;
}

std::string ComplaintText(const pb::ComplaintOpened& opened) {
  std::string text = fmt::format("complaint {} opened ({}): {}", opened.complaint_id(),
                                 pb::ComplaintKind::Value_Name(opened.kind()),
                                 pb::ComplaintReason::Value_Name(opened.reason()));
  if (opened.expectation() != pb::Expectation::UNSPECIFIED) {
    text += fmt::format(", wants {}", pb::Expectation::Value_Name(opened.expectation()));
  }
  return text;
}

std::string MarksText(const pb::Rates& rates) {
  std::string text;
  const auto add = [&](std::string_view name, int32_t mark) {
    if (mark != 0) text += fmt::format(", {} {}", name, mark);
  };
  add("delivery", rates.delivery());
  add("delivery cost", rates.delivery_cost());
  add("description", rates.description());
  add("service", rates.service());
  return text;
}

template <class Review>
std::string ReviewText(std::string_view verb, const Review& review) {
  return fmt::format("review {} {}: {}{}", review.review_id(), verb,
                     review.recommended() ? "recommends" : "does not recommend",
                     MarksText(review.rates()));
}

std::string ReturnText(const pb::ReturnFiled& filed) {
  std::string text = fmt::format("return {} filed", filed.return_id());
  for (const pb::ReturnItem& item : filed.items()) {
    text +=
        fmt::format("{} {} of line {} ({})", &item == &filed.items(0) ? ":" : ",", item.quantity(),
                    item.line_id(), pb::ReturnReason::Value_Name(item.reason()));
  }
  return text;
}

std::string RefundText(const pb::RefundIssued& refund) {
  std::string text =
      fmt::format("refund {} of {} ({})", refund.refund_id(), MoneyText(refund.amount()),
                  pb::RefundKind::Value_Name(refund.kind()));
  if (!refund.return_id().empty()) text += fmt::format(" for return {}", refund.return_id());
  if (!refund.complaint_id().empty()) {
    text += fmt::format(" for complaint {}", refund.complaint_id());
  }
  return text;
}

std::string ResolvedText(const pb::ComplaintResolved& resolved) {
  return fmt::format("complaint {} resolved: {}", resolved.complaint_id(),
                     pb::Outcome::Value_Name(resolved.outcome()));
}

// Adds a text, on one line.
void AddWords(const std::string& words, std::string* text) {
  if (words.empty()) return;
  if (!text->empty()) text->append(" / ");
  for (const char byte : words) {
    const auto code = static_cast<unsigned char>(byte);
    text->push_back(code < 0x20 || code == 0x7f ? ' ' : byte);
  }
}

std::string WaitsText(const TimelineEntry& entry) {
  std::string text;
  for (const TimelineEntry::Missing& missing : entry.waits_for) {
    text += text.empty() ? "not yet in effect: the " : ", the ";
    text += NameOf(missing.what);
    if (!missing.id.empty()) text += fmt::format(" {}", missing.id);
    text += " is not known";
  }
  return text;
}

std::string_view ClockText(SlaClock clock) {
  switch (clock) {
    case SlaClock::kFirstResponse:
      return "first response to complaint";
    case SlaClock::kResolution:
      return "resolution of complaint";
    case SlaClock::kDecision:
      return "decision on claim";
    case SlaClock::kDispatch:
      return "dispatch of order";
    case SlaClock::kRefund:
      return "refund of return";
  }
  return "";
}

std::string EntriesText(const OrderTimeline& timeline) {
  size_t actor_width = 0;
  size_t place_width = 0;
  for (const TimelineEntry& entry : timeline.entries) {
    actor_width = std::max(actor_width, ActorName(entry.actor).size());
    place_width = std::max(place_width, FormatPlace(entry.place).size());
  }
  std::string text;
  const auto add_below = [&](std::string_view line) {
    text += fmt::format("{:24}  {:{}}  {:{}}    {}\n", "", "", place_width, "", actor_width, line);
  };
  for (const TimelineEntry& entry : timeline.entries) {
    text += fmt::format("{}  {:{}}  {:{}}  {}\n", FormatInstant(entry.occurred_at),
                        FormatPlace(entry.place), place_width, ActorName(entry.actor), actor_width,
                        SentenceOf(entry.event));
    if (const std::string words = WordsOf(entry.event); !words.empty()) {
      add_below(fmt::format("\"{}\"", words));
    }
    if (entry.texts_erased) add_below("(erased)");
    if (!entry.waits_for.empty()) add_below(WaitsText(entry));
  }
  return text;
}

std::string DueText(const OrderTimeline& timeline) {
  if (timeline.due.empty()) return "nothing is due\n";
  Table table({"due", "", "by", "what", "since"});
  for (const DueNext& due : timeline.due) {
    table.Add({FormatInstant(due.due), std::string(NameOf(due.state)), ActorName(due.by),
               fmt::format("{} {}", ClockText(due.clock), due.id), FormatInstant(due.opened)});
  }
  return table.ToText();
}

}  // namespace

std::string MoneyText(const pb::Money& money) {
  const int digits = IsOneOf(money.currency(), kNoDigits)      ? 0
                     : IsOneOf(money.currency(), kThreeDigits) ? 3
                                                               : 2;
  if (digits == 0) return fmt::format("{} {}", money.amount_minor(), money.currency());
  const int64_t unit = digits == 3 ? 1000 : 100;
  return fmt::format("{}.{:0{}} {}", money.amount_minor() / unit, money.amount_minor() % unit,
                     digits, money.currency());
}

std::string SentenceOf(const pb::Event& event) {
  switch (event.payload_case()) {
    case pb::Event::kOrderPlaced:
      return PlacedText(event.order_placed());
    case pb::Event::kOrderPaid:
      return "order paid";
    case pb::Event::kOrderCancelled:
      return "order cancelled";
    case pb::Event::kParcelRegistered:
      return ParcelText(event.parcel_registered());
    case pb::Event::kParcelScanned:
      return ScanText(event.parcel_scanned());
    case pb::Event::kComplaintOpened:
      return ComplaintText(event.complaint_opened());
    case pb::Event::kComplaintMessagePosted:
      return fmt::format("message in complaint {}",
                         event.complaint_message_posted().complaint_id());
    case pb::Event::kComplaintResolved:
      return ResolvedText(event.complaint_resolved());
    case pb::Event::kComplaintReopened:
      return fmt::format("complaint {} reopened", event.complaint_reopened().complaint_id());
    case pb::Event::kComplaintEscalated:
      return fmt::format("complaint {} escalated to the marketplace",
                         event.complaint_escalated().complaint_id());
    case pb::Event::kReviewPosted:
      return ReviewText("posted", event.review_posted());
    case pb::Event::kReviewEdited:
      return ReviewText("edited", event.review_edited());
    case pb::Event::kReviewAnswered:
      return fmt::format("review {} answered", event.review_answered().review_id());
    case pb::Event::kReviewRemovalRequested:
      return fmt::format("removal of review {} requested",
                         event.review_removal_requested().review_id());
    case pb::Event::kReviewRemoved:
      return fmt::format("review {} removed by {}", event.review_removed().review_id(),
                         pb::RemovedBy::Value_Name(event.review_removed().by()));
    case pb::Event::kReturnFiled:
      return ReturnText(event.return_filed());
    case pb::Event::kReturnAccepted:
      return fmt::format("return {} accepted", event.return_accepted().return_id());
    case pb::Event::kReturnRejected:
      return fmt::format("return {} rejected: {}", event.return_rejected().return_id(),
                         pb::ReturnRejection::Value_Name(event.return_rejected().code()));
    case pb::Event::kReturnClosed:
      return fmt::format("return {} closed", event.return_closed().return_id());
    case pb::Event::kRefundIssued:
      return RefundText(event.refund_issued());
    default:
      return std::string(NameOf(static_cast<EventKind>(event.payload_case())));
  }
}

std::string WordsOf(const pb::Event& event) {
  std::string words;
  AddWords(event.order_cancelled().reason(), &words);
  AddWords(event.complaint_opened().message(), &words);
  AddWords(event.complaint_message_posted().text(), &words);
  AddWords(event.complaint_resolved().reason(), &words);
  AddWords(event.complaint_reopened().reason(), &words);
  AddWords(event.complaint_escalated().reason(), &words);
  AddWords(event.review_posted().comment(), &words);
  AddWords(event.review_edited().comment(), &words);
  AddWords(event.review_answered().text(), &words);
  AddWords(event.review_removal_requested().reason(), &words);
  for (const pb::ReturnItem& item : event.return_filed().items()) AddWords(item.comment(), &words);
  AddWords(event.return_accepted().reason(), &words);
  AddWords(event.return_rejected().reason(), &words);
  AddWords(event.return_closed().reason(), &words);
  AddWords(event.refund_issued().reason(), &words);
  return words;
}

std::string TimelineText(const OrderTimeline& timeline) {
  std::string text = fmt::format("order {} of seller {} in {}", timeline.order_id,
                                 timeline.seller_id, timeline.market.text());
  if (!timeline.buyer_id.empty()) {
    text += fmt::format(", bought by {}{}", timeline.buyer_id, timeline.erased ? " (erased)" : "");
  }
  text += fmt::format(", as of {}\n", FormatInstant(timeline.as_of));
  if (!timeline.known) text += "the order itself is not known yet\n";
  if (!timeline.complete) text += "not complete: see quarantine list --seller\n";
  return fmt::format("{}\n{}\n{}", text, EntriesText(timeline), DueText(timeline));
}

}  // namespace flywheel
