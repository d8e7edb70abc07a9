#include "projections/views/sla_reader.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "events/intake.h"
#include "projections/facts/row_keys.h"
#include "projections/models/days_row.h"
#include "projections/models/order_course.h"

namespace flywheel {
namespace {

FactsUpTo CutOf(const CellState& state, const SlaQuery& query) {
  return {query.as_of, query.known_at.value_or(kLatestInstant), state.before};
}

// Whether stored rows give the answer: no fact lies behind as_of, and all knowledge counts.
// `clock`: the latest occurred_at of the facts in question.
bool StoredAnswers(const SlaQuery& query, Instant clock) {
  return !query.always_evaluate && !query.known_at && query.before.empty() && query.as_of >= clock;
}

// ---------------------------------------------------------------- windows

// A part of an answer: one market of one seller, or of all sellers of a cell.
struct Part {
  MarketCode market;
  std::vector<int32_t> lengths;     // of the windows, rising
  std::vector<SlaFigures> figures;  // by window
  bool complete = true;
};

// The windows of one market that end at as_of, being filled.
class Windows {
 public:
  Windows(const MarketPolicy& policy, Instant as_of)
      : zone_(policy.zone.get()),
        as_of_(as_of),
        today_(policy.zone->Day(as_of)),
        lengths_(policy.sla.window_days),
        rings_(lengths_.size()) {}

  LocalDay today() const { return today_; }
  LocalDay first_day() const { return today_.Plus(1 - lengths_.back()); }

  // The lengths of the windows that hold the day, rising.
  std::vector<int32_t> Holding(LocalDay day) const {
    return {lengths_.begin() + static_cast<ptrdiff_t>(RingOf(day)), lengths_.end()};
  }
  bool Holds(LocalDay day) const { return RingOf(day) < rings_.size(); }
  LocalDay DayOf(Instant opened) const { return zone_->Day(opened); }

  void AddStopped(LocalDay day, const SlaRow& row) {
    const size_t ring = RingOf(day);
    if (ring == rings_.size()) return;
    row.ForEach([&](SlaClock clock, const StoppedClocks& stopped) {
      rings_[ring][static_cast<size_t>(clock)].stopped.Add(stopped);
    });
  }
  void AddOpen(LocalDay day, SlaClock clock, Instant due) {
    const size_t ring = RingOf(day);
    if (ring == rings_.size()) return;
    rings_[ring][static_cast<size_t>(clock)].AddOpen(due, as_of_);
  }
  void AddRun(const ClockRun& run) {
    const LocalDay day = DayOf(run.opened);
    if (!run.stopped) return AddOpen(day, run.clock, run.due);
    SlaRow row;
    row.Add(run, 1);
    AddStopped(day, row);
  }

  Part ToPart(MarketCode market, bool complete) && {
    // A window holds what is in the shorter ones.
    for (size_t i = 1; i < rings_.size(); ++i) AddFigures(rings_[i - 1], &rings_[i]);
    return {market, std::move(lengths_), std::move(rings_), complete};
  }

 private:
  // The shortest window that holds the day; their number where none does.
  size_t RingOf(LocalDay day) const {
    const int32_t age = today_.number() - day.number();
    if (age < 0) return lengths_.size();
    return static_cast<size_t>(std::upper_bound(lengths_.begin(), lengths_.end(), age) -
                               lengths_.begin());
  }

