// A real Apache Kafka broker for tests.
#ifndef FLYWHEEL_TESTS_KAFKA_BROKER_H_
#define FLYWHEEL_TESTS_KAFKA_BROKER_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/child_process.h"
#include "kafka/free_ports.h"

namespace flywheel {

// Operation: one to three broker processes of Apache Kafka as scripts/kafka_node.sh starts them, on
// loopback ports and in a folder of their own. The constructor returns when every one answers. A
// broker that is stopped or killed keeps its ports and its folder until Start. Topics are not made
// by use. The destructor kills the processes and removes the folder; where the tests crash, the
// kernel kills them, and the next test removes the folder.
//
// Concurrency: one thread at a time. Errors: throws std::runtime_error with the broker's last
// words, or with what to run where Kafka's jars are missing. Limits: nothing waits longer than
// kPatience.
class KafkaBroker {
 public:
  struct Options {
    // 1 or 3. Three keep three copies of a topic by default, and acknowledge once two have it.
    int brokers = 1;
    // TLS and SASL (SCRAM-SHA-512 and PLAIN) for clients, and an authorizer; the users are kAdmin,
    // who may do everything, and kStranger, who may do nothing until an ACL says so. For one
    // broker.
    bool secure = false;
    // Lines of server.properties, e.g. "message.max.bytes=1000"; they win over the fixture's own.
    std::vector<std::string> properties = {};
    // The data lies in memory; on a disk only what measures one or needs its room.
    bool on_disk = false;
    // The room for the data in MiB, 0: no limit. Needs the privilege to mount (CanLimitRoom), and
    // that all calls come from the thread that made the object.
    int room_mib = 0;
    // The most heap that a broker's JVM takes.
    std::string heap = "256m";
  };

  // What takes longer than this hangs, however loaded the machine is.
  static constexpr std::chrono::seconds kPatience{120};
  static constexpr std::string_view kAdmin = "admin";
  static constexpr std::string_view kStranger = "stranger";

  KafkaBroker() : KafkaBroker(Options()) {}
  explicit KafkaBroker(Options options);
  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  // What clients connect to: "127.0.0.1:PORT", with commas where there are more.
  std::string address() const;
  // The same of one broker; brokers count from 0 here, their ids (node.id) from 1.
  std::string address(int broker) const;
  // Of a secure broker: an address where a client needs no name and may do everything.
  std::string open_address() const;
  // The settings by which librdkafka connects to address() as that user, "bootstrap.servers" among
  // them. `password`: another one than the user's.
  std::vector<std::pair<std::string, std::string>> ClientSettings(
      std::string_view user = kAdmin, std::string_view password = "") const;

  // Ends it as an operator does; the others hand over first what it leads.
  void Stop(int broker = 0);
  // kill -9.
  void Kill(int broker = 0);
  // It stands still: its connections stay open and nothing is answered.
  void Pause(int broker = 0);
  void Resume(int broker = 0);
  // Starts it again on what is in its folder, and waits until it answers. Does nothing where it
  // runs.
  void Start(int broker = 0);
  bool running(int broker = 0) const;
  pid_t pid(int broker = 0) const;

  // Holds server.properties, server.log, and the partitions in data/<topic>-<partition>/; to be
  // changed only while the broker does not run.
  std::string folder(int broker = 0) const;
  // The end of what the broker said.
  std::string LastWords(int broker = 0) const;

  // Before 2.6.1 librdkafka's SCRAM repeats its nonce, which brokers took until Kafka 4.0;
  // ClientSettings takes PLAIN then.
  static bool ScramWorks();

  static bool CanLimitRoom();
  // REQUIRES: room_mib was given.
  void SetRoom(int mib) const;

  struct ToolRun {
    int code = -1;
    std::string output;
  };
  // Runs one of Kafka's own tools against the broker, with the right to do everything, e.g.
  // {"org.apache.kafka.tools.TopicCommand", "--list"}; the address is added. Takes a second.
  ToolRun RunTool(std::vector<std::string> arguments) const;

 private:
  struct Node {
    PortLease port;
    PortLease open_port;
    PortLease controller_port;
    std::unique_ptr<ChildProcess> process;
    bool paused = false;
  };
  class Folder;

  void Spawn(int broker);
  // False: a port that was free is not any more.
  bool WaitUntilAnswers(int broker, int listed) const;
  std::string OpenAddress(int broker) const;
  Node& At(int broker);
  const Node& At(int broker) const;

  Options options_;
  std::string cluster_;
  std::unique_ptr<Folder> folder_;
  std::vector<Node> nodes_;
};

// One broker for all tests of the process that do it no harm; it starts when first asked for. Tests
// take topic names of their own (TestTopic).
KafkaBroker& SharedBroker();

// `stem` and something that no other call gives, of this process or another.
std::string TestTopic(std::string_view stem);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_BROKER_H_
