#include "projections/cell/smart_fold.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "projections/cell/rating_fold.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

// Days of steps that are held for windows other than the stored one: some 100 MB.
constexpr size_t kMaxOtherDays = 1'000'000;

// Entries of the due index that are held against their rows before a tick.
constexpr int kDueEntriesLookedAt = 64;

constexpr auto kRecommending = static_cast<uint8_t>(RatingCounter::kRecommendedUnique);
constexpr auto kNotRecommending = static_cast<uint8_t>(RatingCounter::kNotRecommendedUnique);

std::string OwnerOf(std::string_view smart_key) { return std::string(smart_key.substr(1)); }
std::string KeyOfOwner(std::string_view owner) {
  return row_keys::Prefix(RowType::kSmart).append(owner);
}

void Add(uint8_t counter, int64_t delta, UniqueCounts* counts) {
  if (counter == kRecommending) counts->recommending += delta;
  if (counter == kNotRecommending) counts->not_recommending += delta;
}

std::map<LocalDay, UniqueCounts> ByDay(const RatingSteps& steps) {
  std::map<LocalDay, UniqueCounts> days;
  for (const RatingStep& step : steps) Add(step.counter, step.delta, &days[step.day]);
  std::erase_if(days, [](const auto& day) { return day.second.empty(); });
  return days;
}

}  // namespace

// The rows of a seller and market, as the roll asks for them.
class SmartFold::Source : public SmartSource {
 public:
  Source(SmartFold* fold, std::string_view seller, MarketCode market)
      : fold_(fold), seller_(seller), market_(market) {}

  UniqueCounts UniqueOn(int32_t window_days, LocalDay day) override {
    UniqueCounts counts;
    if (window_days == kStoredRatingWindowDays) {
      if (const DaySums* const sums = SumsOf(day)) {
        sums->rating.ForEach([&](uint8_t counter, int32_t delta) { Add(counter, delta, &counts); });
      }
      return counts;
    }
    const UniqueDays& days = fold_->DaysUnder(window_days, seller_, market_);
    const auto at = days.find(day);
    return at == days.end() ? counts : at->second;
  }

  UniqueCounts UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) override {
    UniqueCounts sum;
    for (const auto& [at, counts] : fold_->DaysUnder(window_days, seller_, market_)) {
      if (at > day) {
        later->Add(at);
        continue;
      }
      sum.recommending += counts.recommending;
      sum.not_recommending += counts.not_recommending;
    }
    return sum;
  }

  const TrackedDay* OrdersOf(LocalDay placed) override {
    const DaySums* const sums = SumsOf(placed);
    return sums == nullptr || sums->tracked.empty() ? nullptr : &sums->tracked;
  }

  void Settle(LocalDay placed, Instant at) override {
    fold_->rows_->ChangeDay(seller_, market_, placed,
                            [at](DaySums& sums) { sums.tracked.Settle(at); });
  }

 private:
  const DaySums* SumsOf(LocalDay day) {
    return fold_->rows_->DaysOf(seller_, market_, day)->row.Find(day);
  }

  SmartFold* const fold_;
  const std::string_view seller_;
  const MarketCode market_;
};

SmartFold::SmartFold(const RowStore* store, Rows* rows, const PolicyBook* policies)
    : store_(store), rows_(rows), policies_(policies) {}

absl::Status SmartFold::Open() {
  return ScanPrefix(*store_, row_keys::Prefix(RowType::kSmartDue),
                    [&](std::string_view key, std::string_view) {
                      const auto [at, owner] = row_keys::ParseSmartDue(key);
                      due_.emplace(at, std::string(owner));
                      return true;
                    });
}

std::string_view SmartFold::seller() const { return row_keys::ParseSeller(seller_->key); }

// ---------------------------------------------------------------- time

void SmartFold::Arrive(SellerEntry* seller, Instant from, Instant to, Instant recorded_at) {
  seller_ = seller;
  now_ = to;
  recorded_at_ = recorded_at;
  if (to > from) PassTime(seller, from, to);
}

