#include "app/event_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "app/progress.h"
#include "base/status.h"
#include "events/intake.h"
#include "events/wire_scan.h"
#include "projections/facts/order_row.h"
#include "projections/facts/place_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/views/order_lookup.h"

namespace flywheel {
namespace {

// Records of one read that looks for a stamp; the first nearly always has one.
constexpr size_t kRecordsForAStamp = 8;

bool IsSameId(std::string_view left, std::string_view right) {
  return absl::EqualsIgnoreCase({left.data(), left.size()}, {right.data(), right.size()});
}

std::string SourcePlaceOf(const RecordView& record) {
  const auto* refused = std::get_if<RefusedView>(&record.body);
  return refused == nullptr ? std::string() : std::string(refused->source_place);
}

FoundEvent Found(LogPlace place, const RecordView& record, RecordedEvent each) {
  FoundEvent found;
  found.place = place;
  found.record = record.kind;
  found.index = each.index;
  found.kind = each.event.kind;
  found.event_id = std::string(each.event.event_id);
  found.seller_id = std::string(each.event.seller_id);
  found.order_id = std::string(OrderOf(each.event));
  found.market = std::string(each.event.market);
  found.source = std::string(each.event.source);
  found.source_place = SourcePlaceOf(record);
  found.occurred_at = each.event.occurred_at;
  found.recorded_at = each.fate.recorded_at ? each.fate.recorded_at : record.recorded_at;
  found.fate = std::move(each.fate);
  return found;
}

// True when one of the record's events is wanted.
bool HoldsAny(const RecordView& record, absl::FunctionRef<bool(const EventView&)> wanted) {
  if (const auto* event = std::get_if<EventView>(&record.body)) return wanted(*event);
  if (const auto* again = std::get_if<ResubmittedView>(&record.body)) return wanted(again->event);
  bool any = false;
  if (const auto* decision = std::get_if<DecisionView>(&record.body)) {
    ForEach(decision->events, [&](const EventView& event) { any |= wanted(event); });
  }
  return any;
}

// The record at a place, with what keeps its bytes.
struct ReadBack {
  std::shared_ptr<const void> owner;
  RecordView record;
};
absl::StatusOr<ReadBack> ReadAt(EventLog& log, LogPlace place) {
  ASSIGN_OR_RETURN(const RecordBatch batch, log.ReadAt(place));
  ReadBack back;
  back.owner = batch.owner;
  if (batch.records.empty() ||
      ScanRecord(batch.records[0].bytes, &back.record) != ScanResult::kOk) {
    return absl::DataLossError(fmt::format(
        "the rows name the record at {}@{}, which the log does not have or cannot be read; run "
        "flywheel log check",
        place.partition.number(), place.offset.number()));
  }
  return back;
}

// The first stamp of [from, end); nullopt where no record there has one.
struct Stamp {
  Offset offset;
  Instant recorded_at;
};
absl::StatusOr<std::optional<Stamp>> StampFrom(EventLog& log, Partition partition, Offset from,
                                               Offset end) {
  ReadLimits limits;
  limits.max_records = kRecordsForAStamp;
  for (Offset next = from; next < end;) {
    ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, next, limits));
    for (const LogRecord& each : batch.records) {
      RecordView record;
      if (each.offset >= end) break;
      if (ScanRecord(each.bytes, &record) != ScanResult::kOk || !record.recorded_at) continue;
      return std::optional(Stamp{each.offset, *record.recorded_at});
    }
    if (batch.next <= next) break;
    next = batch.next;
  }
  return std::optional<Stamp>();
}

}  // namespace

absl::Status EventSearch::CheckInterrupt() const {
  return context_.interrupt->raised() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

absl::Status EventSearch::Add(LogPlace place, const RecordView& record, IsWanted wanted) {
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> events,
                   FatesOf(view(place.partition), place.offset, record));
  for (RecordedEvent& each : events) {
    if (!wanted(each.event)) continue;
    if (found_.size() >= limit_) {
      cut_off_ = true;
      return absl::OkStatus();
    }
    found_.push_back(Found(place, record, std::move(each)));
  }
  return absl::OkStatus();
}

void EventSearch::SortByPlace() {
  std::sort(found_.begin(), found_.end(), [](const FoundEvent& left, const FoundEvent& right) {
    return std::tie(left.place, left.index) < std::tie(right.place, right.index);
  });
}

// ---------------------------------------------------------------- reading the log