  const TimeZone* zone_;
  Instant as_of_;
  LocalDay today_;
  std::vector<int32_t> lengths_;
  // Of each window what none of the shorter ones holds.
  std::vector<SlaFigures> rings_;
};

// Adds the stored sums of a seller, or of all of the cell.
absl::Status AddStoredDays(const RowReader& store, std::string_view owner, MarketCode market,
                           Windows* windows) {
  absl::Status status;
  RETURN_IF_ERROR(store.Scan(
      row_keys::Days(owner, market, windows->first_day()),
      row_keys::AfterPrefix(row_keys::Days(owner, market, windows->today())),
      [&](std::string_view, std::string_view value) {
        status.Update(ForEachDay(value, [&](LocalDay day, const DayBytes& of_day) -> absl::Status {
          if (of_day.sla.empty() || !windows->Holds(day)) return absl::OkStatus();
          ASSIGN_OR_RETURN(const SlaRow row, SlaRow::Decode(of_day.sla));
          windows->AddStopped(day, row);
          return absl::OkStatus();
        }));
        return status.ok();
      }));
  return status;
}

// Calls `visit` with each clock that runs in rows of [first, limit).
absl::Status ScanOpenClocks(
    const RowReader& store, const std::string& first, const std::string& limit,
    absl::FunctionRef<void(const row_keys::OpenClocksKey&, const OpenClock&)> visit) {
  absl::Status status;
  RETURN_IF_ERROR(store.Scan(first, limit, [&](std::string_view key, std::string_view value) {
    const row_keys::OpenClocksKey parsed = row_keys::ParseOpenClocks(key);
    status.Update(
        ForEachOpenClock(value, parsed.order, [&](const OpenClock& open) { visit(parsed, open); }));
    return status.ok();
  }));
  return status;
}

absl::Status AddStoredOpenClocks(const RowReader& store, std::string_view seller, MarketCode market,
                                 Windows* windows) {
  return ScanOpenClocks(store, row_keys::OpenClocks(seller, market, windows->first_day(), ""),
                        row_keys::OpenClocks(seller, market, windows->today().Plus(1), ""),
                        [windows](const row_keys::OpenClocksKey& key, const OpenClock& open) {
                          windows->AddOpen(key.day, open.clock, open.due);
                        });
}

// ---------------------------------------------------------------- parts

using ByMarket = std::map<MarketCode, Windows>;

// Windows of the seller's markets that `wanted` lets through.
ByMarket WindowsOf(const CellState& state, const SellerRow& row, std::string_view wanted,
                   const SlaQuery& query) {
  ByMarket markets;
  for (const SellerRow::Named& named : row.markets) {
    if ((wanted != kAll && wanted != named.market.text()) || named.first > query.as_of) continue;
    // A market of a later policy was not known earlier, and had no row then.
    const MarketPolicy* policy = state.policies->FindOrAny(named.market.text(), query.as_of);
    if (policy != nullptr) markets.emplace(named.market, Windows(*policy, query.as_of));
  }
  return markets;
}

// Calls `visit` with the clocks of each order of the seller as the facts under the query show them;
// gives the markets that have a row then.
absl::StatusOr<std::set<MarketCode>> ForEachRun(
    const CellState& state, std::string_view seller, const SlaQuery& query,
    absl::FunctionRef<void(std::string_view order_id, const OrderRow&, const ClockRun&)> visit) {
  const FactsUpTo cut = CutOf(state, query);
  return ForEachOrder(*state.store, seller, cut,
                      [&](std::string_view order_id, const OrderRow& order) {
                        const std::optional<OrderCourse> course = CourseOf(order, cut);
                        if (!course) return;
                        for (const ClockRun& run : ClocksOf(*course, order_id, *state.policies)) {
                          visit(order_id, order, run);
                        }
                      });
}

// Fills the windows from the order rows; those of markets without a row go.
absl::Status Evaluate(const CellState& state, std::string_view seller, const SlaQuery& query,
                      ByMarket* markets) {
  ASSIGN_OR_RETURN(const std::set<MarketCode> named,
                   ForEachRun(state, seller, query,
                              [&](std::string_view, const OrderRow& order, const ClockRun& run) {
                                const auto found = markets->find(order.market());
                                if (found != markets->end()) found->second.AddRun(run);
                              }));
  std::erase_if(*markets, [&](const auto& market) { return !named.contains(market.first); });
  return absl::OkStatus();
}

// The parts of one seller in the markets that `wanted` lets through.
absl::StatusOr<std::vector<Part>> SellerParts(const CellState& state, std::string_view seller,
                                              const SellerRow& row, std::string_view wanted,
                                              const SlaQuery& query) {
  ByMarket markets = WindowsOf(state, row, wanted, query);
  if (StoredAnswers(query, row.clock)) {
    for (auto& [market, windows] : markets) {
      RETURN_IF_ERROR(AddStoredDays(*state.store, seller, market, &windows));
      RETURN_IF_ERROR(AddStoredOpenClocks(*state.store, seller, market, &windows));
    }
  } else if (!markets.empty()) {
    RETURN_IF_ERROR(Evaluate(state, seller, query, &markets));
  }
  std::vector<Part> parts;
  parts.reserve(markets.size());
  const bool complete = state.IsComplete(seller, row);
  for (auto& [market, windows] : markets) {
    parts.push_back(std::move(windows).ToPart(market, complete));
  }
  return parts;
}

// The parts of all sellers of a cell together, one for each market, from the sums over all.
absl::StatusOr<std::vector<Part>> StoredTotalParts(const CellState& state, std::string_view wanted,
                                                   const SlaQuery& query) {
  ByMarket markets;
  std::map<MarketCode, bool> complete;
  RETURN_IF_ERROR(ForEachSeller(*state.store,
                                [&](std::string_view seller, const SellerRow& row) -> absl::Status {
                                  ByMarket of_seller = WindowsOf(state, row, wanted, query);
                                  for (const auto& [market, windows] : of_seller) {
                                    bool& all = complete.try_emplace(market, true).first->second;
                                    all = all && state.IsComplete(seller, row);
                                  }
                                  markets.merge(of_seller);
                                  return absl::OkStatus();
                                }));
  for (auto& [market, windows] : markets) {
    RETURN_IF_ERROR(AddStoredDays(*state.store, kAllSellers, market, &windows));
  }
  const std::string prefix = row_keys::Prefix(RowType::kOpenClocks);
  RETURN_IF_ERROR(ScanOpenClocks(*state.store, prefix, row_keys::AfterPrefix(prefix),
                                 [&](const row_keys::OpenClocksKey& key, const OpenClock& open) {
                                   const auto found = markets.find(key.market);
                                   if (found == markets.end()) return;
                                   found->second.AddOpen(key.day, open.clock, open.due);
                                 }));
  std::vector<Part> parts;
  parts.reserve(markets.size());
  for (auto& [market, windows] : markets) {
    parts.push_back(std::move(windows).ToPart(market, complete[market]));
  }
  return parts;
}

// Calls `add` with the parts of all sellers of a cell.
absl::Status ForEachTotalPart(const CellState& state, std::string_view wanted,
                              const SlaQuery& query, absl::FunctionRef<void(const Part&)> add) {
  if (StoredAnswers(query, state.cell.log_clock)) {
    ASSIGN_OR_RETURN(const std::vector<Part> parts, StoredTotalParts(state, wanted, query));
    for (const Part& part : parts) add(part);
    return absl::OkStatus();
  }
  return ForEachSeller(*state.store,
                       [&](std::string_view seller, const SellerRow& row) -> absl::Status {
                         ASSIGN_OR_RETURN(const std::vector<Part> parts,
                                          SellerParts(state, seller, row, wanted, query));
                         for (const Part& part : parts) add(part);
                         return absl::OkStatus();
                       });
}

// Parts summed, each window by itself.
class Sum {
 public:
  void Add(const Part& part) {
    for (size_t i = 0; i < part.lengths.size(); ++i) {
      SlaAnswer& answer = windows_[part.lengths[i]];
      AddFigures(part.figures[i], &answer.clocks);
      answer.complete = answer.complete && part.complete;
    }
  }

