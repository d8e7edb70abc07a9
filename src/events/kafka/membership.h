// A node's place in the group of nodes: which partitions of the log are its own.
//
// Ownership saves work and decides who answers; nothing that is correct depends on it (ARCHITECTURE
// invariant 4). Two nodes that both believe they own a partition fold the same records to the same
// rows.
#ifndef FLYWHEEL_EVENTS_KAFKA_MEMBERSHIP_H_
#define FLYWHEEL_EVENTS_KAFKA_MEMBERSHIP_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/deadline.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/node_group.h"
#include "events/kafka/owner_watch.h"
#include "events/kafka/settings.h"

namespace flywheel {

struct MembershipOptions {
  // Tells this node from the others, and makes it the same one after a restart: CheckNodeId.
  std::string node_id;
  // Where others find its HTTP door, e.g. "http://10.0.0.5:8080": 1 to 200 printable characters
  // without spaces.
  std::string address;
  // How long the brokers wait for a sign of life before a node's partitions go to the others.
  // Shorter: a dead node is replaced sooner; longer: a restart or a pause goes unnoticed. The
  // brokers take 6 s to 30 min unless they are told otherwise.
  absl::Duration session_timeout = absl::Seconds(10);
  // How long the owner may be silent (Beat) before the node gives its partitions up. From 1 s.
  absl::Duration beat_timeout = absl::Seconds(10);
  // What librdkafka has to say to an operator. May be empty.
  KafkaLogSink log;
};

// What is this node's, at one moment.
struct Assignment {
  enum class State : uint8_t {
    kJoining,      // not in the group yet, or again; `trouble` says what is in the way
    kAssigned,     // `partitions` are its own
    kRebalancing,  // the group is being divided anew: nothing is its own for a moment
    kLost,         // the group went on without it (it stood still, or the brokers were away), or
                   // takes another process for it: if that is gone soon, it joins again
    kStuck,        // the owner was silent for too long, so it left; it joins again on a Beat
    kFenced,       // another process is in the group with the same id: for good
    kClosed,
  };
  uint64_t epoch = 0;  // rises with every change
  State state = State::kJoining;
  std::vector<Partition> partitions;  // rising; empty unless kAssigned
  absl::Status trouble;               // OK where nothing is in the way

  bool Owns(Partition partition) const;
};

std::string_view NameOf(Assignment::State state);

// Whether a node that closes comes back soon.
enum class Departure : uint8_t {
  kComesBack,  // its partitions wait for it until the session times out, and nobody else moves
  kForGood,    // its partitions go to the others at once
};

// Operation: a thread of its own takes part in the group <name>.nodes, as a static member that
// fetches nothing, and notes what is assigned. The owner looks at Current, or waits for changes,
// and folds what is its own. On every change of the group all partitions are taken from all nodes
// for a moment (kRebalancing) and then given out anew, most of them to where they were: an owner
// keeps its cells open meanwhile.
//
// The owner must call Beat or WaitForChange at least every beat_timeout: a node whose owner hangs
// leaves the group, although the threads of librdkafka would keep it in.
//
// Concurrency: all methods from any thread; Close once.
//
// Errors of Join: InvalidArgument (options, settings). That brokers are away, the topic is missing
// or the group is refused is no error of Join: Current().trouble says so, and the thread goes on
// trying.
//
// Limits: Close takes at most kCloseTimeout and a second, for good 3 s more; the destructor
// OwnerWatch's besides.
class KafkaMembership {
 public:
  static constexpr absl::Duration kCloseTimeout = absl::Seconds(5);
  // How often the positions that were noted are committed.
  static constexpr absl::Duration kCommitInterval = absl::Seconds(1);

  static absl::StatusOr<std::unique_ptr<KafkaMembership>> Join(const KafkaAddress& address,
                                                               const KafkaSettings& settings,
                                                               MembershipOptions options);
  // Close(kComesBack), where it has not been closed.
  ~KafkaMembership();
  KafkaMembership(const KafkaMembership&) = delete;
  KafkaMembership& operator=(const KafkaMembership&) = delete;

  const std::string& node_id() const { return options_.node_id; }

  std::shared_ptr<const Assignment> Current() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the epoch is another than `seen`, for at most that long. The owner counts as alive
  // while it waits, and beats when it comes back.
  std::shared_ptr<const Assignment> WaitForChange(uint64_t seen, absl::Duration at_most)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The owner is alive.
  void Beat() ABSL_LOCKS_EXCLUDED(mutex_);

  // Who owns what, of all nodes. Never waits; never nullptr.
  std::shared_ptr<const NodeOwners> Owners() const { return owners_->Owners(); }

  // Notes how far a partition is folded (the offset of the first record that is not), for tools
  // that show a group's lag. Committed now and then while the partition is this node's; nothing is
  // ever read back.
  void NotePosition(Partition partition, Offset next) ABSL_LOCKS_EXCLUDED(mutex_);

  void Close(Departure departure) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  // Fenced, and whether another process lives is not known yet.
  struct Doubt {
    absl::Status fencing;  // what is to be said where one does
    Deadline shows;
    bool asked = false;  // the group, after that
  };

  KafkaMembership(const KafkaAddress& address, const KafkaSettings& settings,
                  MembershipOptions options);

  absl::Status Connect();

  // The thread, and what it calls.
  void Run();
  void Turn();
  void Rejoin();
  void OnFenced(absl::Status fencing);
  void LookForAnother();
  void OnRebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* partitions);
  void NoteError(rd_kafka_resp_err_t code, std::string_view text);
  void NoteTrouble();
  void NoteTrouble(absl::Status trouble);
  absl::Status Fencing() const;
  bool OwnerIsSilent() ABSL_LOCKS_EXCLUDED(mutex_);
  rd_kafka_topic_partition_list_t* TakeNoted() ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit() ABSL_LOCKS_EXCLUDED(mutex_);
  void CommitAndWait() ABSL_LOCKS_EXCLUDED(mutex_);
  void LeaveGroup();
  void Part(Departure departure);
  void WaitToStop(absl::Duration at_most) ABSL_LOCKS_EXCLUDED(mutex_);
  void Publish(Assignment::State state, std::vector<Partition> partitions, absl::Status trouble)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const KafkaAddress address_;
  const KafkaSettings settings_;
  const MembershipOptions options_;
  const std::string group_;
  const std::string topic_;
  std::unique_ptr<OwnerWatch> owners_;

  // Of the thread alone, once it runs. No client: it takes no part in the group.
  std::unique_ptr<KafkaClient> client_;
  bool fenced_ = false;
  std::optional<Doubt> doubt_;
  Clock::time_point last_turn_;
  Clock::time_point last_commit_;
  std::map<Partition, Offset> committed_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<const Assignment> current_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point last_beat_ ABSL_GUARDED_BY(mutex_);
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Partition, Offset> noted_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Departure departure_ ABSL_GUARDED_BY(mutex_) = Departure::kComesBack;
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_MEMBERSHIP_H_