void SmartFold::Tick(Instant from, Instant to, Instant recorded_at) {
  recorded_at_ = recorded_at;
  if (policies_->NextEffectiveAfter(from).value_or(kNever) <= to) {
    PassTimeOfAll(from, to);
    from = to;
  }
  // No policy takes effect between `from` and `to` now. So nothing happens to a seller whose own
  // records have gone further than the tick: SmartRow::next is later than the seller's clock.
  while (!due_.empty() && due_.begin()->first <= to) {
    const std::string owner = due_.begin()->second;
    rows_->Delete(row_keys::SmartDue(due_.begin()->first, owner));
    due_.erase(due_.begin());
    SmartEntry* const entry = rows_->smart.Get(KeyOfOwner(owner));
    rows_->smart.Change(entry).indexed = kNever;
    const auto [seller, market] = row_keys::ParseSmart(entry->key);
    PassTime(entry, seller, market, from, to);
    Index(entry);
  }
}

// A policy takes effect for every seller.
void SmartFold::PassTimeOfAll(Instant from, Instant to) {
  absl::btree_set<std::string> sellers;
  const absl::Status status = ScanPrefix(*store_, row_keys::Prefix(RowType::kSeller),
                                         [&](std::string_view key, std::string_view) {
                                           sellers.emplace_hint(sellers.end(), key);
                                           return true;
                                         });
  rows_->NoteError(status);
  for (const SellerEntry* entry : rows_->sellers.dirty()) sellers.emplace(entry->key);
  for (const std::string& key : sellers) {
    SellerEntry* const seller = rows_->sellers.Get(key);
    const Instant clock = std::max(seller->row.clock, from);
    if (clock < to) PassTime(seller, clock, to);
  }
}

void SmartFold::PassTime(SellerEntry* seller, Instant from, Instant to) {
  const bool policy = policies_->NextEffectiveAfter(from).value_or(kNever) <= to;
  if (to < seller->row.smart_next && !policy) return;
  const std::string_view id = row_keys::ParseSeller(seller->key);
  Instant next = kNever;
  for (const SellerRow::Named& named : seller->row.markets) {
    SmartEntry* const entry = rows_->SmartOf(id, named.market);
    if (!entry->present) continue;
    if (policy || entry->row.next <= to) PassTime(entry, id, named.market, from, to);
    next = std::min(next, entry->row.next);
  }
  if (next != seller->row.smart_next) rows_->sellers.Change(seller).smart_next = next;
}

void SmartFold::PassTime(SmartEntry* entry, std::string_view seller, MarketCode market,
                         Instant from, Instant to) {
  SmartRow& row = rows_->smart.Change(entry);
  Source source(this, seller, market);
  SmartRoll roll(market, policies_, &source, &row);
  roll.PassTime(from, to, [&](Instant at, SmartExpiry expiry) {
    Announce(seller, market, &row, {at, row.announced, recorded_at_, expiry});
    return true;
  });
  Index(entry);
}

void SmartFold::Announce(std::string_view seller, MarketCode market, SmartRow* row,
                         const SmartChange& change) {
  std::string value;
  change.Encode(&value);
  rows_->Put(row_keys::SmartChange(seller, market, row->changes++), std::move(value));
}

void SmartFold::Index(SmartEntry* entry) {
  SmartRow& row = entry->row;
  if (row.next >= row.indexed) return;
  const std::string owner = OwnerOf(entry->key);
  if (row.indexed != kNever) {
    rows_->Delete(row_keys::SmartDue(row.indexed, owner));
    due_.erase(std::pair(row.indexed, owner));
  }
  rows_->PutNew(row_keys::SmartDue(row.next, owner), "");
  due_.emplace(row.next, owner);
  row.indexed = row.next;
}