  std::vector<SlaAnswer> Answers(std::string_view seller, std::string_view market,
                                 Instant as_of) && {
    std::vector<SlaAnswer> answers;
    answers.reserve(windows_.size());
    for (auto& [length, answer] : windows_) {
      answer.seller_id = std::string(seller);
      answer.market = std::string(market);
      answer.window_days = length;
      answer.as_of = as_of;
      answers.push_back(std::move(answer));
    }
    return answers;
  }

 private:
  std::map<int32_t, SlaAnswer> windows_;
};

// The sum of each market, and of all under kAll.
using Sums = std::map<std::string, Sum, std::less<>>;
void AddToSums(const Part& part, Sums* sums) {
  (*sums)[std::string(part.market.text())].Add(part);
  (*sums)[std::string(kAll)].Add(part);
}

absl::Status VisitAnswers(std::string_view seller, Sums sums, Instant as_of,
                          absl::FunctionRef<absl::Status(const SlaAnswer&)> visit) {
  for (auto& [market, sum] : sums) {
    for (const SlaAnswer& answer : std::move(sum).Answers(seller, market, as_of)) {
      RETURN_IF_ERROR(visit(answer));
    }
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- the queue

// Offers to the pager what the selection lets through.
class QueueFilter {
 public:
  QueueFilter(const QueueSelection& selection, QueuePager* pager)
      : selection_(selection), pager_(pager) {}

  void Offer(std::string_view seller, MarketCode market, std::string_view order_id,
             const OpenClock& open) const {
    if (selection_.market != kAll && selection_.market != market.text()) return;
    if (selection_.clock && *selection_.clock != open.clock) return;
    if (selection_.due_by && open.due > *selection_.due_by) return;
    if (!pager_->MayTake(open.due)) return;
    pager_->Offer({std::string(seller), market, open.clock, std::string(open.id),
                   std::string(order_id), open.opened, open.due});
  }

 private:
  const QueueSelection& selection_;
  QueuePager* pager_;
};

absl::Status OfferStored(const RowReader& store, const std::string& prefix,
                         const QueueFilter& filter) {
  return ScanOpenClocks(store, prefix, row_keys::AfterPrefix(prefix),
                        [&filter](const row_keys::OpenClocksKey& key, const OpenClock& open) {
                          filter.Offer(key.seller, key.market, key.order, open);
                        });
}

absl::Status OfferSeller(const CellState& state, std::string_view seller, const SellerRow& row,
                         const SlaQuery& query, const QueueFilter& filter) {
  if (StoredAnswers(query, row.clock)) {
    return OfferStored(*state.store, row_keys::SellerPrefix(RowType::kOpenClocks, seller), filter);
  }
  return ForEachRun(state, seller, query,
                    [&](std::string_view order_id, const OrderRow& order, const ClockRun& run) {
                      if (run.stopped) return;
                      filter.Offer(seller, order.market(), order_id,
                                   {run.clock, run.id, run.opened, run.due});
                    })
      .status();
}

absl::Status OfferCell(const CellState& state, const SlaQuery& query, const QueueFilter& filter) {
  if (StoredAnswers(query, state.cell.log_clock)) {
    return OfferStored(*state.store, row_keys::Prefix(RowType::kOpenClocks), filter);
  }
  return ForEachSeller(*state.store, [&](std::string_view seller, const SellerRow& row) {
    return OfferSeller(state, seller, row, query, filter);
  });
}

// ---------------------------------------------------------------- explanations

SlaExplanation Explained(const ClockRun& run, const OrderRow& order, Partition partition,
                         Instant as_of) {
  SlaExplanation explanation;
  explanation.market = order.market();
  explanation.clock = run.clock;
  explanation.id = std::string(run.id);
  explanation.opened = run.opened;
  explanation.due = run.due;
  explanation.stopped = run.stopped;
  explanation.duration_ms = run.duration_ms;
  explanation.state = StateOf(run, as_of);
  explanation.events = ExplainedEventsOf(order, partition, [&run](const Fact& fact) {
    return fact.place == run.opened_by || fact.place == run.begun_by ||
           fact.place == run.stopped_by;
  });
  return explanation;
}

}  // namespace

absl::StatusOr<std::vector<SlaAnswer>> SlaReader::One(std::string_view seller,
                                                      std::string_view market,
                                                      const SlaQuery& query) const {
  Sum sum;
  const auto add = [&sum](const Part& part) { sum.Add(part); };
  if (seller == kAll) {
    for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
      ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
      RETURN_IF_ERROR(ForEachTotalPart(state, market, query, add));
    }
    return std::move(sum).Answers(seller, market, query.as_of);
  }
  const Partition partition = cells_.PartitionOfSeller(seller);
  ASSIGN_OR_RETURN(const RowReader* rows, cells_.RowsOf(partition));
  ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(*rows, seller));
  if (!row) return std::vector<SlaAnswer>();
  ASSIGN_OR_RETURN(const CellState state,
                   cells_.Read(partition, query.known_at, query.before, seller));
  ASSIGN_OR_RETURN(const std::vector<Part> parts, SellerParts(state, seller, *row, market, query));
  for (const Part& part : parts) add(part);
  return std::move(sum).Answers(seller, market, query.as_of);
}

absl::Status SlaReader::All(const SlaQuery& query,
                            absl::FunctionRef<absl::Status(const SlaAnswer&)> visit) const {
  std::vector<CellState> cells;
  cells.reserve(static_cast<size_t>(cells_.partitions().number()));
  Sums totals;
  for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
    ASSIGN_OR_RETURN(CellState state, cells_.Read(partition, query.known_at, query.before));
    cells.push_back(std::move(state));
    RETURN_IF_ERROR(ForEachTotalPart(cells.back(), kAll, query,
                                     [&totals](const Part& part) { AddToSums(part, &totals); }));
  }
  bool totals_visited = false;
  const auto visit_totals = [&] {
    totals_visited = true;
    return VisitAnswers(kAll, std::move(totals), query.as_of, visit);
  };
  RETURN_IF_ERROR(ForEachSellerInOrder(
      cells,
      [&](const CellState& state, std::string_view seller, const SellerRow& row) -> absl::Status {
        if (!totals_visited && seller > kAll) RETURN_IF_ERROR(visit_totals());
        ASSIGN_OR_RETURN(const std::vector<Part> parts,
                         SellerParts(state, seller, row, kAll, query));
        Sums sums;
        for (const Part& part : parts) AddToSums(part, &sums);
        return VisitAnswers(seller, std::move(sums), query.as_of, visit);
      }));
  return totals_visited ? absl::OkStatus() : visit_totals();
}

