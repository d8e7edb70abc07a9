#include "events/kafka/membership.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <set>
#include <thread>

#include "kafka/broker.h"
#include "kafka/child_process.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using State = Assignment::State;

// What takes longer than this hangs.
constexpr std::chrono::seconds kPatience{90};
// A session that nobody waits out, and one that is soon over.
const absl::Duration kLongSession = absl::Seconds(120);
const absl::Duration kShortSession = absl::Seconds(3);
// One that a living node does not miss and that is waited out.
const absl::Duration kMiddlingSession = absl::Seconds(8);

// The broker of these tests, which lets sessions be short.
KafkaBroker& Broker() {
  static KafkaBroker broker([] {
    KafkaBroker::Options options;
    options.properties = {"group.min.session.timeout.ms=1000"};
    return options;
  }());
  return broker;
}

void MakeTopic(const KafkaBroker& broker, const std::string& topic, int partitions) {
  const auto run = broker.RunTool({"org.apache.kafka.tools.TopicCommand", "--create", "--topic",
                                   topic, "--partitions", std::to_string(partitions)});
  INFO(run.output);
  REQUIRE(run.code == 0);
}

// A log of four partitions.
KafkaAddress NewLog(KafkaBroker& broker = Broker()) {
  const auto address =
      KafkaAddress::Parse("kafka://" + broker.address() + "/" + TestTopic("nodes"));
  REQUIRE(address.ok());
  MakeTopic(broker, address->LogTopic(), 4);
  return *address;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

MembershipOptions OptionsOf(const std::string& id, absl::Duration session) {
  MembershipOptions options;
  options.node_id = id;
  options.address = "http://127.0.0.1:8080/" + id;
  options.session_timeout = session;
  return options;
}

// A membership with an owner that lives, unless it is told to hang.
class Node {
 public:
  Node(const KafkaAddress& address, const std::string& id, absl::Duration session = kLongSession)
      : Node(address, OptionsOf(id, session)) {}
  Node(const KafkaAddress& address, MembershipOptions options) {
    auto joined = KafkaMembership::Join(address, {}, std::move(options));
    INFO(joined.status());
    REQUIRE(joined.ok());
    membership_ = *std::move(joined);
    owner_ = std::thread([this] {
      uint64_t seen = 0;
      while (!stop_) {
        if (hangs_) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        } else {
          seen = membership_->WaitForChange(seen, absl::Milliseconds(50))->epoch;
        }
      }
    });
  }
  ~Node() {
    stop_ = true;
    owner_.join();
  }

  KafkaMembership* operator->() const { return membership_.get(); }
  std::set<int> owned() const {
    std::set<int> owned;
    for (const Partition partition : membership_->Current()->partitions) {
      owned.insert(partition.number());
    }
    return owned;
  }
  State state() const { return membership_->Current()->state; }
  void Hang(bool hangs) { hangs_ = hangs; }

 private:
  std::unique_ptr<KafkaMembership> membership_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> hangs_ = false;
  std::thread owner_;
};

bool Shared(const std::vector<const Node*>& nodes) {
  std::vector<int> all;
  for (const Node* node : nodes) {
    const std::set<int> owned = node->owned();
    if (owned.empty()) return false;
    all.insert(all.end(), owned.begin(), owned.end());
  }
  std::sort(all.begin(), all.end());
  return all == std::vector<int>{0, 1, 2, 3};
}

TEST_CASE("nodes share the partitions, each of which has one owner") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a");
  CHECK(Eventually([&] { return a.owned() == std::set<int>{0, 1, 2, 3}; }));
  const Node b(log, "b");
  CHECK(Eventually([&] { return Shared({&a, &b}); }));
  CHECK(a.owned() == std::set<int>{0, 1});
  const Node c(log, "c");
  CHECK(Eventually([&] { return Shared({&a, &b, &c}); }));
  CHECK(a->Current()->Owns(Partition(0)));
  CHECK_FALSE(a->Current()->Owns(Partition(3)));
}

TEST_CASE("a fifth node of four partitions has none and waits") {
  const KafkaAddress log = NewLog();
  std::vector<std::unique_ptr<Node>> nodes;
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    nodes.push_back(std::make_unique<Node>(log, id));
  }
  CHECK(Eventually([&] {
    return std::all_of(nodes.begin(), nodes.end(),
                       [](const auto& node) { return node->state() == State::kAssigned; }) &&
           Shared({nodes[0].get(), nodes[1].get(), nodes[2].get(), nodes[3].get()});
  }));
  CHECK(nodes[4]->owned().empty());
  (*nodes[0])->Close(Departure::kForGood);
  CHECK(Eventually(
      [&] { return Shared({nodes[1].get(), nodes[2].get(), nodes[3].get(), nodes[4].get()}); }));
}