absl::StatusOr<Offset> EventSearch::FirstFrom(Partition partition, Instant from) {
  ASSIGN_OR_RETURN(Offset low, folded_.log().BeginOffset(partition));
  ASSIGN_OR_RETURN(Offset high, folded_.log().EndOffset(partition));
  while (low < high) {
    const Offset middle(low.number() + (high.number() - low.number()) / 2);
    ASSIGN_OR_RETURN(const std::optional<Stamp> stamp,
                     StampFrom(folded_.log(), partition, middle, high));
    if (!stamp || stamp->recorded_at >= from) {
      high = middle;
    } else {
      low = stamp->offset.Plus(1);
    }
  }
  return low;
}

absl::Status EventSearch::ScanRecords(Partition partition, Offset begin, Offset end, Visit visit) {
  Progress progress(context_, fmt::format("searching partition {}", partition.number()));
  const auto count_to = [begin](Offset to) {
    return static_cast<uint64_t>(to.number() - begin.number());
  };
  for (Offset next = begin; next < end && !cut_off_;) {
    RETURN_IF_ERROR(CheckInterrupt());
    ASSIGN_OR_RETURN(const RecordBatch batch, folded_.log().Read(partition, next, ReadLimits()));
    for (const LogRecord& each : batch.records) {
      if (each.offset >= end || cut_off_) break;
      RecordView record;
      if (ScanRecord(each.bytes, &record) != ScanResult::kOk) continue;
      RETURN_IF_ERROR(visit(each.offset, record));
    }
    if (batch.next <= next) break;  // the log ends here now
    next = batch.next;
    progress.Show(count_to(std::min(next, end)), count_to(end));
  }
  return absl::OkStatus();
}

absl::Status EventSearch::ById(const std::string& event_id, const std::string& seller,
                               RecordedRange range) {
  const auto wanted = [&](const EventView& event) {
    return IsSameId(event.event_id, event_id) && (seller.empty() || event.seller_id == seller);
  };
  const int32_t partitions = folded_.log().partitions();
  for (int32_t number = 0; number < partitions && !cut_off_; ++number) {
    const Partition partition(number);
    if (!seller.empty() && partition != PartitionOf(seller, partitions)) continue;
    ASSIGN_OR_RETURN(const Offset begin, FirstFrom(partition, range.from));
    ASSIGN_OR_RETURN(const Offset end, FirstFrom(partition, range.to.Plus(1)));
    RETURN_IF_ERROR(
        ScanRecords(partition, begin, end, [&](Offset offset, const RecordView& record) {
          return HoldsAny(record, wanted) ? Add({partition, offset}, record, wanted)
                                          : absl::OkStatus();
        }));
  }
  SortByPlace();
  return absl::OkStatus();
}

// ---------------------------------------------------------------- asking the rows

absl::StatusOr<std::vector<std::string>> EventSearch::SellersOf(Partition partition,
                                                                const std::string& order_id) const {
  Progress progress(context_,
                    fmt::format("looking at sellers of partition {}", partition.number()));
  return SellersWithOrder(*view(partition).rows, order_id, [&](uint64_t sellers) {
    progress.Show(sellers, 0);
    return CheckInterrupt();
  });
}

absl::StatusOr<std::optional<EventSearch::OrderRecords>> EventSearch::RecordsOf(
    Partition partition, const std::string& seller, const std::string& order_id) const {
  const RowReader& rows = *view(partition).rows;
  std::string value;
  ASSIGN_OR_RETURN(const bool found, rows.Get(row_keys::Order(seller, order_id), &value));
  if (!found) return std::optional<OrderRecords>();
  ASSIGN_OR_RETURN(const OrderRow order, OrderRow::Decode(value));
  OrderRecords records;
  records.version = order.version();
  if (order.known()) {
    order.ForEachFact([&](const Fact& fact) {
      records.offsets.insert(fact.place.offset);
      return true;
    });
  } else {
    for (const WaitingFact& waiting : order.Waiting()) {
      records.offsets.insert(waiting.fact.place.offset);
    }
  }
  std::string refused = row_keys::RefusedIdentity(seller, order_id, ContentHash());
  refused.resize(refused.size() - ContentHash().size());
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(rows, refused, [&](std::string_view, std::string_view bytes) {
    const absl::StatusOr<PlaceRow> place = PlaceRow::Decode(bytes);
    status.Update(place.status());
    if (place.ok()) records.offsets.insert(place->offset);
    return place.ok() && records.offsets.size() <= limit_;
  }));
  RETURN_IF_ERROR(status);
  return std::optional(std::move(records));
}

