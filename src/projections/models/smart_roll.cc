#include "projections/models/smart_roll.h"

#include <algorithm>

namespace flywheel {

std::optional<TrackedOrder> TrackedOrderOf(const OrderCourse& course, const TimeZone& zone) {
  if (!course.promised_dispatch_by || course.cancelled_before_dispatch()) return std::nullopt;
  return TrackedOrder{zone.Day(course.placed.at), *course.promised_dispatch_by,
                      course.carrier_scan.has_value()};
}

SmartRoll::SmartRoll(MarketCode market, const PolicyBook* policies, SmartSource* source,
                     SmartRow* row)
    : market_(market),
      policies_(policies),
      source_(source),
      row_(row),
      zone_(policies->Of(market, kLatestInstant).zone.get()) {}

const SmartRules& SmartRoll::RulesAt(Instant at) const { return policies_->Of(market_, at).smart; }

bool SmartRoll::Fulfilled(Instant at) const { return IsFulfilled(row_->figures(), RulesAt(at)); }

void SmartRoll::Start(Instant at) {
  const SmartRules& rules = RulesAt(at);
  row_->day = zone_->Day(at);
  row_->rating_window_days = rules.rating_window_days;
  row_->tracked_window_days = rules.tracked_window_days;
}

void SmartRoll::Sum(Instant at) {
  row_->rating_window_days = 0;
  row_->tracked_window_days = 0;
  Move(at);
}

void SmartRoll::MoveTo(Instant at) {
  const SmartRules& rules = RulesAt(at);
  if (at < row_->next && rules.rating_window_days == row_->rating_window_days &&
      rules.tracked_window_days == row_->tracked_window_days) {
    row_->day = zone_->Day(at);
  } else {
    Move(at);
  }
}

bool SmartRoll::Move(Instant at) {
  const SmartRules& rules = RulesAt(at);
  const LocalDay today = zone_->Day(at);
  MoveRating(rules.rating_window_days, today);
  const bool deadline_passed = MoveOrders(rules.tracked_window_days, today, at);
  row_->day = today;
  FindNext();
  return deadline_passed;
}

void SmartRoll::MoveRating(int32_t window_days, LocalDay today) {
  if (window_days != row_->rating_window_days) {
    row_->rating_days.Clear();
    const UniqueCounts counts = source_->UniqueUpTo(window_days, today, &row_->rating_days);
    row_->recommending = counts.recommending;
    row_->not_recommending = counts.not_recommending;
    row_->rating_window_days = window_days;
    return;
  }
  for (auto day = row_->rating_days.First(); day && *day <= today;
       day = row_->rating_days.First()) {
    const UniqueCounts step = source_->UniqueOn(window_days, *day);
    row_->recommending += step.recommending;
    row_->not_recommending += step.not_recommending;
    row_->rating_days.RemoveUpTo(*day);
  }
}

bool SmartRoll::MoveOrders(int32_t window_days, LocalDay today, Instant at) {
  if (window_days != row_->tracked_window_days) {
    SumOrders(window_days, today, at);
    return false;
  }
  const LocalDay first = today.Plus(1 - window_days);
  auto stays = row_->placing_days.begin();
  for (; stays != row_->placing_days.end() && stays->day < first; ++stays) {
    const TrackedDay* const orders = source_->OrdersOf(stays->day);
    if (orders == nullptr) continue;
    row_->passed += -orders->PassedAt(stays->deadline);
  }
  row_->placing_days.erase(row_->placing_days.begin(), stays);
  bool deadline_passed = false;
  for (SmartRow::PlacingDay& placing : row_->placing_days) {
    if (placing.deadline >= at) continue;
    const TrackedDay* const orders = source_->OrdersOf(placing.day);
    if (orders == nullptr) {  // it could not be read, which the source's owner knows
      placing.deadline = kNever;
      continue;
    }
    row_->passed += orders->PassedSince(placing.deadline, at);
    placing.deadline = orders->FirstDeadline(at);
    deadline_passed = true;
    source_->Settle(placing.day, at);
  }
  return deadline_passed;
}

void SmartRoll::SumOrders(int32_t window_days, LocalDay today, Instant at) {
  row_->tracked_window_days = window_days;
  row_->passed = TrackedSum();
  row_->placing_days.clear();
  for (LocalDay day = today.Plus(1 - window_days); day <= today; day = day.Plus(1)) {
    const TrackedDay* const orders = source_->OrdersOf(day);
    if (orders == nullptr) continue;
    row_->passed += orders->PassedAt(at);
    row_->placing_days.push_back({day, orders->FirstDeadline(at)});
  }
}

void SmartRoll::FindNext() {
  Instant next = kNever;
  if (const auto day = row_->rating_days.First()) next = zone_->StartOf(*day);
  if (!row_->placing_days.empty()) {
    const LocalDay leaves = row_->placing_days.front().day.Plus(row_->tracked_window_days);
    next = std::min(next, zone_->StartOf(leaves));
  }
  for (const SmartRow::PlacingDay& placing : row_->placing_days) {
    if (placing.deadline != kNever) next = std::min(next, placing.deadline.Plus(1));
  }
  row_->next = next;
}

void SmartRoll::PassTime(Instant from, Instant to,
                         absl::FunctionRef<bool(Instant at, SmartExpiry expiry)> visit) {
  for (Instant passed = from;;) {
    const Instant at = std::min(row_->next, policies_->NextEffectiveAfter(passed).value_or(kNever));
    if (at > to) return;
    const bool by_policy = policies_->NextEffectiveAfter(at.Plus(-1)) == at;
    const SmartFigures before = row_->figures();
    const bool deadline_passed = Move(at);
    passed = at;
    const bool fulfilled = Fulfilled(at);
    if (fulfilled == row_->announced) continue;
    row_->announced = fulfilled;
    const SmartExpiry expiry =
        by_policy ? SmartExpiry::kPolicy
                  : ExpiryOf(before, row_->figures(), RulesAt(at), deadline_passed);
    if (!visit(at, expiry)) return;
  }
}

void SmartRoll::AddUnique(LocalDay day, const UniqueCounts& counts) {
  if (day > row_->day) {
    row_->rating_days.Add(day);
    FindNext();
    return;
  }
  row_->recommending += counts.recommending;
  row_->not_recommending += counts.not_recommending;
}

void SmartRoll::AddOrders(LocalDay placed, Instant deadline, const TrackedSum& sum, Instant now) {
  if (placed <= row_->day.Plus(-row_->tracked_window_days)) return;
  if (deadline < now) row_->passed += sum;
  auto& days = row_->placing_days;
  const auto at = std::lower_bound(
      days.begin(), days.end(), placed,
      [](const SmartRow::PlacingDay& placing, LocalDay wanted) { return placing.day < wanted; });
  const bool listed = at != days.end() && at->day == placed;
  if (const TrackedDay* const orders = source_->OrdersOf(placed)) {
    const Instant first = orders->FirstDeadline(now);
    if (listed) {
      at->deadline = first;
    } else {
      days.insert(at, {placed, first});
    }
  } else if (listed) {
    days.erase(at);
  }
  FindNext();
}

}  // namespace flywheel