std::optional<Instant> SmartFold::LatestDue(Instant by) const {
  std::optional<Instant> latest;
  auto entry = due_.upper_bound(std::pair(by.Plus(1), std::string()));
  for (int looked = 0; entry != due_.begin() && looked < kDueEntriesLookedAt; ++looked) {
    --entry;
    const Instant next = rows_->smart.Get(KeyOfOwner(entry->second))->row.next;
    if (next <= by) latest = std::max(latest.value_or(next), next);
  }
  // Entries that are out of date are put right by the tick.
  if (!latest && entry != due_.begin()) latest = std::prev(entry)->first;
  for (auto at = policies_->NextEffectiveAfter(kEarliestInstant); at && *at <= by;
       at = policies_->NextEffectiveAfter(*at)) {
    latest = std::max(latest.value_or(*at), *at);
  }
  return latest;
}

// ---------------------------------------------------------------- events

SmartFold::SmartEntry* SmartFold::RowOf(MarketCode market) {
  SmartEntry* const entry = rows_->SmartOf(seller(), market);
  Source source(this, seller(), market);
  const bool known = entry->present;
  SmartRoll roll(market, policies_, &source, &rows_->smart.Change(entry));
  if (known) {
    roll.MoveTo(now_);
  } else {
    const std::optional<Registration>& registration = seller_->row.registration;
    entry->row.business = registration && registration->business && !registration->pharmacy;
    roll.Start(now_);
  }
  return entry;
}

void SmartFold::Evaluate(MarketCode market, SmartEntry* entry, const SmartRoll& roll,
                         const SmartCause& cause) {
  SmartRow& row = entry->row;
  const bool fulfilled = roll.Fulfilled(now_);
  if (fulfilled != row.announced) {
    row.announced = fulfilled;
    Announce(seller(), market, &row,
             {now_, fulfilled, recorded_at_,
              SmartEvent{cause.kind, cause.place, std::string(cause.event_id),
                         std::string(cause.order_id)}});
  }
  Index(entry);
  if (row.next < seller_->row.smart_next) rows_->sellers.Change(seller_).smart_next = row.next;
}

void SmartFold::Register(const SmartCause& cause) {
  for (const SellerRow::Named& named : seller_->row.markets) {
    if (!rows_->SmartOf(seller(), named.market)->present) continue;
    SmartEntry* const entry = RowOf(named.market);
    const Registration& registration = *seller_->row.registration;
    entry->row.business = registration.business && !registration.pharmacy;
    Source source(this, seller(), named.market);
    Evaluate(named.market, entry, SmartRoll(named.market, policies_, &source, &entry->row), cause);
  }
}

void SmartFold::SetStanding(MarketCode market, const SmartStanding& standing,
                            const SmartCause& cause) {
  SmartEntry* const entry = RowOf(market);
  if (entry->row.standing && entry->row.standing->since > standing.since) return;
  entry->row.standing = standing;
  Source source(this, seller(), market);
  Evaluate(market, entry, SmartRoll(market, policies_, &source, &entry->row), cause);
}

int32_t SmartFold::BringUp(MarketCode market) { return RowOf(market)->row.rating_window_days; }

void SmartFold::MoveReview(MarketCode market, const RatingSteps& steps, const SmartCause& cause) {
  const UniqueDays moved = ByDay(steps);
  SmartEntry* const entry = RowOf(market);
  auto held = other_windows_.find(OwnerOf(entry->key));
  if (held != other_windows_.end() && held->second.window_days != entry->row.rating_window_days) {
    other_windows_.erase(held);
    held = other_windows_.end();
  }
  Source source(this, seller(), market);
  SmartRoll roll(market, policies_, &source, &entry->row);
  for (const auto& [day, counts] : moved) {
    roll.AddUnique(day, counts);
    if (held == other_windows_.end()) continue;
    UniqueCounts& of_day = held->second.days[day];
    of_day.recommending += counts.recommending;
    of_day.not_recommending += counts.not_recommending;
  }
  Evaluate(market, entry, roll, cause);
}

