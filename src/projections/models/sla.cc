#include "projections/models/sla.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/bytes.h"

namespace flywheel {
namespace {

using Moments = absl::InlinedVector<Moment, 4>;

void SortByTime(Moments* moments) {
  std::sort(moments->begin(), moments->end(), [](const Moment& a, const Moment& b) {
    return std::tie(a.at, a.place) < std::tie(b.at, b.place);
  });
}

// The first at or after the instant; nullptr: none.
const Moment* FirstFrom(const Moments& moments, Instant from) {
  const auto found =
      std::lower_bound(moments.begin(), moments.end(), from,
                       [](const Moment& moment, Instant at) { return moment.at < at; });
  return found == moments.end() ? nullptr : &*found;
}

Instant EndOfDayAfter(const TimeZone& zone, Instant from, int32_t days) {
  return zone.EndOf(zone.Day(from).Plus(days));
}

bool AnswersForTheSeller(Actor by) { return by == Actor::kSeller || by == Actor::kMarketplace; }

ClockRun Opened(SlaClock clock, std::string_view id, const Moment& by, Instant due) {
  ClockRun run;
  run.clock = clock;
  run.id = id;
  run.opened = by.at;
  run.opened_by = by.place;
  // Nothing happens after the last instant, so a later due instant is as good as that.
  run.due = std::min(due, kLatestInstant);
  return run;
}

// REQUIRES: not before the opening.
void StopAt(const Moment& stop, ClockRun* run) {
  run->stopped = stop.at;
  run->stopped_by = stop.place;
  run->duration_ms = stop.at.number() - run->opened.number();
}

// A stop that may lie before the opening.
void StopAtOrBefore(const Moment& stop, ClockRun* run) {
  StopAt({std::max(stop.at, run->opened), stop.place}, run);
  run->at_once = stop.at < run->opened;
}

// ---------------------------------------------------------------- dispatch

void AddDispatch(const OrderCourse& course, std::string_view order_id, ClockRuns* runs) {
  if (!course.promised_dispatch_by || course.cancelled_before_dispatch()) return;
  ClockRun run = Opened(SlaClock::kDispatch, order_id, course.placed, *course.promised_dispatch_by);
  if (course.carrier_scan) StopAtOrBefore(*course.carrier_scan, &run);
  runs->push_back(run);
}

// ---------------------------------------------------------------- complaints

// What stops the clocks of a complaint, by time.
struct Stops {
  Moments responses;    // of the seller or the marketplace
  Moments resolutions;  // by anybody
  Moments others;       // resolutions by anybody else
};

Stops StopsOf(const ComplaintCourse& complaint) {
  Stops stops;
  for (const MomentBy& message : complaint.messages) {
    if (AnswersForTheSeller(message.by)) stops.responses.push_back(message);
  }
  for (const ComplaintCourse::Resolution& resolution : complaint.resolutions) {
    stops.resolutions.push_back(resolution);
    (AnswersForTheSeller(resolution.by) ? stops.responses : stops.others).push_back(resolution);
  }
  SortByTime(&stops.responses);
  SortByTime(&stops.resolutions);
  SortByTime(&stops.others);
  return stops;
}

void AddFirstResponse(const ComplaintCourse& complaint, const Moment& opening, const Stops& stops,
                      const MarketPolicy& policy, ClockRuns* runs) {
  const bool business = policy.sla.first_response_business_clock;
  const int64_t time = policy.sla.first_response_ms;
  ClockRun run =
      Opened(SlaClock::kFirstResponse, complaint.complaint_id, opening,
             business ? policy.business_clock->Add(opening.at, time) : opening.at.Plus(time));
  const Moment* stop = FirstFrom(stops.responses, opening.at);
  const Moment* other = FirstFrom(stops.others, opening.at);
  // Settled without the seller in time: nobody waits for a response any more.
  if (other != nullptr && other->at <= run.due && (stop == nullptr || other->at < stop->at)) return;
  if (stop != nullptr) {
    StopAt(*stop, &run);
    if (business) run.duration_ms = policy.business_clock->Between(opening.at, stop->at);
  }
  runs->push_back(run);
}

void AddComplaint(const ComplaintCourse& complaint, MarketCode market, const PolicyBook& policies,
                  ClockRuns* runs) {
  const Stops stops = StopsOf(complaint);
  const auto add_resolved = [&](SlaClock clock, const Moment& opening, Instant due) {
    ClockRun run = Opened(clock, complaint.complaint_id, opening, due);
    if (const Moment* stop = FirstFrom(stops.resolutions, opening.at)) StopAt(*stop, &run);
    runs->push_back(run);
  };
  const auto add_opening = [&](const Moment& opening) {
    const MarketPolicy& policy = policies.Of(market, opening.at);
    AddFirstResponse(complaint, opening, stops, policy, runs);
    add_resolved(SlaClock::kResolution, opening, opening.at.Plus(policy.sla.resolution_ms));
  };
  add_opening(complaint.opened);
  for (const Moment& reopened : complaint.reopened) add_opening(reopened);
  if (complaint.kind != ComplaintKind::kClaim) return;
  const MarketPolicy& policy = policies.Of(market, complaint.opened.at);
  add_resolved(SlaClock::kDecision, complaint.opened,
               EndOfDayAfter(*policy.zone, complaint.opened.at, policy.sla.decision_days));
}

// ---------------------------------------------------------------- returns

void AddRefund(const ReturnCourse& of, MarketCode market, const PolicyBook& policies,
               ClockRuns* runs) {
  std::optional<Moment> begun = of.carrier_scan;
  if (of.accepted && (!begun || of.accepted->at < begun->at)) begun = of.accepted;
  if (!begun || of.stands_rejected() || (of.closed && !of.refunded)) return;
  const Moment opening{std::max(of.filed.at, begun->at), of.filed.place};
  const MarketPolicy& policy = policies.Of(market, opening.at);
  ClockRun run = Opened(SlaClock::kRefund, of.return_id, opening,
                        EndOfDayAfter(*policy.zone, opening.at, policy.sla.refund_days));
  run.begun_by = begun->place;
  if (of.refunded) StopAtOrBefore(*of.refunded, &run);
  runs->push_back(run);
}

auto ContributionOf(const ClockRun& run) {
  return std::tie(run.clock, run.id, run.opened, run.due, run.stopped, run.at_once,
                  run.duration_ms);
}

absl::Status DamagedRow() { return absl::DataLossError("a row of clocks cannot be read"); }

}  // namespace

std::string_view NameOf(SlaClock clock) {
  constexpr std::array<std::string_view, kSlaClocks> kNames = {"firstResponse", "resolution",
                                                               "decision", "dispatch", "refund"};
  return kNames[static_cast<size_t>(clock)];
}

std::string_view NameOf(ClockState state) {
  constexpr std::array<std::string_view, 4> kNames = {"WITHIN", "LATE", "PENDING", "OVERDUE"};
  return kNames[static_cast<size_t>(state)];
}

ClockRuns ClocksOf(const OrderCourse& course, std::string_view order_id,
                   const PolicyBook& policies) {
  ClockRuns runs;
  AddDispatch(course, order_id, &runs);
  for (const ComplaintCourse& complaint : course.complaints) {
    AddComplaint(complaint, course.market, policies, &runs);
  }
  for (const ReturnCourse& of_return : course.returns) {
    AddRefund(of_return, course.market, policies, &runs);
  }
  if (runs.size() > 1) std::sort(runs.begin(), runs.end(), Precedes);
  return runs;
}

ClockState StateOf(const ClockRun& run, Instant as_of) {
  if (run.stopped) {
    return run.at_once || *run.stopped <= run.due ? ClockState::kWithin : ClockState::kLate;
  }
  return as_of <= run.due ? ClockState::kPending : ClockState::kOverdue;
}

bool ContributesTheSame(const ClockRun& a, const ClockRun& b) {
  return ContributionOf(a) == ContributionOf(b);
}

bool Precedes(const ClockRun& a, const ClockRun& b) {
  return ContributionOf(a) < ContributionOf(b);
}

// ---------------------------------------------------------------- rows

void StoppedClocks::Add(const StoppedClocks& other) {
  within += other.within;
  late += other.late;
  durations.Add(other.durations);
}

void SlaRow::Add(const ClockRun& run, int sign) {
  auto at = std::lower_bound(clocks_.begin(), clocks_.end(), run.clock,
                             [](const OfClock& of, SlaClock wanted) { return of.clock < wanted; });
  if (at == clocks_.end() || at->clock != run.clock) at = clocks_.insert(at, {run.clock, {}});
  StoppedClocks& stopped = at->stopped;
  (StateOf(run, *run.stopped) == ClockState::kWithin ? stopped.within : stopped.late) += sign;
  stopped.durations.Add(run.duration_ms, sign);
  if (stopped.empty()) clocks_.erase(at);
}

size_t SlaRow::heap_bytes() const {
  size_t bytes = clocks_.capacity() * sizeof(OfClock);
  for (const OfClock& of : clocks_) bytes += of.stopped.durations.heap_bytes();
  return bytes;
}

void SlaRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  for (const OfClock& of : clocks_) {
    writer.Byte(static_cast<uint8_t>(of.clock));
    writer.Signed(of.stopped.within);
    writer.Signed(of.stopped.late);
    of.stopped.durations.Encode(&writer);
  }
}

