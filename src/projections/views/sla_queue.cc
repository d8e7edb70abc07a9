#include "projections/views/sla_queue.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "base/bytes.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr uint8_t kTokenFormat = 1;
// Equal clocks are an order's openings at one instant, and an order has few facts.
constexpr uint64_t kMaxGiven = 100'000;

auto PlaceOf(const QueuedClock& clock) {
  return std::make_tuple(clock.due, std::string_view(clock.id), NameOf(clock.clock),
                         std::string_view(clock.seller_id), std::string_view(clock.order_id),
                         clock.opened);
}

bool StandsWith(const QueuedClock& a, const QueuedClock& b) { return PlaceOf(a) == PlaceOf(b); }

bool IsHex(std::string_view text) {
  return text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char digit) {
           return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
         });
}

absl::Status NoToken() {
  return absl::InvalidArgumentError("the token is none that a page of the queue ended with");
}

}  // namespace

bool StandsBefore(const QueuedClock& a, const QueuedClock& b) { return PlaceOf(a) < PlaceOf(b); }

std::string TokenOf(const QueuePlace& place) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.Byte(kTokenFormat);
  writer.Signed(place.last.due.number());
  writer.Signed(place.last.opened.number());
  writer.Byte(static_cast<uint8_t>(place.last.clock));
  writer.String(place.last.id);
  writer.String(place.last.seller_id);
  writer.String(place.last.order_id);
  writer.Unsigned(place.given);
  return absl::BytesToHexString(bytes);
}

absl::StatusOr<QueuePlace> ParseQueueToken(std::string_view token) {
  if (!IsHex(token)) return NoToken();
  const std::string bytes = absl::HexStringToBytes(std::string(token));
  ByteReader reader(bytes);
  QueuePlace place;
  const uint8_t format = reader.Byte();
  place.last.due = Instant(reader.Signed());
  place.last.opened = Instant(reader.Signed());
  const uint8_t clock = reader.Byte();
  place.last.clock = static_cast<SlaClock>(clock);
  place.last.id = std::string(reader.String());
  place.last.seller_id = std::string(reader.String());
  place.last.order_id = std::string(reader.String());
  place.given = reader.Unsigned();
  if (!reader.ok() || !reader.done() || format != kTokenFormat || clock >= kSlaClocks ||
      place.given == 0 || place.given > kMaxGiven) {
    return NoToken();
  }
  return place;
}

QueuePager::QueuePager(size_t limit, std::optional<QueuePlace> after)
    : limit_(limit), after_(std::move(after)) {
  FLYWHEEL_CHECK(limit >= 1 && limit <= kMaxQueuePage, "a page has a limit");
  // One more than the page tells whether there is another; those given before come again.
  kept_ = limit + 1 + static_cast<size_t>(after_ ? after_->given : 0);
}

void QueuePager::Offer(QueuedClock clock) {
  if (after_ && StandsBefore(clock, after_->last)) return;
  if (first_.size() == kept_) {
    if (!StandsBefore(clock, *first_.rbegin())) return;
    first_.erase(std::prev(first_.end()));
  }
  first_.insert(std::move(clock));
}

QueuePage QueuePager::Take() {
  QueuePage page;
  auto at = first_.begin();
  for (uint64_t left = after_ ? after_->given : 0;
       left > 0 && at != first_.end() && StandsWith(*at, after_->last); --left) {
    ++at;
  }
  page.clocks.reserve(std::min(limit_, first_.size()));
  while (at != first_.end() && page.clocks.size() < limit_) {
    page.clocks.push_back(std::move(first_.extract(at++).value()));
  }
  if (at == first_.end()) return page;
  page.next.emplace();
  page.next->last = page.clocks.back();
  page.next->given = static_cast<uint64_t>(
      std::count_if(page.clocks.begin(), page.clocks.end(),
                    [&](const QueuedClock& clock) { return StandsWith(clock, page.next->last); }));
  if (after_ && StandsWith(after_->last, page.next->last)) page.next->given += after_->given;
  return page;
}

}  // namespace flywheel
