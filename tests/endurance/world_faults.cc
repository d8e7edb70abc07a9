// What befalls a world.
#include <fmt/format.h>

#include <cmath>
#include <mutex>
#include <stdexcept>

#include "endurance/world.h"
#include "query/http_client.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kDamage = 5;  // the program's exit code
constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 24 * 3600 * kSecond;
// Within the first nothing must be noticed, beyond the second everything must be.
constexpr std::array<int64_t, 5> kJumps = {300, 600 * kSecond, 3 * kDay, -3600 * kSecond,
                                           -2 * kDay};
constexpr int64_t kTooFar = 60 * kSecond;
// After a minute without another jump the clock is believed.
constexpr std::chrono::seconds kSurelyDistrusted{45};

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void World::Befall(Fault fault, Operator& acting) {
  switch (fault) {
    case Fault::kKill:
      return KillNode(AnyNode());
    case Fault::kPause:
      return PauseNode(AnyNode());
    case Fault::kFullDisk:
      return FillDisk();
    case Fault::kBrokenRows:
      return BreakRowsOf(AnyNode(), acting);
    case Fault::kFlippedLog:
      return options_.kafka ? FlipKafkaLog(acting) : FlipEmbeddedLog(acting);
    case Fault::kClock:
      return MoveClock();
    case Fault::kKilledBroker:
      broker_->Kill();
      PumpFor(Delay(1, 1500));
      return broker_->Start();
    case Fault::kPausedBroker:
      broker_->Pause();
      PumpFor(options_.patient && random_() % 3 == 0 ? Delay(7'000, 10'000) : Delay(20, 2000));
      return broker_->Resume();
  }
}

void World::KillNode(Node& node) {
  StartNode(node);
  node.server->Kill();
  PumpFor(Delay(1, 300));
  StartNode(node);
  // While it recovers, it may happen again.
  if (random_() % 3 != 0) return;
  PumpFor(Delay(1, 300));
  node.server->Kill();
  StartNode(node);
}

void World::PauseNode(const Node& node) {
  if (!node.server->running()) return;
  node.server->Pause();
  PumpFor(options_.patient && random_() % 3 == 0 ? Delay(7'000, 12'000) : Delay(20, 1500));
  node.server->Continue();
}

void World::FillDisk() {
  if (disk_) {
    disk_->Fill();
  } else {
    page_->disk_is_full = 1;
  }
  PumpFor(Delay(200, 1500));
  // One that is killed now has to start without room.
  if (random_() % 3 == 0) AnyNode().server->Kill();
  page_->disk_is_full = 0;
  if (disk_) disk_->MakeRoom();
  for (Node& node : nodes_) StartNode(node);
}

void World::BreakRowsOf(Node& node, Operator& acting) {
  const bool running = random_() % 3 == 0;
  answers_.ExpectDamage(true);
  if (running) {
    node.rows_broken = true;
    BreakRows(node.server->folder().path, random_);
    PumpFor(Delay(50, 500));
    if (random_() % 2 == 0) node.server->Kill();
    return;  // healing sees to it
  }
  const std::lock_guard<std::mutex> gate(acting.gate());
  if (random_() % 2 == 0) {
    node.server->Kill();
  } else if (node.server->running()) {
    node.server->Stop();
  }
  node.rows_broken = true;
  BreakRows(node.server->folder().path, random_);
  MakeReady(node);
}

void World::CheckRefused(const FlippedBit& flip, const std::vector<std::string>& command) {
  const ProgramEnd end = RunOn(nodes_.front().server->folder(), command);
  const bool named = options_.kafka || Contains(end.err, FileName(flip.path()));
  if (end.code == kDamage && named) return;
  Fail(Finding::kDiverged,
       fmt::format("byte {} of {} is wrong, and {} ends with {}: {}{}", flip.byte(), flip.path(),
                   command.front(), end.code, end.out, end.err));
}

void World::FlipEmbeddedLog(Operator& acting) {
  const std::lock_guard<std::mutex> gate(acting.gate());
  Node& node = nodes_.front();
  StartNode(node);
  // What a kill leaves at the end may be damaged or torn; nobody can tell.
  if (node.server->Stop().code != 0) return;
  std::optional<FlippedBit> flip = FlipInLog(node.server->folder().path, random_);
  if (!flip) return StartNode(node);
  CheckRefused(*flip, {"log", "check"});
  CheckRefused(*flip, {"rebuild"});
  CheckRefused(*flip, {"verify"});
  if (node.server->Start()) {
    // The damage lies in an older segment: what is answered is judged like everything else.
    PumpFor(Delay(50, 300));
    node.server->Stop();
  } else if (node.server->end().code != kDamage) {
    Fail(Finding::kDiverged, fmt::format("a server on a damaged log ends with {}: {}",
                                         node.server->end().code, node.server->said()));
  }
  flip->PutBack();
  StartNode(node);
}

void World::FlipKafkaLog(Operator& acting) {
  const std::lock_guard<std::mutex> gate(acting.gate());
  for (Node& node : nodes_) {
    if (node.server->running()) node.server->Stop();
  }
  broker_->Stop();
  const std::string partition = std::to_string(random_() % 4);
  std::optional<FlippedBit> flip =
      FlipInTopic(broker_->folder() + "/data/" + log_name_ + ".log-" + partition, random_);
  broker_->Start();
  if (flip) {
    CheckRefused(*flip, {"log", "check"});
    broker_->Stop();
    flip->PutBack();
    broker_->Start();
  }
  for (Node& node : nodes_) StartNode(node);
}

// Nothing may get a stamp of a clock that has just jumped.
void World::PublishUnder(int64_t clock_ahead_millis) {
  const Clock::time_point moved = Clock::now();
  const std::vector<size_t> offered = pool_.Take(1, random_);
  if (offered.empty()) return;
  std::optional<ClientResponse> answer;
  try {
    answer = HttpClient(AnyNode().server->port())
                 .Post("/v1/events", pool_.event(offered.front()).JsonLine());
  } catch (const std::runtime_error&) {
  }
  pool_.Return(offered);
  const bool known = answer && Clock::now() - moved < kSurelyDistrusted;
  const bool must_refuse =
      options_.kafka ? clock_ahead_millis > kTooFar : std::abs(clock_ahead_millis) > kTooFar;
  if (!known || !must_refuse) return;
  if (answer->status == 200 || (!options_.kafka && Contains(answer->body, "LOG_TOOK_NONE") &&
                                !Contains(answer->body, "wall clock"))) {
    Fail(Finding::kDiverged, fmt::format("the clock is {} ms ahead, and an event is answered with "
                                         "{}: {}",
                                         clock_ahead_millis, answer->status, answer->body));
  }
}

void World::MoveClock() {
  for (Node& node : nodes_) StartNode(node);
  const int64_t ahead = kJumps[random_() % kJumps.size()];
  page_->clock_ahead_millis = ahead;
  PublishUnder(ahead);
  PumpFor(Delay(50, 500));
  if (options_.kafka) {
    page_->clock_ahead_millis = 0;
    return;
  }
  // A server that starts believes its clock, right or wrong; else the publishers would wait for a
  // minute.
  const bool stays = random_() % 2 == 0;
  if (!stays) page_->clock_ahead_millis = 0;
  nodes_.front().server->Kill();
  StartNode(nodes_.front());
  PumpFor(Delay(50, 500));
  if (!stays) return;
  page_->clock_ahead_millis = 0;
  nodes_.front().server->Kill();
  StartNode(nodes_.front());
}

}  // namespace flywheel
