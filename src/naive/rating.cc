#include "naive/rating.h"

#include <algorithm>
#include <tuple>

#include "naive/calendar.h"
#include "naive/seller_rows.h"

namespace flywheel::naive {
namespace {

// A local day and the instant for which it is answered, with the window that ends on it.
struct Day {
  int32_t number = 0;
  int64_t at = 0;  // its end, or as_of where that is earlier
  int32_t first_of_window = 0;
};

// What `as_of` means in one market: the window's days, the last one being that of as_of.
struct Window {
  absl::TimeZone zone;
  std::vector<Day> days;
  const Day& now() const { return days.back(); }
};

Window WindowOf(const Policies& policies, const std::string& market, int64_t as_of) {
  Window window;
  window.zone = *policies.ZoneOf(market);
  const int32_t today = DayOf(window.zone, as_of);
  const int32_t length = policies.At(market, as_of).window_days;
  for (int32_t number = today - length + 1; number <= today; ++number) {
    const int64_t at = std::min(EndOf(window.zone, number), as_of);
    window.days.push_back({number, at, number - policies.At(market, at).window_days + 1});
  }
  return window;
}

// A review with everything that speaks of it, whenever that happens.
struct Review {
  std::string_view order_id;
  std::string_view review_id;
  int64_t from = 0;  // it counts from its posting, and not before its order is placed
  int64_t posted_at = 0;
  int32_t posted_day = 0;
  std::vector<std::pair<int64_t, Opinion>> opinions;  // by time: the posting, then its edits
  std::optional<int64_t> answered_at;
  std::optional<ReviewRemoval> removal;

