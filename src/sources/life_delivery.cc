#include <algorithm>

#include "sources/life_maker.h"

namespace flywheel {

void LifeMaker::Send(Instant paid) {
  const size_t lines = life_.lines.size();
  const bool split = lines > 1 && random_.Chance(200'000);
  experience_.lost = false;
  if (!split) {
    life_.parcels.push_back({});
  } else {
    const size_t first = 1 + random_.Below(static_cast<uint32_t>(lines - 1));
    const auto head = static_cast<uint8_t>((1u << first) - 1);
    const auto all = static_cast<uint8_t>((1u << lines) - 1);
    life_.parcels.push_back({false, head});
    life_.parcels.push_back({false, static_cast<uint8_t>(all & ~head)});
  }
  bool all_received = true;
  for (size_t parcel = 0; parcel < life_.parcels.size(); ++parcel) {
    last_received_.reset();
    Carry(parcel, Dispatch(parcel, paid));
    all_received = all_received && last_received_.has_value();
    if (last_received_) {
      experience_.received =
          std::max(experience_.received.value_or(*last_received_), *last_received_);
    }
  }
  if (!all_received) experience_.received.reset();
}

// Registers the parcel and gives it to the carrier: the instant of the carrier's first scan.
Instant LifeMaker::Dispatch(size_t parcel, Instant paid) {
  const size_t day = calendar_.DayOf(paid);
  const bool in_time = paid < calendar_.StartOf(day).Plus(kCutOffHour * kMillisPerHour);
  size_t dispatch = calendar_.WorkingDayFrom(in_time ? day : day + 1);
  int64_t wait = seller_.handling_days;
  if (wait > 0 && random_.Chance(450'000)) wait -= 1;
  if (Fault(12'000, 420'000)) wait += 1 + random_.Below(2 + seller_.faults / 200);
  wait += static_cast<int64_t>(parcel) * random_.Below(2);
  dispatch = calendar_.AddWorkingDays(dispatch, wait);
  const Instant morning = calendar_.Within(dispatch, 7, 12, &random_);
  const Instant packed = std::max(morning, paid.Plus(random_.Between(5, 45) * kMillisPerMinute));
  Add(EventKind::kParcelRegistered, packed, Actor::kSeller, 0, parcel);
  if (random_.Chance(700'000)) {
    Scan(parcel, ScanCode::kPending, packed.Plus(random_.Between(2'000, 120'000)));
  }
  const Instant round = calendar_.Within(dispatch, 14, 20, &random_);
  const Instant collected =
      std::max(round, packed.Plus(random_.Between(10, 90) * kMillisPerMinute));
  Scan(parcel, ScanCode::kInTransit, collected);
  return collected;
}

// The way between the two towns: the instant at which the parcel is in the buyer's, or the instant
// of the last scan where it is lost (experience_.lost).
Instant LifeMaker::Travel(size_t parcel, Instant dispatched) {
  const size_t day = calendar_.DayOf(dispatched);
  int64_t days = 1 + static_cast<int64_t>(random_.Pick({830, 130, 30, 10}));
  if (life_.method == DeliveryMethod::kPost) days += random_.Between(0, 2);
  const bool rush = calendar_.DayOfYear(day) >= 336 && calendar_.DayOfYear(day) <= 358;
  if (rush && random_.Chance(250'000)) days += 1;
  const size_t arrives = calendar_.AddWorkingDays(day, days);
  if (random_.Chance(600'000)) {
    const Instant night = calendar_.Within(arrives, 1, 5, &random_);
    Scan(parcel, ScanCode::kInTransit, std::max(night, dispatched.Plus(kMillisPerHour)));
    dispatched = std::max(night, dispatched.Plus(kMillisPerHour));
  }
  if (random_.Chance(2'000)) {
    experience_.lost = true;
    return dispatched;
  }
  Instant at = std::max(calendar_.Within(arrives, 6, 9, &random_), dispatched.Plus(1));
  if (random_.Chance(7'000)) {
    Scan(parcel, ScanCode::kIssue, at);
    at = calendar_.OpenFrom(HoursLater(at, 24, 72), 6, 9, false, &random_);
  }
  return at;
}

void LifeMaker::Carry(size_t parcel, Instant dispatched) {
  const bool lost_before = experience_.lost;
  experience_.lost = false;
  const Instant arrives = Travel(parcel, dispatched);
  if (!experience_.lost) {
    if (life_.method == DeliveryMethod::kLocker || life_.method == DeliveryMethod::kPickupPoint) {
      if (random_.Chance(350'000)) Scan(parcel, ScanCode::kReleasedForDelivery, arrives);
      Await(parcel, HoursLater(arrives, 1, 6));
    } else {
      HandOver(parcel, arrives);
    }
  }
  experience_.lost = experience_.lost || lost_before;
}

// A courier or postman at the door.
void LifeMaker::HandOver(size_t parcel, Instant arrives) {
  Scan(parcel, ScanCode::kReleasedForDelivery, arrives);
  const Instant first = HoursLater(arrives, 2, 10);
  if (random_.Chance(930'000)) {
    Scan(parcel, ScanCode::kDelivered, first);
    return Receive(first);
  }
  Scan(parcel, ScanCode::kNoticeLeft, first);
  const Instant second = calendar_.OpenFrom(HoursLater(first, 14, 40), 9, 18, false, &random_);
  if (random_.Chance(950'000)) {
    Scan(parcel, ScanCode::kDelivered, second);
    return Receive(second);
  }
  experience_.sent_back = true;
  Scan(parcel, ScanCode::kReturned,
       calendar_.OpenFrom(HoursLater(second, 48, 144), 9, 16, false, &random_));
}

// A parcel in a locker or at a pickup point waits for its buyer.
void LifeMaker::Await(size_t parcel, Instant available) {
  Scan(parcel, ScanCode::kAvailableForPickup, available);
  if (random_.Chance(985'000)) {
    const Instant collected = Later(available.Plus(5 * kMillisPerMinute), 9 * kMillisPerHour);
    Scan(parcel, ScanCode::kDelivered, collected);
    return Receive(collected);
  }
  experience_.sent_back = true;
  Scan(parcel, ScanCode::kReturned,
       calendar_.OpenFrom(HoursLater(available, 72, 144), 9, 16, false, &random_));
}

}  // namespace flywheel
