// A simulated history of the engine: doors, log, cells, tickers and everything that goes wrong with
// them, in one thread and from one seed.
#ifndef FLYWHEEL_TESTS_SIM_SIMULATION_H_
#define FLYWHEEL_TESTS_SIM_SIMULATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "events/memory/memory_refused_store.h"
#include "events/publisher.h"
#include "sim/faulty_log.h"
#include "sim/node.h"
#include "sim/rows_home.h"
#include "sim/sim_counts.h"
#include "sim/story.h"

namespace flywheel {

// Operation: two nodes publish, follow and let time pass on the same partitions while the history's
// story is told; each step is chosen by the dice. In the end all faults are healed, and it must
// hold that
// - what was acknowledged is in the log as it was acknowledged, and what the inbox delivered is
//   there, or refused with its bytes kept or their absence said;
// - the rows of both nodes have the digest of rows folded from offset 0;
// - an answer that was given as of what was known then is given again;
// - what queries saw of a partition on a node never became older.
//
// Concurrency: one thread.
class Simulation {
 public:
  // With rows and checkpoints in real files, or in memory, where every call to the store may fail.
  Simulation(uint64_t seed, bool on_files, SimCounts* counts);

  // Empty: all of it holds; else what does not.
  std::string Run();

 private:
  // What an answer was, and what it was asked by.
  struct Remembered {
    std::string seller;
    Instant as_of;
    Instant known_at;
    std::string text;
  };
  struct Publication {
    std::string record;
    Partition next;  // the first that does not have it
    bool under_way = false;
  };

  void SetFaults();
  void Step();
  void Trouble();
  void TroubleWithFiles();
  void TellNext();
  void MoveClock();

  // ---- doors
  void Offer(std::vector<std::string> events);
  void TakeOutcomes(const Node& node, int life, const std::vector<std::string>& events,
                    const std::vector<PublishOutcome>& outcomes);
  void Deliver(Node& node);
  void Continue(Publication& publication);
  void ActAsOperator(const StoryItem& item);
  void AppendAcknowledged(Partition partition, const std::string& record);

  // ---- what must hold
  void Remember(const Node& node);
  void Heal();
  void CheckAcknowledged();
  void CheckInbox();
  void CheckRows();
  void CheckTwin();
  void Demand(bool holds, const std::string& what);

  Node& AnyNode() { return *nodes_[dice_.Below(nodes_.size())]; }
  Partition AnyPartition() {
    return Partition(static_cast<int32_t>(dice_.Below(static_cast<uint64_t>(story_.partitions))));
  }

  Dice dice_;
  SimCounts* counts_;
  const bool on_files_;
  Story story_;
  size_t told_ = 0;
  SimClock clock_;
  FaultyLog log_;
  MemoryRefusedStore refused_;
  std::unique_ptr<RowsWorld> rows_;
  std::vector<std::unique_ptr<Node>> nodes_;

  std::vector<std::string> again_;         // events whose publishers heard of no success
  std::vector<std::string> inbox_;         // messages in the inbox, by offset
  size_t committed_ = 0;                   // of the inbox
  std::vector<Publication> publications_;  // of policies
  // By place: the events without stamps, and the whole records.
  std::map<LogPlace, std::string> acknowledged_events_;
  std::map<LogPlace, std::string> acknowledged_records_;
  std::vector<Remembered> remembered_;
  std::string trouble_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_SIMULATION_H_
