// What a simulated history is about: what publishers, strangers and operators do, in that order.
#ifndef FLYWHEEL_TESTS_SIM_STORY_H_
#define FLYWHEEL_TESTS_SIM_STORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/strong.h"

namespace flywheel {

struct StoryItem {
  enum class Kind : uint8_t {
    kEvent,     // a publisher's; `bytes`: a flywheel.events.v1.Event without a stamp
    kRecord,    // another writer's; `bytes`: a record of the log, or none at all
    kPolicy,    // an administrator's; `bytes`: the record, for every partition
    kResubmit,  // an operator's, of some entry of the quarantine; `bytes`: an event
    kDiscard,   // the same without bytes
  };
  Kind kind = Kind::kEvent;
  Instant at;
  Partition partition;  // of kRecord
  std::string bytes;
};

struct Story {
  int32_t partitions = 1;
  bool gaps = false;
  Instant begin;
  std::vector<StoryItem> items;
  std::vector<Instant> instants;  // at which something happens
};

// The history of the property tests for this seed, of up to so many steps besides its prologue.
Story TellStory(uint64_t seed, int steps);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_STORY_H_