TEST_CASE("a node that leaves for good hands its partitions over at once") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a");
  const Node b(log, "b");
  REQUIRE(Eventually([&] { return Shared({&a, &b}); }));
  b->Close(Departure::kForGood);
  CHECK(b.state() == State::kClosed);
  CHECK(b.owned().empty());
  // Patience is shorter than the session.
  CHECK(Eventually([&] { return Shared({&a}); }));
}

TEST_CASE("a node that comes back in time has its partitions again, and no other node moves") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a");
  auto b = std::make_unique<Node>(log, "b");
  REQUIRE(Eventually([&] { return Shared({&a, b.get()}); }));
  const std::set<int> before = b->owned();
  const uint64_t epoch = a->Current()->epoch;
  b.reset();
  b = std::make_unique<Node>(log, "b");
  CHECK(Eventually([&] { return b->owned() == before; }));
  CHECK(Eventually([&] { return a->Owners()->state == NodeOwners::State::kStable; }));
  CHECK(a->Current()->epoch == epoch);
}

// A node as a process of its own; its states are lines of a file.
class NodeProcess {
 public:
  NodeProcess(const KafkaAddress& address, const std::string& id, absl::Duration session)
      : process_(
            {"/usr/bin/env", "FLYWHEEL_TEST_LOG=" + address.ToText(), "FLYWHEEL_TEST_NODE=" + id,
             "FLYWHEEL_TEST_SESSION=" + absl::FormatDuration(session),
             std::filesystem::read_symlink("/proc/self/exe").string(),
             "what a process of its own runs"},
            files_.Path("states")) {}

  void Signal(int signal) { process_.Signal(signal); }
  bool Said(std::string_view what) const {
    std::ifstream file(files_.Path("states"));
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    return text.find(what) != std::string::npos;
  }

 private:
  TemporaryFolder files_;
  ChildProcess process_;
};

// What NodeProcess runs; nothing else does.
TEST_CASE("what a process of its own runs", "[.process]") {
  const char* log = std::getenv("FLYWHEEL_TEST_LOG");
  const char* id = std::getenv("FLYWHEEL_TEST_NODE");
  const char* session_text = std::getenv("FLYWHEEL_TEST_SESSION");
  REQUIRE((log != nullptr && id != nullptr && session_text != nullptr));
  absl::Duration session;
  REQUIRE(absl::ParseDuration(session_text, &session));
  auto node = KafkaMembership::Join(*KafkaAddress::Parse(log), {}, OptionsOf(id, session));
  REQUIRE(node.ok());
  for (uint64_t seen = 0;;) {
    const auto now = (*node)->WaitForChange(seen, absl::Seconds(1));
    if (now->epoch != seen) {
      std::cout << NameOf(now->state) << " " << now->partitions.size() << std::endl;
    }
    seen = now->epoch;
  }
}

TEST_CASE("the partitions of a node that is killed move when its session is over") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a", kShortSession);
  NodeProcess b(log, "b", kShortSession);
  REQUIRE(Eventually([&] { return a.owned() == std::set<int>{0, 1}; }));
  REQUIRE(Eventually([&] { return b.Said("assigned 2"); }));
  const auto killed = Clock::now();
  b.Signal(SIGKILL);
  CHECK(Eventually([&] { return Shared({&a}); }));
  const std::chrono::duration<double> took = Clock::now() - killed;
  std::cout << "partitions of a killed node moved after " << took.count() << " s, session "
            << absl::FormatDuration(kShortSession) << std::endl;
}

TEST_CASE(
    "a node that stands still loses its partitions, knows it afterwards and gets some again") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a", kShortSession);
  NodeProcess b(log, "b", kShortSession);
  REQUIRE(Eventually([&] { return b.Said("assigned 2"); }));
  b.Signal(SIGSTOP);
  CHECK(Eventually([&] { return Shared({&a}); }));
  CHECK_FALSE(b.Said("lost"));
  b.Signal(SIGCONT);
  CHECK(Eventually([&] { return b.Said("lost"); }));
  CHECK(Eventually([&] { return a.owned() == std::set<int>{0, 1}; }));
}

TEST_CASE("a node whose owner hangs leaves, and joins again when the owner is back") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a");
  MembershipOptions options = OptionsOf("b", kLongSession);
  options.beat_timeout = absl::Seconds(2);
  Node b(log, options);
  REQUIRE(Eventually([&] { return Shared({&a, &b}); }));
  b.Hang(true);
  CHECK(Eventually([&] { return b.state() == State::kStuck; }));
  CHECK(absl::IsUnavailable(b->Current()->trouble));
  CHECK(Eventually([&] { return Shared({&a}); }));
  b.Hang(false);
  CHECK(Eventually([&] { return Shared({&a, &b}); }));
}

