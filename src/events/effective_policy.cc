#include "events/effective_policy.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "events/policy.h"

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;
using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::TimeUtil;

bool IsRules(const FieldDescriptor* field) {
  return field->type() == FieldDescriptor::TYPE_MESSAGE && !field->is_repeated() &&
         field->message_type() != Duration::descriptor();
}

// Whether the field says something: a list of no elements and a message without any value do not.
bool IsGiven(const Message& message, const FieldDescriptor* field) {
  return field->is_repeated() ? message.GetReflection()->FieldSize(message, field) > 0
                              : message.GetReflection()->HasField(message, field);
}

void CopyField(const Message& from, const FieldDescriptor* field, Message* to) {
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to->GetReflection()->SwapFields(copy.get(), to, {field});
}

// Puts what `from` says over `to`: lists, lengths of time and ranges of points as a whole.
void PutOver(const Message& from, Message* to) {
  const Descriptor* descriptor = from.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (!IsGiven(from, field)) continue;
    if (IsRules(field) && field->message_type() != pb::PointRange::descriptor()) {
      PutOver(from.GetReflection()->GetMessage(from, field),
              to->GetReflection()->MutableMessage(to, field));
    } else {
      CopyField(from, field, to);
    }
  }
}

std::string JsonOf(const Message& message) {
  std::string json;
  // Fails on lengths of time that WrongFields refuses, and on nothing else that is a policy.
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return json;
}

// Whether both have the field alike.
bool AreAlike(const Message& left, const Message& right, const FieldDescriptor* field) {
  const std::unique_ptr<Message> left_alone(left.New());
  const std::unique_ptr<Message> right_alone(right.New());
  CopyField(left, field, left_alone.get());
  CopyField(right, field, right_alone.get());
  return left_alone->SerializeAsString() == right_alone->SerializeAsString();
}

// Takes from `rules` what stands in `defaults` too.
void DropWhatIsAlike(const Message& defaults, Message* rules) {
  std::vector<const FieldDescriptor*> given;
  rules->GetReflection()->ListFields(*rules, &given);
  for (const FieldDescriptor* field : given) {
    if (AreAlike(*rules, defaults, field)) {
      rules->GetReflection()->ClearField(rules, field);
    } else if (IsRules(field) && field->message_type() != pb::PointRange::descriptor()) {
      DropWhatIsAlike(defaults.GetReflection()->GetMessage(defaults, field),
                      rules->GetReflection()->MutableMessage(rules, field));
    }
  }
}

Duration MillisDuration(int64_t millis) { return TimeUtil::MillisecondsToDuration(millis); }

void SetBuiltIn(const SlaRules& from, pb::Sla* to) {
  for (const int32_t days : from.window_days) to->add_window_days(days);
  *to->mutable_first_response() = MillisDuration(from.first_response_ms);
  to->set_first_response_business_clock(from.first_response_business_clock);
  for (size_t day = 0; day < from.business_hours.size(); ++day) {
    const OpenMinutes& open = from.business_hours[day];
    if (open.opens == open.closes) continue;
    pb::OpeningHours& hours = *to->add_business_hours();
    hours.set_weekday(static_cast<int32_t>(day) + 1);
    hours.set_opens_minute(open.opens);
    hours.set_closes_minute(open.closes);
  }
  *to->mutable_resolution() = MillisDuration(from.resolution_ms);
  to->set_decision_days(from.decision_days);
  to->set_refund_days(from.refund_days);
  to->set_first_response_promise_ppm(from.first_response_promise_ppm);
}

void SetBuiltIn(const SmartRules& from, pb::Smart* to) {
  to->set_rating_window_days(from.rating_window_days);
  to->set_rating_share_ppm(from.rating_share_ppm);
  to->set_rates_count(from.rates_count);
  to->set_tracked_window_days(from.tracked_window_days);
  to->set_tracked_share_ppm(from.tracked_share_ppm);
  to->set_tracked_from_orders(from.tracked_from_orders);
  to->set_withdrawal_days(from.withdrawal_days);
}

void SetRange(int32_t none_at_ppm, int32_t all_at_ppm, int32_t points, pb::PointRange* range) {
  range->set_none_at_ppm(none_at_ppm);
  range->set_all_at_ppm(all_at_ppm);
  range->set_points(points);
}