// Adds the offsets of all records that name the order, from the log.
absl::Status EventSearch::AddNamed(Partition partition, const std::string& seller,
                                   const std::string& order_id, std::set<Offset>& offsets) {
  ASSIGN_OR_RETURN(const Offset begin, folded_.log().BeginOffset(partition));
  ASSIGN_OR_RETURN(const Offset end, folded_.log().EndOffset(partition));
  const auto names = [&](const EventView& event) {
    return event.seller_id == seller && OrderOf(event) == order_id;
  };
  return ScanRecords(partition, begin, end, [&](Offset offset, const RecordView& record) {
    if (offsets.size() <= limit_ && HoldsAny(record, names)) offsets.insert(offset);
    return absl::OkStatus();
  });
}

absl::Status EventSearch::AddOrder(Partition partition, const std::string& seller,
                                   const std::string& order_id, bool thorough) {
  ASSIGN_OR_RETURN(std::optional<OrderRecords> records, RecordsOf(partition, seller, order_id));
  if (!records) return absl::OkStatus();
  std::set<Offset> to_read = records->offsets;
  if (thorough) RETURN_IF_ERROR(AddNamed(partition, seller, order_id, to_read));
  std::set<Offset> read;
  uint64_t naming = 0;
  while (!to_read.empty() && !cut_off_) {
    RETURN_IF_ERROR(CheckInterrupt());
    const Offset offset = to_read.extract(to_read.begin()).value();
    read.insert(offset);
    ASSIGN_OR_RETURN(const ReadBack back, ReadAt(folded_.log(), {partition, offset}));
    // A resubmission leads to the entry that it names, which may be one itself.
    if (const auto* resubmitted = std::get_if<ResubmittedView>(&back.record.body)) {
      const Offset entry(resubmitted->entry_offset);
      if (!read.contains(entry)) to_read.insert(entry);
    }
    bool names = false;
    RETURN_IF_ERROR(Add({partition, offset}, back.record, [&](const EventView& event) {
      names |= event.seller_id == seller && OrderOf(event) == order_id;
      return true;
    }));
    naming += names ? 1 : 0;
  }
  left_out_ += records->version > naming ? records->version - naming : 0;
  return absl::OkStatus();
}

absl::Status EventSearch::ByOrder(const std::string& order_id, const std::string& seller,
                                  bool thorough) {
  const int32_t partitions = folded_.log().partitions();
  for (int32_t number = 0; number < partitions && !cut_off_; ++number) {
    const Partition partition(number);
    std::vector<std::string> sellers = {seller};
    if (seller.empty()) {
      ASSIGN_OR_RETURN(sellers, SellersOf(partition, order_id));
    } else if (partition != PartitionOf(seller, partitions)) {
      continue;
    }
    for (const std::string& each : sellers) {
      if (cut_off_) break;
      RETURN_IF_ERROR(AddOrder(partition, each, order_id, thorough));
    }
  }
  SortByPlace();
  return absl::OkStatus();
}

absl::Status EventSearch::BySourcePlace(const std::string& source_place,
                                        const std::string& source) {
  for (int32_t number = 0; number < folded_.log().partitions() && !cut_off_; ++number) {
    RETURN_IF_ERROR(CheckInterrupt());
    const Partition partition(number);
    std::vector<Offset> offsets;
    absl::Status status;
    RETURN_IF_ERROR(ScanPrefix(*view(partition).rows, row_keys::Prefix(RowType::kQuarantine),
                               [&](std::string_view key, std::string_view bytes) {
                                 const absl::StatusOr<QuarantineRow> row =
                                     QuarantineRow::Decode(bytes);
                                 status.Update(row.status());
                                 if (!row.ok()) return false;
                                 const bool is_wanted = row->source_place == source_place &&
                                                        (source.empty() || row->source == source);
                                 if (is_wanted) offsets.push_back(row_keys::ParseQuarantine(key));
                                 return offsets.size() <= limit_;
                               }));
    RETURN_IF_ERROR(status);
    for (const Offset offset : offsets) {
      ASSIGN_OR_RETURN(const ReadBack back, ReadAt(folded_.log(), {partition, offset}));
      RETURN_IF_ERROR(Add({partition, offset}, back.record, [](const EventView&) { return true; }));
    }
  }
  return absl::OkStatus();
}

}  // namespace flywheel