void SmartFold::MoveOrder(MarketCode market, const std::optional<TrackedOrder>& before,
                          const std::optional<TrackedOrder>& after, const SmartCause& cause) {
  if (!before && !after) return;
  // An order keeps its placing day and its deadline.
  const auto& [placed, deadline, tracked] = after ? *after : *before;
  TrackedSum moved;
  if (before) moved += -before->sum();
  if (after) moved += after->sum();
  if (moved.empty()) return;
  SmartEntry* const entry = RowOf(market);
  // A structured binding cannot be captured by clang.
  const Instant due = deadline;
  rows_->ChangeDay(seller(), market, placed,
                   [&](DaySums& sums) { sums.tracked.Add(due, moved, now_); });
  Source source(this, seller(), market);
  SmartRoll roll(market, policies_, &source, &entry->row);
  roll.AddOrders(placed, deadline, moved, now_);
  Evaluate(market, entry, roll, cause);
}

// ---------------------------------------------------------------- other windows

const SmartFold::UniqueDays& SmartFold::DaysUnder(int32_t window_days, std::string_view seller,
                                                  MarketCode market) {
  const std::string owner = OwnerOf(row_keys::Smart(seller, market));
  const auto held = other_windows_.find(owner);
  if (held != other_windows_.end() && held->second.window_days == window_days)
    return held->second.days;
  if (other_days_ > kMaxOtherDays) {
    other_windows_.clear();
    other_days_ = 0;
  }
  OtherWindow& other = other_windows_[owner];
  other = {window_days, SumBuyers(window_days, seller, market)};
  other_days_ += other.days.size() + 1;
  return other.days;
}

SmartFold::UniqueDays SmartFold::SumBuyers(int32_t window_days, std::string_view seller,
                                           MarketCode market) {
  // The store's rows, and over them what it does not show yet.
  std::map<std::string, BuyerRow, std::less<>> chunks;
  absl::Status status;
  status.Update(ScanPrefix(*store_, row_keys::SellerPrefix(RowType::kBuyer, seller),
                           [&](std::string_view key, std::string_view value) {
                             absl::StatusOr<BuyerRow> row = BuyerRow::Decode(value);
                             status.Update(row.status());
                             if (row.ok()) chunks.emplace(key, *std::move(row));
                             return status.ok();
                           }));
  rows_->NoteError(status);
  IndexDirtyBuyers();
  for (const auto* entry : dirty_buyers_[std::string(seller)])
    chunks[std::string(entry->key)] = entry->row;

  RatingSteps steps;
  const TimeZone& zone = *policies_->FindInAnyVersion(market.text())->zone;
  std::vector<BuyerReview> reviews;
  std::string_view buyer;
  for (const auto& [key, chunk] : chunks) {
    const std::string_view of_chunk = std::string_view(key).substr(0, key.size() - 4);
    if (of_chunk != buyer) {
      AddUniqueSteps(reviews, zone, window_days, 1, &steps);
      reviews.clear();
      buyer = of_chunk;
    }
    chunk.ForEach([&](const BuyerRow::Order& order) {
      if (order.reviewed && order.market == market) reviews.push_back(order.review);
    });
  }
  AddUniqueSteps(reviews, zone, window_days, 1, &steps);
  return ByDay(steps);
}

void SmartFold::IndexDirtyBuyers() {
  if (indexed_writes_ != rows_->buyers.writes()) {
    indexed_writes_ = rows_->buyers.writes();
    indexed_buyers_ = 0;
    dirty_buyers_.clear();
  }
  const auto& dirty = rows_->buyers.dirty();
  for (; indexed_buyers_ < dirty.size(); ++indexed_buyers_) {
    auto* const entry = dirty[indexed_buyers_];
    dirty_buyers_[std::string(row_keys::ParseSeller(entry->key))].push_back(entry);
  }
}

}  // namespace flywheel