absl::StatusOr<QueuePage> SlaReader::Queue(const QueueSelection& selection,
                                           const SlaQuery& query) const {
  QueuePager pager(selection.limit, selection.after);
  const QueueFilter filter(selection, &pager);
  if (selection.seller == kAll) {
    for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
      ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
      RETURN_IF_ERROR(OfferCell(state, query, filter));
    }
    return pager.Take();
  }
  const Partition partition = cells_.PartitionOfSeller(selection.seller);
  ASSIGN_OR_RETURN(const CellState state,
                   cells_.Read(partition, query.known_at, query.before, selection.seller));
  ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(*state.store, selection.seller));
  if (row) RETURN_IF_ERROR(OfferSeller(state, selection.seller, *row, query, filter));
  return pager.Take();
}

absl::StatusOr<std::vector<SlaExplanation>> SlaReader::Explain(std::string_view seller,
                                                               std::string_view market,
                                                               const SlaQuery& query) const {
  if (seller == kAll) {
    return absl::InvalidArgumentError(
        "name a seller: the figures of all sellers are explained by seller");
  }
  const Partition partition = cells_.PartitionOfSeller(seller);
  ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
  ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(*state.store, seller));
  std::vector<SlaExplanation> explanations;
  if (!row) return explanations;
  const ByMarket markets = WindowsOf(state, *row, market, query);
  RETURN_IF_ERROR(
      ForEachRun(state, seller, query,
                 [&](std::string_view order_id, const OrderRow& order, const ClockRun& run) {
                   const auto found = markets.find(order.market());
                   if (found == markets.end()) return;
                   std::vector<int32_t> windows =
                       found->second.Holding(found->second.DayOf(run.opened));
                   if (windows.empty()) return;
                   SlaExplanation& explanation =
                       explanations.emplace_back(Explained(run, order, partition, query.as_of));
                   explanation.seller_id = std::string(seller);
                   explanation.order_id = std::string(order_id);
                   explanation.windows = std::move(windows);
                 })
          .status());
  std::sort(explanations.begin(), explanations.end(),
            [](const SlaExplanation& a, const SlaExplanation& b) {
              return std::tie(a.opened, a.order_id, a.clock, a.id) <
                     std::tie(b.opened, b.order_id, b.clock, b.id);
            });
  return explanations;
}

}  // namespace flywheel