TEST_CASE("of two nodes with the same id the earlier one is told and stays out") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a", kMiddlingSession);
  const Node first(log, "b", kMiddlingSession);
  REQUIRE(Eventually([&] { return Shared({&a, &first}); }));
  const Node second(log, "b", kMiddlingSession);
  CHECK(Eventually([&] { return first.state() == State::kFenced; }));
  CHECK(absl::IsFailedPrecondition(first->Current()->trouble));
  CHECK_THAT(std::string(first->Current()->trouble.message()),
             Catch::Contains("another process has joined") && Catch::Contains("\"b\""));
  CHECK(first.owned().empty());
  CHECK(Eventually([&] { return Shared({&a, &second}); }));
  CHECK(first.state() == State::kFenced);
}

TEST_CASE("a node that is fenced by a process which is gone joins again") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a", kMiddlingSession);
  const Node b(log, "b", kMiddlingSession);
  REQUIRE(Eventually([&] { return Shared({&a, &b}); }));
  {
    const Node ghost(log, "b", kMiddlingSession);
    REQUIRE(Eventually([&] { return b.state() == State::kLost; }));
    CHECK(absl::IsUnavailable(b->Current()->trouble));
    CHECK(b.owned().empty());
  }
  CHECK(Eventually([&] { return Shared({&a, &b}); }));
}

TEST_CASE("every node knows who owns what and where") {
  const KafkaAddress log = NewLog();
  const Node a(log, "a");
  const Node b(log, "b");
  REQUIRE(Eventually([&] { return Shared({&a, &b}); }));
  for (const Node* node : {&a, &b}) {
    CHECK(Eventually([&] {
      const auto owners = (*node)->Owners();
      return owners->state == NodeOwners::State::kStable && owners->members.size() == 2 &&
             owners->OwnerOf(Partition(3)) != nullptr;
    }));
    const auto owners = (*node)->Owners();
    CHECK(owners->members[0].node_id == "a");
    CHECK(owners->OwnerOf(Partition(0))->address == "http://127.0.0.1:8080/a");
    CHECK(owners->OwnerOf(Partition(3))->node_id == "b");
    CHECK(owners->OwnerOf(Partition(3))->address == "http://127.0.0.1:8080/b");
    CHECK(owners->OwnerOf(Partition(4)) == nullptr);
  }
  b->Close(Departure::kForGood);
  CHECK(Eventually([&] {
    const NodeOwners owners = *a->Owners();
    const NodeMember* owner = owners.OwnerOf(Partition(3));
    return owner != nullptr && owner->node_id == "a";
  }));
}

TEST_CASE("a group that nobody is in is empty, and one that was left is again") {
  const KafkaAddress log = NewLog();
  const auto group = NodeGroup::Open(log, {});
  REQUIRE(group.ok());
  const auto before = (*group)->Describe(absl::Seconds(30));
  REQUIRE(before.ok());
  CHECK(before->state == NodeOwners::State::kEmpty);
  CHECK(before->members.empty());
  {
    const Node a(log, "a");
    REQUIRE(Eventually([&] { return Shared({&a}); }));
    a->Close(Departure::kForGood);
  }
  const auto after = (*group)->Describe(absl::Seconds(30));
  REQUIRE(after.ok());
  CHECK(after->state == NodeOwners::State::kEmpty);
}

TEST_CASE("positions are committed for those who look at lags") {
  const KafkaAddress log = NewLog();
  const auto group = NodeGroup::Open(log, {});
  REQUIRE(group.ok());
  const Node a(log, "a");
  REQUIRE(Eventually([&] { return Shared({&a}); }));
  a->NotePosition(Partition(1), Offset(17));
  a->NotePosition(Partition(3), Offset(4));
  const auto committed = [&] { return *(*group)->Committed(4, absl::Seconds(30)); };
  CHECK(Eventually([&] { return committed()[1] == Offset(17) && committed()[3] == Offset(4); }));
  CHECK(committed()[0] == std::nullopt);
  a->NotePosition(Partition(1), Offset(18));
  a->Close(Departure::kComesBack);  // what was noted last is committed too
  CHECK(Eventually([&] { return committed()[1] == Offset(18); }));
}

TEST_CASE("a node that restarts reads nothing back from what was committed") {
  const KafkaAddress log = NewLog();
  Node a(log, "a");
  REQUIRE(Eventually([&] { return Shared({&a}); }));
  a->NotePosition(Partition(1), Offset(1'000'000));  // far behind the end of the log
  a->Close(Departure::kForGood);
  const Node again(log, "a");
  CHECK(Eventually([&] { return Shared({&again}); }));
  CHECK(again->Current()->trouble.ok());
}

