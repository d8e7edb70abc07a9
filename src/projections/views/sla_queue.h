// The queue of clocks that run: one page of it, and how to go on.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_SLA_QUEUE_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_SLA_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "projections/models/sla.h"

namespace flywheel {

// A clock that runs.
struct QueuedClock {
  std::string seller_id;
  MarketCode market;
  SlaClock clock = SlaClock::kFirstResponse;
  std::string id;
  std::string order_id;
  Instant opened;
  Instant due;

  ClockState state(Instant as_of) const {
    return as_of <= due ? ClockState::kPending : ClockState::kOverdue;
  }
};

// Whether `a` stands before `b`: by due instant, id, the clock's name, seller, order and opening.
// Two openings of a complaint at one instant are equal.
bool StandsBefore(const QueuedClock& a, const QueuedClock& b);

// The last clock of a page, and how many equal to it have been given so far.
struct QueuePlace {
  QueuedClock last;
  uint64_t given = 1;
};
// A text for people to hand back.
std::string TokenOf(const QueuePlace& place);
// InvalidArgument where the text is none.
absl::StatusOr<QueuePlace> ParseQueueToken(std::string_view token);

// At most this many on a page.
inline constexpr size_t kMaxQueuePage = 10'000;

// What is due within more hours is not asked for: ten years reach past every due instant.
inline constexpr int64_t kMaxQueueHours = int64_t{24} * 3660;

struct QueuePage {
  std::vector<QueuedClock> clocks;
  std::optional<QueuePlace> next;  // none: this was the last page
};

// Picks a page from clocks that come in any order; holds little more than the page at a time.
//
// Not thread-safe.
class QueuePager {
 public:
  // REQUIRES: 1 <= limit <= kMaxQueuePage.
  QueuePager(size_t limit, std::optional<QueuePlace> after);

  // False: no clock that is due then will stand on the page. Saves making one.
  bool MayTake(Instant due) const { return first_.size() < kept_ || due <= first_.rbegin()->due; }
  void Offer(QueuedClock clock);
  QueuePage Take();

 private:
  struct Before {
    bool operator()(const QueuedClock& a, const QueuedClock& b) const { return StandsBefore(a, b); }
  };
  size_t limit_;
  std::optional<QueuePlace> after_;
  size_t kept_;  // clocks that are held at most
  std::multiset<QueuedClock, Before> first_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_SLA_QUEUE_H_
