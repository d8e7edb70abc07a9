#include "endurance/world.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int32_t kPartitions = 4;
constexpr int32_t kInboxPartitions = 3;
constexpr uint32_t kSellers = 30;
constexpr uint32_t kOrdersPerRound = 60;
constexpr size_t kEventsPerRound = 400;

// Beside the driver.
std::string FaultsLibrary() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libendurance_faults.so")
      .string();
}

FaultsPage* MakePage(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 || ftruncate(file, sizeof(FaultsPage)) != 0) {
    throw std::runtime_error("cannot make " + path);
  }
  void* const mapped =
      mmap(nullptr, sizeof(FaultsPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  return static_cast<FaultsPage*>(mapped);
}

std::string End(const std::string& text) {
  constexpr size_t kMost = 800;
  return text.size() <= kMost ? text : text.substr(text.size() - kMost);
}

// Half of the worlds have a disk that is really full, where file systems can be mounted.
std::unique_ptr<SmallDisk> DiskOf(const WorldOptions& options, const std::string& folder) {
  if (options.seed % 2 == 0 || !KafkaBroker::CanLimitRoom()) return nullptr;
  return std::make_unique<SmallDisk>(folder + "/disk");
}

}  // namespace

const char* NameOf(Fault fault) {
  constexpr std::array<const char*, kFaults> kNames = {
      "kill -9",     "SIGSTOP",     "full disk",     "broken rows",
      "flipped log", "moved clock", "killed broker", "paused broker"};
  return kNames[static_cast<size_t>(fault)];
}

Fault FaultNamed(std::string_view name) {
  for (size_t kind = 0; kind < kFaults; ++kind) {
    if (NameOf(static_cast<Fault>(kind)) == name) return static_cast<Fault>(kind);
  }
  throw std::runtime_error("there is no fault called " + std::string(name));
}

World::World(const WorldOptions& options, const std::string& folder, Findings* findings)
    : options_(options),
      findings_(*findings),
      random_(options.seed),
      pool_(kSellers, kOrdersPerRound * static_cast<uint32_t>(options.rounds), options.seed),
      disk_(DiskOf(options, folder)),
      list_(folder + "/acknowledged"),
      answers_(findings),
      page_path_(folder + "/faults") {
  page_ = MakePage(page_path_);
  MakeNodes(folder);
}

World::~World() {
  nodes_.clear();
  munmap(page_, sizeof(FaultsPage));
}

void World::MakeNodes(const std::string& folder) {
  const std::string rows = disk_ ? disk_->path() : folder;
  const std::vector<std::string> environment = {"LD_PRELOAD=" + FaultsLibrary(),
                                                std::string(kFaultsVariable) + "=" + page_path_};
  std::vector<std::string> serve = {"--cache", "32"};
  if (!options_.kafka) {
    serve.insert(serve.end(), {"--partitions", std::to_string(kPartitions)});
    const DataFolder data(rows + "/data");
    nodes_.push_back({std::make_unique<ServingNode>("server", data, serve, environment)});
    operator_folder_ = data.path;
    return;
  }
  const std::string address = MakeTopics(folder);
  serve.insert(serve.end(), {"--session-timeout", "6", "--checkpoint-interval", "1",
                             "--checkpoints", rows + "/checkpoints"});
  for (const char* name : {"a", "b"}) {
    std::vector<std::string> options = serve;
    options.insert(options.end(), {"--node-id", name});
    const DataFolder data(rows + "/data-" + name, address);
    nodes_.push_back({std::make_unique<ServingNode>(name, data, options, environment)});
  }
  operator_folder_ = folder + "/operator";
}

std::string World::MakeTopics(const std::string& folder) {
  KafkaBroker::Options quick;  // it is let in again soon after a kill
  quick.properties = {"broker.session.timeout.ms=2000", "broker.heartbeat.interval.ms=400"};
  broker_ = std::make_unique<KafkaBroker>(quick);
  log_name_ = TestTopic("endurance");
  std::string address = "kafka://" + broker_->address() + "/" + log_name_;
  const ProgramEnd made = RunOn(DataFolder(folder + "/operator", address),
                                {"topics", "create", "--partitions", std::to_string(kPartitions),
                                 "--inbox-partitions", std::to_string(kInboxPartitions)});
  if (made.code != 0) throw std::runtime_error("no topics: " + made.err);
  return address;
}

World::Millis World::Delay(double from_millis, double to_millis) {
  const double share = static_cast<double>(random_() % 1'000'000) / 1e6;
  return Millis(static_cast<int64_t>(from_millis * std::pow(to_millis / from_millis, share)));
}

void World::PumpFor(Millis time) {
  const Clock::time_point end = Clock::now() + time;
  while (Clock::now() < end) {
    for (Node& node : nodes_) node.server->PumpFor(milliseconds(5));
  }
}