  bool StandsAt(int64_t at) const {
    return from <= at && (!removal.has_value() || removal->removed_at > at);
  }
  // REQUIRES: StandsAt(at).
  const Opinion& OpinionAt(int64_t at) const {
    auto last = opinions.begin();
    while (last + 1 != opinions.end() && (last + 1)->first <= at) ++last;
    return last->second;
  }
};

// REQUIRES: the order has a review.
Review ReviewOf(const std::string& order_id, const Order& order, absl::TimeZone zone) {
  const PostedReview& posted = *order.review;
  Review review;
  review.order_id = order_id;
  review.review_id = posted.review_id;
  review.from = std::max(posted.posted_at, order.placed_at);
  review.posted_at = posted.posted_at;
  review.posted_day = DayOf(zone, posted.posted_at);
  for (const ReviewEdit& edit : order.edits) {
    const bool too_early = edit.edited_at < posted.posted_at;
    if (edit.review_id == posted.review_id && !too_early) {
      review.opinions.emplace_back(edit.edited_at, edit.opinion);
    }
  }
  std::sort(review.opinions.begin(), review.opinions.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  review.opinions.emplace(review.opinions.begin(), posted.posted_at, posted.opinion);
  for (const ReviewAnswer& answer : order.answers) {
    if (answer.review_id == posted.review_id) review.answered_at = answer.answered_at;
  }
  for (const ReviewRemoval& removal : order.removals) {
    if (removal.review_id == posted.review_id) review.removal = removal;
  }
  return review;
}

// The reviews of one seller and market, by buyer.
using Reviews = std::map<std::string_view, std::vector<Review>>;

Reviews ReviewsOf(const Seller& seller, const std::string& market, absl::TimeZone zone) {
  Reviews reviews;
  for (const auto& [order_id, order] : seller.orders) {
    if (!order.known || !order.review || order.market != market) continue;
    reviews[order.buyer_id].push_back(ReviewOf(order_id, order, zone));
  }
  return reviews;
}

bool IsInWindow(int32_t number, const Day& day) {
  return day.first_of_window <= number && number <= day.number;
}

HistoryRow VotesOn(const Reviews& reviews, const Day& day) {
  HistoryRow votes;
  for (const auto& [buyer_id, of_buyer] : reviews) {
    const Review* latest = nullptr;
    for (const Review& review : of_buyer) {
      if (!IsInWindow(review.posted_day, day) || !review.StandsAt(day.at)) continue;
      const bool recommended = review.OpinionAt(day.at).recommended;
      ++(recommended ? votes.recommended : votes.not_recommended).total;
      // Review ids are unique within an order alone, so the order's id has the last word.
      const auto rank = [](const Review& r) {
        return std::tuple(r.posted_at, r.review_id, r.order_id);
      };
      if (latest == nullptr || rank(review) > rank(*latest)) latest = &review;
    }
    if (latest == nullptr) continue;
    const bool recommended = latest->OpinionAt(day.at).recommended;
    ++(recommended ? votes.recommended : votes.not_recommended).unique;
  }
  return votes;
}

void CountMarks(const Opinion& opinion, Rating& rating) {
  const std::array<Rates*, 4> rates = {&rating.delivery, &rating.delivery_cost, &rating.description,
                                       &rating.service};
  for (size_t i = 0; i < rates.size(); ++i) {
    const int32_t mark = opinion.marks[i];
    if (mark >= 1 && mark <= 5) ++rates[i]->distribution[static_cast<size_t>(mark - 1)];
  }
}

void CountRemoval(events::v1::RemovedBy::Value by, Rating& rating) {
  if (by == events::v1::RemovedBy::BUYER) ++rating.removed_by_buyer;
  if (by == events::v1::RemovedBy::MARKETPLACE) ++rating.removed_by_marketplace;
  if (by == events::v1::RemovedBy::BUYER_AFTER_COMPENSATION) {
    ++rating.removed_by_buyer_after_compensation;
  }
}

// All that is counted by review, at the window's last day.
void CountReview(const Review& review, const Window& window, Rating& rating) {
  const Day& now = window.now();
  if (review.from > now.at) return;
  if (!review.StandsAt(now.at)) {
    const int32_t day = DayOf(window.zone, review.removal->removed_at);
    if (IsInWindow(day, now)) CountRemoval(review.removal->by, rating);
    return;
  }
  const Opinion& opinion = review.OpinionAt(now.at);
  ++(opinion.recommended ? rating.lifetime_recommended : rating.lifetime_not_recommended);
  if (!IsInWindow(review.posted_day, now)) return;
  CountMarks(opinion, rating);
  if (review.answered_at && *review.answered_at <= now.at) ++rating.answered;
}

// The sums of one seller and market; shares and averages are for Finish.
Rating SumsOf(const Seller& seller, const std::string& market, const Window& window,
              int64_t as_of) {
  Rating rating;
  rating.market = market;
  rating.as_of = as_of;
  rating.complete = seller.complete();
  const Reviews reviews = ReviewsOf(seller, market, window.zone);
  for (const auto& [buyer_id, of_buyer] : reviews) {
    for (const Review& review : of_buyer) CountReview(review, window, rating);
  }
  for (const Day& day : window.days) rating.history[day.number] = VotesOn(reviews, day);
  const HistoryRow& now = rating.history.at(window.now().number);
  rating.recommended = now.recommended;
  rating.not_recommended = now.not_recommended;
  return rating;
}

void AddVotes(const Votes& from, Votes& to) {
  to.total += from.total;
  to.unique += from.unique;
}

void AddRates(const Rates& from, Rates& to) {
  for (size_t i = 0; i < to.distribution.size(); ++i) to.distribution[i] += from.distribution[i];
}

void AddSums(const Rating& from, Rating& to) {
  to.as_of = from.as_of;
  AddVotes(from.recommended, to.recommended);
  AddVotes(from.not_recommended, to.not_recommended);
  AddRates(from.delivery, to.delivery);
  AddRates(from.delivery_cost, to.delivery_cost);
  AddRates(from.description, to.description);
  AddRates(from.service, to.service);
  to.answered += from.answered;
  to.removed_by_buyer += from.removed_by_buyer;
  to.removed_by_marketplace += from.removed_by_marketplace;
  to.removed_by_buyer_after_compensation += from.removed_by_buyer_after_compensation;
  to.lifetime_recommended += from.lifetime_recommended;
  to.lifetime_not_recommended += from.lifetime_not_recommended;
  to.complete = to.complete && from.complete;
  for (const auto& [day, votes] : from.history) {
    AddVotes(votes.recommended, to.history[day].recommended);
    AddVotes(votes.not_recommended, to.history[day].not_recommended);
  }
}

// scale * part / whole, half up. REQUIRES: neither is negative, whole > 0.
int64_t Rounded(int64_t scale, int64_t part, int64_t whole) {
  return (2 * scale * part + whole) / (2 * whole);
}

void FinishRates(int32_t minimum, Rates& rates) {
  int64_t count = 0;
  int64_t sum = 0;
  for (size_t i = 0; i < rates.distribution.size(); ++i) {
    count += rates.distribution[i];
    sum += static_cast<int64_t>(i + 1) * rates.distribution[i];
  }
  if (count > 0 && count >= minimum) rates.average_hundredths = Rounded(100, sum, count);
}

// Sums of rows, and the least marks that an average needs: where markets differ, the greatest.
struct Total {
  Rating sums;
  int32_t minimum = 0;

  void Add(const Rating& row, int32_t row_minimum) {
    AddSums(row, sums);
    minimum = std::max(minimum, row_minimum);
  }
};

// The sums with their shares and averages.
Rating Finish(std::string_view seller_id, std::string_view market, Total total) {
  Rating rating = std::move(total.sums);
  rating.seller_id = seller_id;
  rating.market = market;
  const int64_t voters = rating.recommended.unique + rating.not_recommended.unique;
  if (voters > 0) {
    rating.recommended_percentage_tenths = Rounded(1000, rating.recommended.unique, voters);
  }
  for (Rates* rates :
       {&rating.delivery, &rating.delivery_cost, &rating.description, &rating.service}) {
    FinishRates(total.minimum, *rates);
  }
  return rating;
}

int32_t MinimumOf(const Policies& policies, const std::string& market, int64_t as_of) {
  return policies.At(market, as_of).rates_for_average;
}

// Windows are the same for all sellers of a partition (each partition has read its own policies).
class Windows {
 public:
  explicit Windows(int64_t as_of) : as_of_(as_of) {}

  const Window& Of(const Partition& partition, const std::string& market) {
    const std::pair key(&partition, market);
    const auto found = windows_.find(key);
    if (found != windows_.end()) return found->second;
    return windows_.emplace(key, WindowOf(partition.policies, market, as_of_)).first->second;
  }

 private:
  int64_t as_of_;
  std::map<std::pair<const Partition*, std::string>, Window> windows_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> RatingRows(const Replay& replay, int64_t as_of) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [seller_id, located] : SellersOf(replay)) {
    for (const auto& [market, naming] : located.seller->markets) {
      if (HasRow(naming, as_of)) rows.emplace_back(seller_id, market);
    }
  }
  return rows;
}

std::optional<Rating> RatingOf(const Replay& replay, std::string_view seller_id,
                               std::string_view market, int64_t as_of) {
  Windows windows(as_of);
  std::optional<Total> total;
  for (const auto& [id, located] : SellersOf(replay)) {
    if (seller_id != kAll && seller_id != id) continue;
    const Policies& policies = located.partition->policies;
    for (const auto& [code, naming] : located.seller->markets) {
      if ((market != kAll && market != code) || !HasRow(naming, as_of)) continue;
      if (!total) total.emplace();
      const Window& window = windows.Of(*located.partition, code);
      total->Add(SumsOf(*located.seller, code, window, as_of), MinimumOf(policies, code, as_of));
    }
  }
  if (!total) return std::nullopt;
  return Finish(seller_id, market, *std::move(total));
}

void AllRatings(const Replay& replay, int64_t as_of,
                const std::function<void(const Rating&)>& visit) {
  Windows windows(as_of);
  std::map<std::string, Total> totals;  // by market, "*" among them
  for (const auto& [seller_id, located] : SellersOf(replay)) {
    const Policies& policies = located.partition->policies;
    std::optional<Total> of_seller;
    for (const auto& [market, naming] : located.seller->markets) {
      if (!HasRow(naming, as_of)) continue;
      if (!of_seller) of_seller.emplace();
      const Window& window = windows.Of(*located.partition, market);
      const Rating sums = SumsOf(*located.seller, market, window, as_of);
      const int32_t minimum = MinimumOf(policies, market, as_of);
      of_seller->Add(sums, minimum);
      totals[market].Add(sums, minimum);
      totals[std::string(kAll)].Add(sums, minimum);
      visit(Finish(seller_id, market, {sums, minimum}));
    }
    if (of_seller) visit(Finish(seller_id, kAll, *std::move(of_seller)));
  }
  // "*" sorts before every code: the total of all comes last by hand.
  for (const auto& [market, total] : totals) {
    if (market != kAll) visit(Finish(kAll, market, total));
  }
  const auto all = totals.find(std::string(kAll));
  if (all != totals.end()) visit(Finish(kAll, kAll, all->second));
}

}  // namespace flywheel::naive
