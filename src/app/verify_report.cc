// The parts of verify put together: the log is read, the points are chosen, everything is compared.
#include "app/verify_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "app/verify_rating.h"
#include "app/verify_sla.h"
#include "app/verify_smart.h"
#include "app/verify_state.h"
#include "base/digest.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "events/policy.h"
#include "events/record_view.h"
#include "naive/replay.h"
#include "projections/facts/cell_row.h"
#include "projections/store/read_cell_row.h"

namespace flywheel {
namespace {

using Stores = std::vector<const RowReader*>;

constexpr int64_t kLaterDays = 100;

void Tell(const VerifyOptions& options, std::string_view phase, uint64_t done, uint64_t total) {
  if (options.progress) options.progress(phase, done, total);
}

absl::StatusOr<std::vector<CellRow>> PositionsOf(const Stores& stores) {
  std::vector<CellRow> positions;
  for (const RowReader* store : stores) {
    ASSIGN_OR_RETURN(const std::optional<CellRow> position, ReadCellRow(*store));
    positions.push_back(position.value_or(CellRow()));
  }
  return positions;
}

// Feeds what is folded of each partition.
absl::Status Feed(EventLog& log, const std::vector<CellRow>& positions,
                  const VerifyOptions& options, naive::Replay* replay, uint64_t* records) {
  uint64_t total = 0;
  for (const CellRow& position : positions) total += position.counts.records;
  for (size_t number = 0; number < positions.size(); ++number) {
    const Partition partition(static_cast<int32_t>(number));
    ASSIGN_OR_RETURN(Offset next, log.BeginOffset(partition));
    while (next < positions[number].next) {
      ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, next, ReadLimits()));
      for (const LogRecord& record : batch.records) {
        if (record.offset >= positions[number].next) break;
        replay->Add(partition.number(), record.offset.number(), record.bytes);
        ++*records;
      }
      if (batch.next <= next) {
        return absl::DataLossError(
            fmt::format("partition {} was folded up to offset {}, and its log ends at {}", number,
                        positions[number].next.number(), next.number()));
      }
      next = batch.next;
      Tell(options, "reading the log a second way", *records, total);
    }
  }
  return absl::OkStatus();
}

// The accepted facts' earliest instant; nullopt where there is none.
std::optional<int64_t> EarliestFact(const naive::Replay& replay) {
  std::optional<int64_t> earliest;
  for (const auto& [number, partition] : replay.partitions()) {
    for (const auto& [seller_id, seller] : partition.sellers) {
      for (const auto& [market, naming] : seller.markets) {
        earliest =
            std::min(earliest.value_or(naming.earliest_occurred_at), naming.earliest_occurred_at);
      }
    }
  }
  return earliest;
}

// The end of the local day of an instant in the first market by its code.
Instant EndOfLocalDay(const naive::Replay& replay, Instant instant) {
  static const PolicyBook* const policies = new PolicyBook(PolicyBook::BuiltIn());
  std::string first;
  for (const auto& [number, partition] : replay.partitions()) {
    for (const auto& [seller_id, seller] : partition.sellers) {
      for (const auto& [market, naming] : seller.markets) {
        if (first.empty() || market < first) first = market;
      }
    }
  }
  const MarketPolicy* market = policies->FindInAnyVersion(first);
  if (market == nullptr) {
    return Instant((instant.number() / kMillisPerDay + 1) * kMillisPerDay - 1);
  }
  return market->zone->EndOf(market->zone->Day(instant));
}

std::vector<VerifyPoint> DefaultPoints(const naive::Replay& replay,
                                       const std::vector<CellRow>& positions) {
  const std::optional<int64_t> earliest = EarliestFact(replay);
  if (!earliest) return {};
  Instant log_clock;
  Instant last_recorded_at;
  for (const CellRow& position : positions) {
    log_clock = std::max(log_clock, position.log_clock);
    last_recorded_at = std::max(last_recorded_at, position.last_recorded_at);
  }
  const int64_t range = std::max<int64_t>(0, log_clock.number() - *earliest);
  const auto at = [&](int64_t numerator, int64_t denominator) {
    return Instant(*earliest + range / denominator * numerator);
  };
  const Instant later = std::min(kLatestInstant, log_clock.Plus(kLaterDays * kMillisPerDay));
  return {{log_clock, std::nullopt},
          {std::min(EndOfLocalDay(replay, at(1, 3)), log_clock), std::nullopt},
          {at(1, 2), std::nullopt},
          {at(2, 3), std::nullopt},
          {later, std::nullopt}};
}