TEST_CASE("a broker that restarts within the session moves nothing") {
  KafkaBroker& broker = Broker();
  const KafkaAddress log = NewLog(broker);
  const Node a(log, "a");
  const Node b(log, "b");
  REQUIRE(Eventually([&] { return Shared({&a, &b}); }));
  const std::set<int> before = a.owned();
  SECTION("stopped") { broker.Stop(); }
  SECTION("killed") { broker.Kill(); }
  broker.Start();
  // The group is known again, so the nodes are in touch with it.
  CHECK(Eventually([&] {
    const auto group = NodeGroup::Open(log, {});
    const auto owners = (*group)->Describe(absl::Seconds(5));
    return owners.ok() && owners->state == NodeOwners::State::kStable &&
           owners->members.size() == 2;
  }));
  CHECK(Eventually([&] { return Shared({&a, &b}) && a.owned() == before; }));
}

TEST_CASE("brokers that are away for longer than the session: lost, said why, and joined again") {
  KafkaBroker& broker = Broker();
  const KafkaAddress log = NewLog(broker);
  const Node a(log, "a", kShortSession);
  REQUIRE(Eventually([&] { return Shared({&a}); }));
  SECTION("killed") {
    broker.Kill();
    CHECK(Eventually([&] { return a.state() == State::kLost; }));
    CHECK(absl::IsUnavailable(a->Current()->trouble));
    CHECK(Eventually([&] { return a->Owners()->state == NodeOwners::State::kUnknown; }));
    broker.Start();
  }
  SECTION("standing still") {
    broker.Pause();
    CHECK(Eventually([&] { return a.state() == State::kLost; }));
    broker.Resume();
  }
  CHECK(Eventually([&] { return Shared({&a}); }));
  CHECK(a->Current()->trouble.ok());
}

TEST_CASE("a node starts before the brokers do, and says that they are away") {
  KafkaBroker& broker = Broker();
  const KafkaAddress log = NewLog(broker);
  broker.Stop();
  const Node a(log, "a");
  CHECK(Eventually([&] { return absl::IsUnavailable(a->Current()->trouble); }));
  CHECK(a.state() == State::kJoining);
  broker.Start();
  CHECK(Eventually([&] { return Shared({&a}); }));
}

TEST_CASE("a node whose topic is missing says so and joins once it is made") {
  const auto log = KafkaAddress::Parse("kafka://" + Broker().address() + "/" + TestTopic("nodes"));
  REQUIRE(log.ok());
  const Node a(*log, "a");
  CHECK(Eventually([&] { return absl::IsNotFound(a->Current()->trouble); }));
  CHECK(a.owned().empty());
  MakeTopic(Broker(), log->LogTopic(), 4);
  CHECK(Eventually([&] { return Shared({&a}); }));
}

TEST_CASE("a session that the broker does not take is said") {
  const KafkaAddress log = NewLog(SharedBroker());
  const Node a(log, "a", absl::Seconds(2));
  CHECK(Eventually([&] { return !a->Current()->trouble.ok(); }));
  CHECK_THAT(std::string(a->Current()->trouble.message()), Catch::Contains("session timeout"));
}

TEST_CASE("closing takes no longer than it may while the brokers stand still") {
  KafkaBroker& broker = Broker();
  const KafkaAddress log = NewLog(broker);
  Node a(log, "a");
  REQUIRE(Eventually([&] { return Shared({&a}); }));
  broker.Pause();
  SECTION("for good") { a->Close(Departure::kForGood); }
  SECTION("comes back") { a->Close(Departure::kComesBack); }
  CHECK(a.state() == State::kClosed);
  broker.Resume();
}

TEST_CASE("options that make no sense are refused") {
  const KafkaAddress log = *KafkaAddress::Parse("kafka://127.0.0.1:1/x");
  const auto refused = [&](MembershipOptions options) {
    return absl::IsInvalidArgument(KafkaMembership::Join(log, {}, std::move(options)).status());
  };
  MembershipOptions options = OptionsOf("a", absl::Seconds(10));
  for (const std::string id : {"", "a b", "a/b", "..", "ą"}) {
    options.node_id = id;
    CHECK(refused(options));
  }
  options.node_id = std::string(kMaxNodeIdBytes + 1, 'a');
  CHECK(refused(options));
  options = OptionsOf("a", absl::Seconds(10));
  for (const std::string& address :
       {std::string(), std::string("http://a b"), std::string(201, 'a'), std::string("http://ą")}) {
    options.address = address;
    CHECK(refused(options));
  }
  CHECK(refused(OptionsOf("a", absl::Milliseconds(999))));
  CHECK(refused(OptionsOf("a", absl::Hours(1))));
  options = OptionsOf("a", absl::Seconds(10));
  options.beat_timeout = absl::ZeroDuration();
  CHECK(refused(options));
}

}  // namespace
}  // namespace flywheel
