#include "sim/story.h"

#include <rapidcheck.h>

#include <utility>

#include "flywheel/log/v1/record.pb.h"
#include "property/history.h"
#include "property/narration.h"

namespace flywheel {
namespace {

std::string WithoutStamp(events::v1::Event event) {
  event.clear_recorded_at();
  return event.SerializeAsString();
}

// Who does what stands in the record. Copies of a policy are told by that of partition 0 alone.
void AddItem(const NarratedRecord& told, Instant at, std::vector<StoryItem>* items) {
  using Kind = StoryItem::Kind;
  log::v1::Record record;
  const bool parsed = record.ParseFromString(told.bytes);
  if (parsed && record.event().has_policy_published()) {
    if (told.partition == Partition(0)) {
      items->push_back({Kind::kPolicy, at, told.partition, told.bytes});
    }
  } else if (parsed && record.has_event() && !record.event().has_time_passed() &&
             !record.event().has_buyer_erased()) {
    items->push_back({Kind::kEvent, at, told.partition, WithoutStamp(record.event())});
  } else if (parsed && record.has_resubmitted()) {
    items->push_back(
        {Kind::kResubmit, at, told.partition, WithoutStamp(record.resubmitted().event())});
  } else if (parsed && record.has_discarded()) {
    items->push_back({Kind::kDiscard, at, told.partition, ""});
  } else {
    items->push_back({Kind::kRecord, at, told.partition, told.bytes});
  }
}

}  // namespace

Story TellStory(uint64_t seed, int steps) {
  const History history = AnyHistory()(rc::Random(seed), steps).value();
  const Narration narration = Narrate(history);
  Story story;
  story.partitions = narration.log->partitions();
  story.gaps = history.gaps;
  story.instants = narration.instants;
  if (!narration.recorded.empty()) story.begin = narration.recorded.front();
  for (size_t i = 0; i < narration.records.size(); ++i) {
    AddItem(narration.records[i], narration.recorded[i], &story.items);
  }
  return story;
}

}  // namespace flywheel
