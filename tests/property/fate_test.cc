// What events find tells of each record adds up to what the fold has counted.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "events/wire_scan.h"
#include "projections/views/event_fate.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/narration.h"

namespace flywheel {
namespace {

using State = EventFate::State;

// What was told of the records of a partition, in the fold's words. A decision whose events are all
// duplicates may have been taken (it changed nothing) or known already; of several decisions with
// one id it is not always told right which was stale.
struct Told {
  uint64_t accepted = 0;
  uint64_t waiting = 0;
  std::map<RefusalCode, uint64_t> refused;
  uint64_t stale = 0;
  uint64_t control = 0;
  uint64_t same_acts = 0;  // duplicates and repeats
  uint64_t empty_decisions = 0;
  std::map<std::string, uint64_t> decision_ids;
  uint64_t records = 0;
};

void CountEvent(const RecordedEvent& each, Told& told) {
  switch (each.fate.state) {
    case State::kAccepted:
      ++(IsMadeByFlywheelAlone(each.event.kind) ? told.control : told.accepted);
      break;
    case State::kDuplicate:
    case State::kRepeat:
      ++told.same_acts;
      break;
    case State::kWaiting:
      ++told.waiting;
      break;
    case State::kRefused:
    case State::kResubmitted:
    case State::kDiscarded:
      ++told.refused[each.fate.code];
      break;
    case State::kStale:
      ++told.stale;
      break;
    case State::kNoEffect:
      ++told.control;
      break;
    case State::kNotFolded:
      break;
  }
}

void CountDecision(const std::vector<RecordedEvent>& events, Told& told) {
  bool accepted = false;
  for (const RecordedEvent& each : events) accepted |= each.fate.state == State::kAccepted;
  if (accepted) {
    ++told.accepted;
  } else if (!events.empty() && events[0].fate.state != State::kDuplicate) {
    CountEvent(events[0], told);
  } else {
    ++told.empty_decisions;
  }
}

// A record's bytes, by offset.
using Records = std::map<Offset, std::string>;

Records RecordsOf(EventLog& log, Partition partition) {
  Records records;
  Offset next = *log.BeginOffset(partition);
  while (next < *log.EndOffset(partition)) {
    const RecordBatch batch = *log.Read(partition, next, ReadLimits());
    for (const LogRecord& record : batch.records) records[record.offset] = record.bytes;
    next = batch.next;
  }
  return records;
}

// What is wrong with what was told of one event; empty: nothing.
std::string Contradiction(const CellView& view, const Records& records, Offset offset,
                          RecordKind kind, const RecordedEvent& each) {
  const EventFate& fate = each.fate;
  const std::string name = fmt::format("{}#{} {}", offset.number(), each.index, NameOf(fate.state));
  if (fate.state == State::kNotFolded) return name + ": all is folded";
  if (fate.state == State::kNoEffect && kind != RecordKind::kResubmitted) {
    return name + ": only a resubmission can be without effect";
  }
  const bool is_of_another = fate.state == State::kDuplicate || fate.state == State::kRepeat;
  const bool may_not_know = fate.state == State::kDuplicate && kind == RecordKind::kDecision;
  if (fate.of.has_value() != is_of_another && !may_not_know) {
    return name + ": `of` belongs to duplicates and repeats";
  }
  if (fate.state != State::kDuplicate || !fate.of) return "";
  if (*fate.of > offset || (*fate.of == offset && each.index == 0)) {
    return fmt::format("{} of the later {}", name, fate.of->number());
  }
  RecordView original;
  if (!records.contains(*fate.of)) return name + ": of no record";
  if (ScanRecord(records.at(*fate.of), &original) != ScanResult::kOk) return name + ": unreadable";
  const std::vector<RecordedEvent> others = *FatesOf(view, *fate.of, original);
  for (const RecordedEvent& other : others) {
    const bool is_same_thing = other.event.kind == each.event.kind &&
                               other.event.seller_id == each.event.seller_id &&
                               OrderOf(other.event) == OrderOf(each.event);
    if (is_same_thing && other.fate.state == State::kAccepted) return "";
  }
  return fmt::format("{} of {}, which was not accepted", name, fate.of->number());
}

std::string Compare(const Told& told, const RecordCounts& counts) {
  std::string wrong;
  const auto check = [&wrong](const char* what, uint64_t least, uint64_t most, uint64_t counted) {
    if (counted >= least && counted <= most) return;
    wrong += fmt::format("{}: told {} to {}, counted {}\n", what, least, most, counted);
  };
  const uint64_t unsure = told.empty_decisions;
  check("records", told.records, told.records, counts.records);
  check("accepted", told.accepted, told.accepted + unsure, counts.accepted);
  const uint64_t same_acts = counts.duplicates + counts.repeats;
  check("same acts and stale", told.same_acts + told.stale, told.same_acts + told.stale + unsure,
        same_acts + counts.stale);
  uint64_t of_same_ids = 0;
  for (const auto& [id, number] : told.decision_ids) of_same_ids += number > 1 ? number : 0;
  if (of_same_ids == 0) check("stale", told.stale, told.stale, counts.stale);
  check("waiting", told.waiting, told.waiting, counts.waiting);
  check("control", told.control, told.control, counts.control);
  for (size_t code = 0; code < counts.refused.size(); ++code) {
    const auto found = told.refused.find(static_cast<RefusalCode>(code));
    const uint64_t refused = found == told.refused.end() ? 0 : found->second;
    check(std::string(NameOf(static_cast<RefusalCode>(code))).c_str(), refused, refused,
          counts.refused[code]);
  }
  return wrong;
}

std::string ContradictionIn(EventLog& log, Partition partition, const Cell& cell) {
  const CellView view{cell.position(), cell.shared_store(), nullptr};
  const Records records = RecordsOf(log, partition);
  Told told;
  for (const auto& [offset, bytes] : records) {
    ++told.records;
    RecordView record;
    const bool readable =
        ScanRecord(bytes, &record) == ScanResult::kOk && record.kind != RecordKind::kNone;
    if (!readable) {
      ++told.refused[RefusalCode::kUndecodable];
      continue;
    }
    const std::vector<RecordedEvent> events = *FatesOf(view, offset, record);
    for (const RecordedEvent& each : events) {
      std::string wrong = Contradiction(view, records, offset, record.kind, each);
      if (!wrong.empty()) return wrong;
    }
    if (record.kind == RecordKind::kDecision) {
      ++told.decision_ids[std::string(std::get<DecisionView>(record.body).decision_id)];
      CountDecision(events, told);
    } else if (record.kind == RecordKind::kDiscarded) {
      ++told.control;
    } else {
      for (const RecordedEvent& each : events) CountEvent(each, told);
    }
  }
  return Compare(told, cell.position().counts);
}

TEST_CASE("what is told of each record adds up to what the fold has counted") {
  CheckForHistories("fates", [](const History& history) {
    const std::unique_ptr<MemoryLog> log = Narrate(history).log;
    std::mt19937_64 random(history.seed);
    const FoldedLog folded = FoldLog(log.get(), random);
    for (int32_t number = 0; number < log->partitions(); ++number) {
      const Partition partition(number);
      std::string wrong =
          ContradictionIn(*log, partition, *folded.cells[static_cast<size_t>(number)]);
      if (!wrong.empty()) return fmt::format("partition {}: {}", number, wrong);
    }
    return std::string();
  });
}

}  // namespace
}  // namespace flywheel
