// An engine under mixed traffic, and what befalls it.
#ifndef FLYWHEEL_TESTS_ENDURANCE_WORLD_H_
#define FLYWHEEL_TESTS_ENDURANCE_WORLD_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "endurance/answers.h"
#include "endurance/damage.h"
#include "endurance/event_pool.h"
#include "endurance/faults_page.h"
#include "endurance/findings.h"
#include "endurance/judge.h"
#include "endurance/operator.h"
#include "endurance/outside_list.h"
#include "endurance/serving_node.h"
#include "endurance/small_disk.h"
#include "endurance/traffic.h"
#include "kafka/broker.h"

namespace flywheel {

enum class Fault : uint8_t {
  kKill,          // a server gets SIGKILL
  kPause,         // SIGSTOP, and SIGCONT after a while
  kFullDisk,      // no file takes a byte for a while
  kBrokenRows,    // bits flipped in a file of the rows, or it is cut or removed
  kFlippedLog,    // a bit flipped in the log; it is put back
  kClock,         // the wall clock jumps
  kKilledBroker,  // SIGKILL of the broker
  kPausedBroker,  // SIGSTOP of the broker
};
inline constexpr size_t kFaults = 8;
inline constexpr size_t kFaultsOfEmbedded = 6;
const char* NameOf(Fault fault);
// Throws std::runtime_error where there is none.
Fault FaultNamed(std::string_view name);

struct WorldOptions {
  bool kafka = false;
  uint64_t seed = 1;
  int rounds = 1;  // events are made for so many
  // Pauses beyond the sessions' length, more events; for runs that take their time.
  bool patient = false;
};

// Operation: an engine on a log of its own: on the embedded one a server, on Kafka a broker and two
// nodes. In a round clients publish and ask (Traffic), an operator acts (Operator), the given
// faults befall the engine one after the other; then all is healed, the servers are stopped, and
// the judge looks. What is wrong is added to the findings.
//
// Concurrency: one thread, which must be the first of the process where file systems are to be
// mounted. Errors: throws std::runtime_error where something hangs or the machine does not do what
// is asked of it.
class World {
 public:
  World(const WorldOptions& options, const std::string& folder, Findings* findings);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void Round(const std::vector<Fault>& faults);

  Acknowledged acknowledged() const { return list_.All(); }
  const Answers& answers() const { return answers_; }
  // For a person: how the disk is filled.
  const char* disk() const { return disk_ ? "a small file system" : "the preloaded library"; }

 private:
  using Millis = std::chrono::milliseconds;

  struct Node {
    std::unique_ptr<ServingNode> server;
    bool rows_broken = false;
  };

  void MakeNodes(const std::string& folder);
  std::string MakeTopics(const std::string& folder);
  Millis Delay(double from_millis, double to_millis);
  void PumpFor(Millis time);
  void Fail(Finding kind, std::string sentence);

  void StartNode(Node& node);
  void MakeReady(Node& node);
  void Rebuild(Node& node);
  void Heal();
  void WaitForInbox();
  void StopNodes();
  void Look();

  void Befall(Fault fault, Operator& acting);
  void KillNode(Node& node);
  void PauseNode(const Node& node);
  void FillDisk();
  void BreakRowsOf(Node& node, Operator& acting);
  void FlipEmbeddedLog(Operator& acting);
  void FlipKafkaLog(Operator& acting);
  void MoveClock();
  void PublishUnder(int64_t clock_ahead_millis);
  void CheckRefused(const FlippedBit& flip, const std::vector<std::string>& command);
  Node& AnyNode() { return nodes_[random_() % nodes_.size()]; }

  const WorldOptions options_;
  Findings& findings_;
  std::mt19937_64 random_;
  EventPool pool_;
  std::unique_ptr<SmallDisk> disk_;
  OutsideList list_;
  Answers answers_;
  std::unique_ptr<KafkaBroker> broker_;
  std::string log_name_;
  FaultsPage* page_ = nullptr;
  std::string page_path_;
  std::string operator_folder_;
  std::vector<Node> nodes_;
  int64_t round_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_WORLD_H_