void SetBuiltInSalesQuality(pb::SalesQuality* to) {
  SetRange(900'000, 990'000, 150, to->mutable_satisfaction());
  SetRange(800'000, 980'000, 100, to->mutable_dispatch());
  SetRange(800'000, 970'000, 100, to->mutable_delivery());
  SetRange(800'000, 950'000, 100, to->mutable_response());
  SetRange(50'000, 5'000, 50, to->mutable_defects());
  to->set_denominator_from(10);
  to->set_score(500);
  to->set_grade_from_maximum(250);
  for (const int32_t bound : {250, 300, 350, 400, 450}) to->add_grade_bounds(bound);
  to->set_window_days(30);
  to->set_defects_delay_days(15);
  to->set_history_days(30);
}

// The values of the rules that nothing computes with yet, as their comments in the schema say.
void SetBuiltInOfLaterRules(pb::Rules* rules) {
  for (const int32_t days : {30, 90, 365}) {
    rules->mutable_delivery()->add_window_days(days);
    rules->mutable_returns()->add_window_days(days);
  }
  *rules->mutable_delivery()->mutable_lost_after() = MillisDuration(30 * kMillisPerDay);
  rules->mutable_returns()->set_withdrawal_days(14);
  SetBuiltInSalesQuality(rules->mutable_sales_quality());
  for (const int32_t days : {30, 365}) rules->mutable_savings()->add_window_days(days);
  rules->mutable_experience()->set_not_arrived_days(30);
  for (const int32_t days : {90, 180}) rules->mutable_experience()->add_horizon_days(days);
  rules->mutable_visibility()->set_satisfaction(40);
  rules->mutable_visibility()->set_quality(40);
  rules->mutable_visibility()->set_smart(20);
  pb::Signals* signals = rules->mutable_signals();
  *signals->mutable_response_due_soon() = MillisDuration(2 * kMillisPerHour);
  signals->set_at_risk_below(2);
  *signals->mutable_review_invitation() = MillisDuration(3 * kMillisPerDay);
  *signals->mutable_silent_after() = MillisDuration(48 * kMillisPerHour);
  pb::Commands* commands = rules->mutable_commands();
  commands->set_review_comment_characters(2000);
  commands->set_message_characters(20'000);
  commands->set_complaint_years(2);
  *commands->mutable_idempotency_key_kept() = MillisDuration(30 * kMillisPerDay);
}

// The built-in market, or a new one, with what the entry says.
pb::Market FilledInMarket(const pb::Market& entry, const pb::Rules& defaults) {
  static const PolicyBook built_in = PolicyBook::BuiltIn();
  pb::Market market = entry;
  if (const MarketPolicy* known = built_in.FindInAnyVersion(entry.code()); known != nullptr) {
    market.set_time_zone(std::string(known->zone->name()));
    if (market.currency().empty()) market.set_currency(known->currency);
  }
  if (market.holiday_calendar().empty()) market.set_holiday_calendar(market.code());
  DropWhatIsAlike(defaults, market.mutable_rules());
  if (market.rules().ByteSizeLong() == 0) market.clear_rules();
  return market;
}

// ---------------------------------------------------------------- differences

using Value = PolicyDifference::Value;
const Value kNone = {"-", ""};

std::string ClockText(int32_t minutes) {
  return absl::StrFormat("%02d:%02d", minutes / 60, minutes % 60);
}

// "Mon-Fri 09:00-17:00, Sat 10:00-14:00": days in a row with the same hours stand together.
std::string HoursText(const pb::Sla& rules) {
  constexpr std::array kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  std::map<int32_t, std::string> hours;
  for (const pb::OpeningHours& day : rules.business_hours()) {
    hours[day.weekday() - 1] =
        absl::StrCat(ClockText(day.opens_minute()), "-", ClockText(day.closes_minute()));
  }
  std::vector<std::string> parts;
  for (auto day = hours.begin(); day != hours.end();) {
    auto last = day;
    while (std::next(last) != hours.end() && std::next(last)->first == last->first + 1 &&
           std::next(last)->second == day->second) {
      ++last;
    }
    std::string days = kDays[static_cast<size_t>(day->first)];
    if (last != day) absl::StrAppend(&days, "-", kDays[static_cast<size_t>(last->first)]);
    parts.push_back(absl::StrCat(days, " ", day->second));
    day = std::next(last);
  }
  return absl::StrJoin(parts, ", ");
}

// The value of a field that is no rules, out of the JSON of a message with this field alone:
// {"windowDays":365}.
Value ValueOf(const Message& message, const FieldDescriptor* field) {
  const bool is_list = field->is_repeated();
  if (!IsGiven(message, field) && (is_list || field->has_presence())) return kNone;
  const std::unique_ptr<Message> alone(message.New());
  CopyField(message, field, alone.get());
  Value value;
  const std::string json = JsonOf(*alone);
  const std::string name = absl::StrCat("{\"", field->json_name(), "\":");
  value.json = json.size() > name.size() ? json.substr(name.size(), json.size() - name.size() - 1)
               : field->type() == FieldDescriptor::TYPE_STRING ? ""
                                                               : "0";
  value.text = value.json;
  if (field->message_type() == pb::OpeningHours::descriptor()) {
    value.text = HoursText(static_cast<const pb::Sla&>(message));
  } else if (value.text.size() >= 2 && value.text.front() == '"') {
    value.text = value.text.substr(1, value.text.size() - 2);
  }
  if (value.text.empty()) return kNone;
  return value;
}

// Adds what differs between two messages of one type below a path.
class Comparison {
 public:
  Comparison(std::string market, std::vector<PolicyDifference>* differences)
      : market_(std::move(market)), differences_(differences) {}

  void Compare(const std::string& path, const Message& before, const Message& after) {
    const Descriptor* descriptor = before.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      const std::string field_path = absl::StrCat(path, field->name());
      if (IsRules(field)) {
        Compare(absl::StrCat(field_path, "."), before.GetReflection()->GetMessage(before, field),
                after.GetReflection()->GetMessage(after, field));
        continue;
      }
      Value old_value = ValueOf(before, field);
      Value new_value = ValueOf(after, field);
      if (old_value.json == new_value.json) continue;
      differences_->push_back({market_, field_path, std::move(old_value), std::move(new_value)});
    }
  }

 private:
  const std::string market_;
  std::vector<PolicyDifference>* const differences_;
};