// The recorded_at of the record in the middle of the largest partition.
absl::StatusOr<std::optional<Instant>> HalfKnown(EventLog& log,
                                                 const std::vector<CellRow>& positions) {
  size_t largest = 0;
  for (size_t number = 0; number < positions.size(); ++number) {
    if (positions[number].counts.records > positions[largest].counts.records) largest = number;
  }
  if (positions.empty() || positions[largest].counts.records == 0) return std::nullopt;
  const Partition partition(static_cast<int32_t>(largest));
  ASSIGN_OR_RETURN(const Offset begin, log.BeginOffset(partition));
  const int64_t middle = (begin.number() + positions[largest].next.number()) / 2;
  ReadLimits limits;
  limits.max_records = 1;
  ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, Offset(middle), limits));
  RecordView record;
  if (batch.records.empty() || ScanRecord(batch.records[0].bytes, &record) != ScanResult::kOk) {
    return std::nullopt;
  }
  return record.recorded_at;
}

absl::Status DigestStores(const Stores& stores, VerifyReport* report) {
  std::string all;
  for (const RowReader* store : stores) {
    ASSIGN_OR_RETURN(RowsDigest digest, DigestRows(*store));
    all += digest.hex;
    report->digests.push_back(std::move(digest));
  }
  report->digest = DigestOfBytes(all);
  return absl::OkStatus();
}

// Compares the answers at the points that ask for all that is known.
absl::Status ComparePoints(const Stores& stores, const naive::Replay& replay,
                           const VerifyOptions& options, VerifyReport* report) {
  bool first = true;
  for (size_t i = 0; i < report->points.size(); ++i) {
    const VerifyPoint& point = report->points[i];
    if (point.known_at) continue;
    Tell(options, "comparing answers", i, report->points.size());
    RETURN_IF_ERROR(CompareRatings(stores, replay, point, std::exchange(first, false),
                                   options.sellers_with_history, report));
    RETURN_IF_ERROR(CompareSla(stores, replay, point, report));
    RETURN_IF_ERROR(CompareSmart(stores, replay, point, report));
  }
  return absl::OkStatus();
}

// Compares at a point with less knowledge, which takes a replay of its own.
absl::Status CompareKnownAt(EventLog& log, const Stores& stores,
                            const std::vector<CellRow>& positions, const VerifyOptions& options,
                            const VerifyPoint& point, VerifyReport* report) {
  naive::Replay replay(point.known_at->number());
  uint64_t records = 0;
  RETURN_IF_ERROR(Feed(log, positions, options, &replay, &records));
  RETURN_IF_ERROR(CompareRatings(stores, replay, point, /*with_history=*/false,
                                 options.sellers_with_history, report));
  RETURN_IF_ERROR(CompareSla(stores, replay, point, report));
  return CompareSmart(stores, replay, point, report);
}

}  // namespace

std::string TextOf(const VerifyPoint& point) {
  return fmt::format(
      "as of {}{}", FormatInstant(point.as_of),
      point.known_at ? fmt::format(" known at {}", FormatInstant(*point.known_at)) : std::string());
}

absl::StatusOr<VerifyReport> Verify(EventLog& log, const Stores& stores,
                                    const VerifyOptions& options) {
  VerifyReport report;
  ASSIGN_OR_RETURN(const std::vector<CellRow> positions, PositionsOf(stores));
  report.points = options.points;
  {
    naive::Replay replay;
    RETURN_IF_ERROR(Feed(log, positions, options, &replay, &report.counts.records));
    for (size_t number = 0; number < stores.size(); ++number) {
      Tell(options, "comparing rows", number, stores.size());
      RETURN_IF_ERROR(
          CompareState(Partition(static_cast<int32_t>(number)), *stores[number], replay, &report));
    }
    if (report.points.empty()) {
      report.points = DefaultPoints(replay, positions);
      ASSIGN_OR_RETURN(const std::optional<Instant> half, HalfKnown(log, positions));
      if (half && !report.points.empty()) {
        report.points.push_back({report.points[0].as_of, half});
      }
    }
    RETURN_IF_ERROR(ComparePoints(stores, replay, options, &report));
  }
  for (const VerifyPoint& point : report.points) {
    if (!point.known_at) continue;
    RETURN_IF_ERROR(CompareKnownAt(log, stores, positions, options, point, &report));
  }
  RETURN_IF_ERROR(DigestStores(stores, &report));
  return report;
}

}  // namespace flywheel
