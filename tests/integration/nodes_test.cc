// Several nodes on one log on Kafka: one of them is killed or stands still, and no answer is wrong
// meanwhile.
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/instant_text.h"
#include "events/kafka/kafka_log.h"
#include "events/kafka/topics.h"
#include "events/publisher.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/fold.h"
#include "projections/store/memory_store.h"
#include "projections/views/rating_reader.h"
#include "query/http_client.h"
#include "query/rating_json.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr int kPartitions = 4;
constexpr int kSellers = 40;
// The shortest that brokers take by default.
constexpr int kSessionSeconds = 6;
// An instant at which the simulated marketplace has many reviews.
constexpr std::string_view kAsOf = "2025-06-30T12:00:00.000Z";

Instant Now() { return Instant(absl::ToUnixMillis(absl::Now())); }

template <class Condition>
bool Eventually(const Condition& condition) {
  const auto deadline = Clock::now() + RunningProgram::kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// A log on a broker of its own, filled by a thread in the course of the test.
class FilledLog {
 public:
  FilledLog() : events_(SimulatedEvents(kSellers, 3000, 5)) {
    TopicsPlan plan;
    plan.log_partitions = kPartitions;
    REQUIRE(CreateTopics(address_, {}, plan).ok());
    auto log = KafkaLog::Open(address_, {});
    REQUIRE(log.ok());
    log_ = *std::move(log);
    publisher_ = std::thread([this] { Publish(); });
  }
  ~FilledLog() {
    stop_ = true;
    publisher_.join();
  }

  std::string address() const { return address_.ToText(); }
  KafkaLog& log() { return *log_; }
  // The rest of the events, at once.
  void Finish() {
    hurry_ = true;
    REQUIRE(Eventually([&] { return finished_.load(); }));
    CHECK(not_published_ == 0);
  }

 private:
  void Publish() {
    Publisher publisher(
        log_.get(), [] { return std::make_shared<const PolicyBook>(PolicyBook::BuiltIn()); }, Now);
    for (size_t next = 0; next < events_.size() && !stop_;) {
      std::vector<OfferedEvent> batch;
      for (; next < events_.size() && batch.size() < (hurry_ ? 2000 : 20); ++next) {
        batch.push_back({static_cast<int64_t>(next), events_[next].bytes});
      }
      for (const PublishOutcome& outcome : publisher.Publish(batch)) {
        not_published_ += outcome.kind != PublishOutcome::Kind::kAccepted;
      }
      if (!hurry_) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    finished_ = true;
  }

  KafkaBroker broker_;
  const KafkaAddress address_ =
      *KafkaAddress::Parse("kafka://" + broker_.address() + "/" + TestTopic("shop"));
  const std::vector<SimulatedEvent> events_;
  std::unique_ptr<KafkaLog> log_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> hurry_ = false;
  std::atomic<bool> finished_ = false;
  std::atomic<int64_t> not_published_ = 0;
  std::thread publisher_;
};

// `flywheel serve` with a data folder of its own.
class ServingNode {
 public:
  ServingNode(const std::string& id, const FilledLog& log, const TemporaryFolder& files)
      : id_(id),
        program_({"--data", files.Path("data-" + id), "--log", log.address(), "serve", "--listen",
                  "127.0.0.1:0", "--node-id", id, "--no-inbox", "--checkpoints",
                  files.Path("checkpoints"), "--checkpoint-interval", "1", "--session-timeout",
                  std::to_string(kSessionSeconds), "--cache", "32"}) {
    constexpr std::string_view kServing = "serving on http://127.0.0.1:";
    INFO(program_.err());
    REQUIRE(program_.PumpUntil(kServing));
    REQUIRE(program_.PumpUntil("\n"));
    port_ = static_cast<uint16_t>(
        std::stoi(program_.err().substr(program_.err().find(kServing) + kServing.size())));
  }

  const std::string& id() const { return id_; }
  uint16_t port() const { return port_; }
  RunningProgram& program() { return program_; }
  bool Ready() const {
    try {
      const auto answer = HttpClient(port_).Get("/readyz");
      return answer && answer->status == 200;
    } catch (const std::exception&) {
      return false;
    }
  }

 private:
  std::string id_;
  RunningProgram program_;
  uint16_t port_ = 0;
};

std::string SellerOf(int number) {
  const std::string digits = std::to_string(number + 1);
  return "s-" + std::string(6 - digits.size(), '0') + digits;
}

// What a node said of a seller at a position of its partition.
struct RatingSeen {
  std::string seller;
  int status = 0;
  int64_t position = 0;
  std::string body;
};

// Asks for ratings, follows where it is sent, and keeps what it was told.
class Asker {
 public:
  // `wait`: how long to wait for a connection's answer is the client's own business.
  explicit Asker(std::vector<uint16_t> ports)
      : ports_(std::move(ports)), thread_([this] { Run(); }) {}
  ~Asker() { Stop(); }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void ReplacePorts(std::vector<uint16_t> ports) {
    const std::lock_guard lock(mutex_);
    ports_ = std::move(ports);
  }
  int64_t answered() const { return answered_; }
  // After Stop.
  const std::vector<RatingSeen>& seen() const { return seen_; }
  const std::map<int, int>& statuses() const { return statuses_; }

  // One question; -1: nobody answered.
  static int Ask(uint16_t port, const std::string& seller, bool now, RatingSeen* seen) {
    const std::string target =
        "/v1/sellers/" + seller + "/rating" + (now ? "" : "?as_of=" + std::string(kAsOf));
    for (int redirects = 0; redirects < 4; ++redirects) {
      std::optional<ClientResponse> answer;
      try {
        answer = HttpClient(port).Get(target);
      } catch (const std::exception&) {
        return -1;
      }
      if (!answer) return -1;
      if (answer->status == 307) {
        const std::string location = answer->Header("location");
        port = static_cast<uint16_t>(
            std::stoi(location.substr(location.find(':', location.find("//")) + 1)));
        continue;
      }
      const std::string place = answer->Header("flywheel-position");
      const size_t at = place.find('@');
      if (at != std::string::npos) {
        *seen = {seller, answer->status, std::stoll(place.substr(at + 1)), answer->body};
      }
      return answer->status;
    }
    return 307;
  }

 private:
  void Run() {
    std::mt19937 random(17);
    while (!stop_) {
      uint16_t port = 0;
      {
        const std::lock_guard lock(mutex_);
        port = ports_[random() % ports_.size()];
      }
      RatingSeen seen;
      const int status =
          Ask(port, SellerOf(static_cast<int>(random() % kSellers)), random() % 4 != 0, &seen);
      ++statuses_[status];
      if (status == 200 || status == 404) {
        seen_.push_back(std::move(seen));
        ++answered_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::mutex mutex_;
  std::vector<uint16_t> ports_;
  std::atomic<bool> stop_ = false;
  std::atomic<int64_t> answered_ = 0;
  std::vector<RatingSeen> seen_;
  std::map<int, int> statuses_;
  std::thread thread_;
};

// Folds the log once more, in one process, and holds every answer against it at its position.
class Recount {
 public:
  explicit Recount(KafkaLog* log) : log_(log) {
    for (int number = 0; number < kPartitions; ++number) {
      stores_.push_back(std::make_unique<MemoryStore>());
      folds_.push_back(std::make_unique<Fold>(stores_.back().get()));
      REQUIRE(folds_.back()->Open().ok());
    }
  }

  void Check(std::vector<RatingSeen> seen) {
    std::sort(seen.begin(), seen.end(),
              [](const RatingSeen& a, const RatingSeen& b) { return a.position < b.position; });
    for (const RatingSeen& one : seen) {
      const Partition partition = PartitionOf(one.seller, kPartitions);
      FoldTo(partition, Offset(one.position));
      const std::string expected = RatingAt(one);
      if (one.body == expected) continue;
      FAIL_CHECK("of " << one.seller << " at " << partition.number() << "@" << one.position
                       << "\n  told    " << one.body << "  recount " << expected);
      return;
    }
  }

 private:
  void FoldTo(Partition partition, Offset position) {
    const auto index = static_cast<size_t>(partition.number());
    Fold& fold = *folds_[index];
    while (fold.position().next < position) {
      ReadLimits limits;
      limits.wait = absl::Seconds(30);
      const auto batch = log_->Read(partition, fold.position().next, limits);
      REQUIRE(batch.ok());
      std::vector<LogRecord> records;
      for (const LogRecord& record : batch->records) {
        if (record.offset < position) records.push_back(record);
      }
      REQUIRE_FALSE(records.empty());
      fold.Apply(records);
      const auto rows = stores_[index]->NewBatch();
      fold.WriteTo(rows.get());
      REQUIRE(stores_[index]->Write(rows.get()).ok());
    }
  }

  // What the seller's rating is; for 404 the body is the node's word that there is none.
  std::string RatingAt(const RatingSeen& one) const {
    std::vector<const RowReader*> rows;
    for (const auto& store : stores_) rows.push_back(store.get());
    RatingQuery query;
    query.as_of = *ParseInstant(kAsOf);
    if (one.status == 200) {
      query.as_of = *ParseInstant(Json::parse(one.body)["asOf"].get<std::string>());
    }
    const auto answer = RatingReader(rows).One(one.seller, kAll, query);
    REQUIRE(answer.ok());
    if (!*answer) return one.status == 404 ? one.body : "there is no such seller";
    return RatingJson(**answer, false);
  }

  KafkaLog* log_;
  std::vector<std::unique_ptr<MemoryStore>> stores_;
  std::vector<std::unique_ptr<Fold>> folds_;
};

// What `flywheel nodes --json` says.
Json NodesOf(const FilledLog& log) {
  const ProgramEnd end = RunProgram({"nodes", "--json", "--log", log.address()});
  INFO(end.err);
  REQUIRE(end.code == 0);
  return Json::parse(end.out);
}

// Whether so many nodes are there and each partition is served by one of them.
bool AllServed(const Json& nodes, size_t count) {
  if (nodes["state"] != "stable" || nodes["nodes"].size() != count) return false;
  return std::all_of(nodes["partitions"].begin(), nodes["partitions"].end(), [](const Json& one) {
    return one["state"] == "serving" && one["source"] == "node";
  });
}

// As long as a dead node is in the group, what is told of its partitions is what it committed.
void CheckDead(const Json& nodes, const std::string& id) {
  for (const Json& node : nodes["nodes"]) {
    if (node["node"] == id) CHECK(node["answers"] == false);
  }
  for (const Json& one : nodes["partitions"]) {
    if (one.value("node", "") != id) continue;
    CHECK(one["state"] == "unknown");
    CHECK(one["source"] == "group");
    CHECK(one.contains("position"));
    CHECK(one.contains("lagEvents"));
    CHECK(one.contains("lagSeconds"));
  }
}

// A seller of each partition of a node.
std::vector<std::string> SellersOf(const Json& nodes, const std::string& id) {
  std::map<int, std::string> sellers;
  for (int number = 0; number < kSellers; ++number) {
    const int partition = PartitionOf(SellerOf(number), kPartitions).number();
    if (nodes["partitions"][static_cast<size_t>(partition)]["node"] == id) {
      sellers[partition] = SellerOf(number);
    }
  }
  std::vector<std::string> all;
  for (const auto& [partition, seller] : sellers) all.push_back(seller);
  return all;
}

TEST_CASE("a node is killed or stands still: its partitions move and no answer is wrong") {
  TemporaryFolder files;
  FilledLog log;
  std::vector<std::unique_ptr<ServingNode>> nodes;
  Json before;
  // One after the other: the third never owns what the second one has.
  for (const char* id : {"n1", "n2", "n3"}) {
    nodes.push_back(std::make_unique<ServingNode>(id, log, files));
    REQUIRE(Eventually([&] { return AllServed(before = NodesOf(log), nodes.size()); }));
  }
  for (const auto& node : nodes) CHECK(Eventually([&] { return node->Ready(); }));
  const std::vector<std::string> moving = SellersOf(before, "n2");
  REQUIRE_FALSE(moving.empty());
  Asker asker({nodes[0]->port(), nodes[1]->port(), nodes[2]->port()});
  // Checkpoints of what will move, and answers of all three.
  for (const std::string& seller : moving) {
    CHECK(Eventually([&] {
      const auto made =
          ListCheckpoints(files.Path("checkpoints"), PartitionOf(seller, kPartitions));
      return made.ok() && !made->empty();
    }));
  }
  const int64_t answered = asker.answered();
  CHECK(Eventually([&] { return asker.answered() > answered + 100; }));

  bool kills = false;
  SECTION("killed") { kills = true; }
  SECTION("stands still") { kills = false; }
  nodes[1]->program().Signal(kills ? SIGKILL : SIGSTOP);
  // Who asks the one that stands still waits half a minute.
  asker.ReplacePorts({nodes[0]->port(), nodes[2]->port()});
  const auto gone = Clock::now();
  if (kills) CheckDead(NodesOf(log), "n2");
  for (const std::string& seller : moving) {
    RatingSeen seen;
    CHECK(Eventually([&] {
      for (const size_t other : {0, 2}) {
        const auto answer =
            HttpClient(nodes[other]->port()).Get("/v1/sellers/" + seller + "/rating");
        if (answer && answer->status == 200) return true;
      }
      return false;
    }));
  }
  const std::chrono::duration<double> took = Clock::now() - gone;
  std::cout << (kills ? "killed" : "stopped") << " node: all its partitions answered for after "
            << took.count() << " s, session " << kSessionSeconds << " s" << std::endl;
  CHECK(Eventually([&] { return AllServed(NodesOf(log), 2); }));
  // They went on from the other node's rows.
  CHECK(Eventually([&] {
    for (const size_t other : {0, 2}) nodes[other]->program().Pump(std::chrono::milliseconds(10));
    return Contains(nodes[0]->program().err() + nodes[2]->program().err(),
                    "goes on from the checkpoint");
  }));

  if (kills) {
    nodes[1]->program().Wait();
    nodes[1] = std::make_unique<ServingNode>("n2", log, files);
  } else {
    nodes[1]->program().Signal(SIGCONT);
  }
  asker.ReplacePorts({nodes[0]->port(), nodes[1]->port(), nodes[2]->port()});
  CHECK(Eventually([&] { return AllServed(NodesOf(log), 3); }));
  log.Finish();
  asker.Stop();

  for (const auto& [status, count] : asker.statuses()) {
    INFO("status " << status << ": " << count);
    std::cout << "  status " << status << ": " << count << std::endl;
    CHECK((status == 200 || status == 404 || status == 503 || status == 307 || status == -1));
  }
  CHECK(asker.seen().size() > 100);
  Recount recount(&log.log());
  recount.Check(asker.seen());

  // At the end everything is answered, by whoever is asked.
  std::vector<RatingSeen> last;
  for (int number = 0; number < kSellers; ++number) {
    const Partition partition = PartitionOf(SellerOf(number), kPartitions);
    const int64_t end = log.log().EndOffset(partition)->number();
    RatingSeen seen;
    int status = 0;
    const bool answered = Eventually([&] {
      status = Asker::Ask(nodes[static_cast<size_t>(number) % 3]->port(), SellerOf(number), false,
                          &seen);
      return (status == 200 || status == 404) && seen.position >= end;
    });
    ServingNode& asked = *nodes[static_cast<size_t>(number) % 3];
    asked.program().Pump(std::chrono::milliseconds(10));
    INFO(SellerOf(number) << ": " << status << " at " << seen.position << " of " << end << "; "
                          << asked.id() << " says " << asked.program().err());
    REQUIRE(answered);
    last.push_back(seen);
  }
  recount.Check(last);
  for (const auto& node : nodes) node->program().Signal(SIGTERM);
  for (const auto& node : nodes) CHECK(node->program().Wait().code == 0);
}

}  // namespace
}  // namespace flywheel