// The market, or what a policy without it would give it: the defaults.
pb::Market MarketOrDefaults(const pb::Policy& filled, const std::string& code) {
  if (std::optional<pb::Market> market = MarketOf(filled, code)) return *std::move(market);
  pb::Market none;
  *none.mutable_rules() = filled.defaults();
  return none;
}

}  // namespace

pb::Rules BuiltInRules() {
  pb::Rules rules;
  const AcceptanceRules acceptance;
  rules.mutable_acceptance()->set_review_months(acceptance.review_months);
  rules.mutable_acceptance()->set_facts_per_order(acceptance.facts_per_order);
  rules.mutable_acceptance()->set_waiting_per_order(acceptance.waiting_per_order);
  rules.mutable_acceptance()->set_waiting_per_seller(acceptance.waiting_per_seller);
  *rules.mutable_acceptance()->mutable_waiting_limit() =
      MillisDuration(acceptance.waiting_limit_ms);
  rules.mutable_rating()->set_window_days(RatingRules().window_days);
  rules.mutable_rating()->set_rates_for_average(RatingRules().rates_for_average);
  SetBuiltIn(SmartRules(), rules.mutable_smart());
  SetBuiltIn(SlaRules(), rules.mutable_sla());
  SetBuiltInOfLaterRules(&rules);
  return rules;
}

pb::Policy FilledIn(const pb::Policy& published) {
  pb::Policy filled;
  *filled.mutable_defaults() = BuiltInRules();
  PutOver(published.defaults(), filled.mutable_defaults());
  std::map<std::string, pb::Market> markets;
  for (const std::string& code : PolicyBook::BuiltIn().Markets()) markets[code].set_code(code);
  for (const pb::Market& entry : published.markets()) markets[entry.code()] = entry;
  for (const auto& [code, market] : markets) {
    *filled.add_markets() = FilledInMarket(market, filled.defaults());
  }
  return filled;
}

std::optional<pb::Market> MarketOf(const pb::Policy& filled, std::string_view code) {
  for (const pb::Market& market : filled.markets()) {
    if (market.code() != code) continue;
    pb::Market whole = market;
    *whole.mutable_rules() = filled.defaults();
    PutOver(market.rules(), whole.mutable_rules());
    return whole;
  }
  return std::nullopt;
}

std::vector<PolicyDifference> DifferencesOf(const pb::Policy& before, const pb::Policy& after) {
  std::vector<PolicyDifference> differences;
  Comparison("", &differences).Compare("rules.", before.defaults(), after.defaults());
  std::set<std::string> codes;
  for (const pb::Market& market : before.markets()) codes.insert(market.code());
  for (const pb::Market& market : after.markets()) codes.insert(market.code());
  for (const std::string& code : codes) {
    Comparison(code, &differences)
        .Compare("", MarketOrDefaults(before, code), MarketOrDefaults(after, code));
  }
  return differences;
}

}  // namespace flywheel