absl::StatusOr<SlaRow> SlaRow::Decode(std::string_view bytes) {
  SlaRow row;
  ByteReader reader(bytes);
  while (!reader.done()) {
    OfClock& of = row.clocks_.emplace_back();
    const uint8_t clock = reader.Byte();
    of.clock = static_cast<SlaClock>(clock);
    of.stopped.within = reader.Signed();
    of.stopped.late = reader.Signed();
    if (!DurationBuckets::Decode(&reader, &of.stopped.durations) || clock >= kSlaClocks) {
      return DamagedRow();
    }
  }
  return row;
}

void AppendOpenClock(const OpenClock& clock, std::string* row) {
  ByteWriter writer(row);
  writer.Byte(static_cast<uint8_t>(clock.clock));
  // The order's id stands in the key.
  writer.String(clock.clock == SlaClock::kDispatch ? std::string_view() : clock.id);
  writer.Signed(clock.opened.number());
  writer.Signed(clock.due.number() - clock.opened.number());
}

absl::Status ForEachOpenClock(std::string_view row, std::string_view order_id,
                              absl::FunctionRef<void(const OpenClock&)> visit) {
  ByteReader reader(row);
  while (!reader.done()) {
    OpenClock open;
    const uint8_t clock = reader.Byte();
    open.clock = static_cast<SlaClock>(clock);
    open.id = reader.String();
    open.opened = Instant(reader.Signed());
    int64_t due = 0;
    const bool no_instant = __builtin_add_overflow(open.opened.number(), reader.Signed(), &due);
    open.due = Instant(due);
    if (!reader.ok() || clock >= kSlaClocks || no_instant) return DamagedRow();
    if (open.clock == SlaClock::kDispatch) open.id = order_id;
    visit(open);
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- the answer

void ClockFigures::Add(const ClockFigures& other) {
  stopped.Add(other.stopped);
  pending += other.pending;
  overdue += other.overdue;
}

std::optional<double> ClockFigures::compliance() const {
  const int64_t all = stopped.within + stopped.late + overdue;
  if (all == 0) return std::nullopt;
  return static_cast<double>(stopped.within) / static_cast<double>(all);
}

void AddFigures(const SlaFigures& from, SlaFigures* to) {
  for (size_t i = 0; i < from.size(); ++i) (*to)[i].Add(from[i]);
}

}  // namespace flywheel