void World::Fail(Finding kind, std::string sentence) {
  findings_.Add(kind, fmt::format("round {}: {}", round_, sentence));
}

// ---------------------------------------------------------------- healing and looking

void World::StartNode(Node& node) {
  if (node.server->running()) return;
  if (node.server->Start()) return;
  Fail(Finding::kBroken,
       fmt::format("{} does not start: {}", node.server->name(), End(node.server->said())));
  throw std::runtime_error("a server does not start");
}

void World::Rebuild(Node& node) {
  if (node.server->running()) node.server->Stop();
  const ProgramEnd end = RunOn(node.server->folder(), {"rebuild"});
  node.rows_broken = end.code != 0;
  if (!node.rows_broken) return;
  Fail(Finding::kBroken,
       fmt::format("rebuild ends with {}: {}{}", end.code, End(end.out), End(end.err)));
}

void World::MakeReady(Node& node) {
  StartNode(node);
  if (node.server->WaitUntilReady()) return;
  if (node.rows_broken) {
    Rebuild(node);
    StartNode(node);
    if (node.server->WaitUntilReady()) return;
  }
  Fail(Finding::kBroken, fmt::format("{} does not serve again: {}{}", node.server->name(),
                                     node.server->State(), End(node.server->said())));
  node.server->Kill();
  StartNode(node);
}

void World::Heal() {
  page_->disk_is_full = 0;
  if (disk_) disk_->MakeRoom();
  if (broker_) {
    broker_->Resume();
    broker_->Start();
  }
  // All must run before any of them is ready: partitions of one that is away are nobody's.
  for (Node& node : nodes_) StartNode(node);
  for (Node& node : nodes_) MakeReady(node);
}

void World::WaitForInbox() {
  if (!options_.kafka) return;
  const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
  const Acknowledged acknowledged = list_.All();
  while (MissingOfInbox(ReadLog(nodes_.front().server->folder()), acknowledged, pool_) > 0) {
    if (Clock::now() > hung) {
      return Fail(Finding::kBroken,
                  "the inbox is not read to its end: " + End(nodes_.front().server->said()) +
                      End(nodes_.back().server->said()));
    }
    PumpFor(milliseconds(200));
  }
}

void World::StopNodes() {
  for (Node& node : nodes_) {
    if (random_() % 4 == 0) {
      node.server->Kill();
      continue;
    }
    const ProgramEnd& end = node.server->Stop();
    if (end.code != 0) {
      Fail(Finding::kBroken, fmt::format("{} ends with {}, signal {}: {}", node.server->name(),
                                         end.code, end.signal, End(end.err)));
    }
  }
}

void World::Look() {
  Judge judge(&pool_, &findings_);
  const Acknowledged acknowledged = list_.All();
  const LoggedRecords log = ReadLog(nodes_.front().server->folder());
  judge.CheckEvents(log, acknowledged);
  std::string first;
  for (Node& node : nodes_) {
    std::string digest;
    if (judge.CheckTwin(node.server->folder(), node.rows_broken, &digest) ==
        Judge::Rows::kUnreadable) {
      Rebuild(node);
      judge.CheckTwin(node.server->folder(), false, &digest);
    }
    node.rows_broken = false;
    judge.CheckCounts(node.server->folder(), log);
    if (first.empty()) first = digest;
    if (digest != first) Fail(Finding::kDiverged, "two nodes have different rows");
  }
  answers_.ExpectDamage(false);
  judge.CheckActs(DataFolder(operator_folder_, nodes_.front().server->folder().log), acknowledged);
}

void World::Round(const std::vector<Fault>& faults) {
  ++round_;
  for (Node& node : nodes_) StartNode(node);
  for (Node& node : nodes_) MakeReady(node);
  pool_.Allow(kEventsPerRound);
  TrafficWorld traffic_world;
  for (const Node& node : nodes_) traffic_world.nodes.push_back(node.server.get());
  traffic_world.pool = &pool_;
  traffic_world.list = &list_;
  traffic_world.answers = &answers_;
  traffic_world.findings = &findings_;
  if (broker_) {
    traffic_world.broker = broker_->address();
    traffic_world.inbox_topic = log_name_ + ".inbox";
  }
  {
    Operator acting(DataFolder(operator_folder_, nodes_.front().server->folder().log), &list_,
                    absl::ToUnixSeconds(absl::Now()) / 3600 + round_, random_());
    const Traffic traffic(traffic_world, random_());
    PumpFor(Delay(50, 400));
    for (const Fault fault : faults) {
      Befall(fault, acting);
      PumpFor(Delay(20, 300));
    }
    {
      // A command may hold a folder that is to be rebuilt.
      const std::lock_guard<std::mutex> gate(acting.gate());
      Heal();
    }
    PumpFor(Delay(100, 300));
  }
  WaitForInbox();
  StopNodes();
  Look();
}

}  // namespace flywheel
