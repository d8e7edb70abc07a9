// What must hold at the end of a simulated history.
#include <set>
#include <string>
#include <variant>

#include "events/inbox_message.h"
#include "events/refused_record.h"
#include "flywheel/log/v1/record.pb.h"
#include "property/folding.h"
#include "property/narration.h"
#include "property/twin.h"
#include "sim/answers.h"
#include "sim/simulation.h"

namespace flywheel {
namespace {

std::string WithoutStamp(std::string_view event_bytes) {
  events::v1::Event event;
  if (!event.ParseFromArray(event_bytes.data(), static_cast<int>(event_bytes.size()))) return "";
  event.clear_recorded_at();
  return event.SerializeAsString();
}

// Every record of a partition, in order.
template <class Visit>
void ForEachRecord(MemoryLog& log, Partition partition, Visit visit) {
  Offset next = log.BeginOffset(partition).value();
  log.ShortenReads(0);
  for (const Offset end = log.EndOffset(partition).value(); next < end;) {
    const RecordBatch batch = log.Read(partition, next, ReadLimits()).value();
    for (const LogRecord& record : batch.records) visit(record);
    next = batch.next;
  }
}

std::string Text(LogPlace place) {
  return std::to_string(place.partition.number()) + "@" + std::to_string(place.offset.number());
}

}  // namespace

void Simulation::CheckAcknowledged() {
  const auto record_at = [this](LogPlace place) {
    const RecordBatch batch = log_.plain().ReadAt(place).value();
    return batch.records.empty() ? std::string() : std::string(batch.records[0].bytes);
  };
  for (const auto& [place, event] : acknowledged_events_) {
    log::v1::Record record;
    Demand(record.ParseFromString(record_at(place)) && record.has_event(),
           "what was acknowledged at " + Text(place) + " is there");
    Demand(record.event().has_recorded_at(), "what was acknowledged has a stamp");
    record.mutable_event()->clear_recorded_at();
    Demand(record.event().SerializeAsString() == WithoutStamp(event),
           "the event at " + Text(place) + " is as it was acknowledged");
  }
  for (const auto& [place, bytes] : acknowledged_records_) {
    Demand(record_at(place) == bytes,
           "the record at " + Text(place) + " is as it was acknowledged");
  }
}

void Simulation::CheckInbox() {
  std::set<std::string> events;
  std::map<std::string, bool> refusals;  // by place: whether bytes are said to be kept
  for (int32_t number = 0; number < story_.partitions; ++number) {
    ForEachRecord(log_.plain(), Partition(number), [&](const LogRecord& each) {
      ++counts_->records;
      log::v1::Record record;
      if (!record.ParseFromArray(each.bytes.data(), static_cast<int>(each.bytes.size()))) return;
      if (record.event().has_time_passed()) ++counts_->ticks;
      if (record.has_event()) {
        events.insert(WithoutStamp(record.event().SerializeAsString()));
      } else if (record.refused().source() == kSimInbox) {
        const bool kept = record.refused().sentence().find("bytes not kept") == std::string::npos;
        refusals[record.refused().source_place()] |= kept;
      }
    });
  }
  const auto kept = refused_.all();
  for (size_t i = 0; i < committed_; ++i) {
    const std::string place = PlaceInTopic(0, static_cast<int64_t>(i));
    const auto refusal = refusals.find(place);
    if (refusal == refusals.end()) {
      Demand(events.contains(WithoutStamp(inbox_[i])), "message " + place + " is in the log");
    } else if (refusal->second) {
      const auto bytes = kept.find({kSimInbox, place});
      Demand(bytes != kept.end() && bytes->second == inbox_[i],
             "the bytes of message " + place + " are kept");
    }
  }
}

void Simulation::CheckRows() {
  const FoldedLog rebuilt = FoldLog(&log_.plain(), dice_.random());
  const std::vector<std::string> expected = rebuilt.digests();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (int32_t number = 0; number < story_.partitions; ++number) {
      const std::shared_ptr<const CellView> view = nodes_[i]->Serving(Partition(number));
      Demand(view != nullptr, "a partition is at hand in the end");
      if (view == nullptr) continue;
      const absl::StatusOr<RowsDigest> digest = DigestRows(*view->rows);
      Demand(digest.ok() && digest->hex == expected[static_cast<size_t>(number)],
             "rows of partition " + std::to_string(number) + " on node " + std::to_string(i) +
                 " are those of a fold from offset 0");
    }
    for (const Remembered& asked : remembered_) {
      ++counts_->answers;
      const absl::StatusOr<std::string> text =
          AnswersOf(nodes_[i]->Views(), asked.seller, asked.as_of, asked.known_at);
      Demand(text.ok() && *text == asked.text, "an answer is given again\n  before " + asked.text +
                                                   "\n  now    " +
                                                   text.value_or(text.status().ToString()));
    }
  }
}

// What became of the records is what the naive implementation says.
void Simulation::CheckTwin() {
  naive::Replay replay;
  const CellViews views = nodes_[0]->Views();
  std::vector<const RowReader*> rows;
  for (int32_t number = 0; number < story_.partitions; ++number) {
    ForEachRecord(log_.plain(), Partition(number), [&](const LogRecord& record) {
      replay.Add(number, record.offset.number(), record.bytes);
    });
    rows.push_back(views[static_cast<size_t>(number)]->rows.get());
  }
  trouble_ += StateDifferences(rows, replay);
}

}  // namespace flywheel
