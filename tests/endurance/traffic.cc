#include "endurance/traffic.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>

#include "kafka/topic_testing.h"
#include "query/http_client.h"

namespace flywheel {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMostInABatch = 30;
constexpr int kMostPauseMillis = 20;
// An instant at which the simulated marketplace has many reviews.
constexpr std::string_view kAsOf = "2025-02-20T12:00:00.000Z";

}  // namespace

Traffic::Traffic(TrafficWorld world, uint64_t seed) : world_(std::move(world)) {
  for (int i = 0; i < 2; ++i) Start(seed * 8 + threads_.size(), &Traffic::PublishOverHttp);
  for (int i = 0; i < 2; ++i) Start(seed * 8 + threads_.size(), &Traffic::Ask);
  if (!world_.broker.empty()) Start(seed * 8 + threads_.size(), &Traffic::PublishToInbox);
}

Traffic::~Traffic() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

template <class Turn>
void Traffic::Start(uint64_t seed, Turn turn) {
  threads_.emplace_back([this, seed, turn] {
    Random random(seed);
    while (!stop_) {
      try {
        (this->*turn)(random);
      } catch (const std::runtime_error&) {
        // Nobody there, as a rule.
        std::this_thread::sleep_for(milliseconds(kMostPauseMillis));
      }
      std::this_thread::sleep_for(milliseconds(random() % kMostPauseMillis));
    }
  });
}

uint16_t Traffic::AnyPort(Random& random) const {
  const uint16_t port = world_.nodes[random() % world_.nodes.size()]->port();
  if (port == 0) throw std::runtime_error("it has no door yet");
  return port;
}

void Traffic::PublishOverHttp(Random& random) {
  const std::vector<size_t> offered = world_.pool->Take(1 + random() % kMostInABatch, random);
  if (offered.empty()) return std::this_thread::sleep_for(milliseconds(kMostPauseMillis));
  std::string lines;
  for (const size_t index : offered) lines += world_.pool->event(index).JsonLine();
  std::optional<ClientResponse> answer;
  try {
    answer = HttpClient(AnyPort(random)).Post("/v1/events", lines);
  } catch (const std::runtime_error&) {
    world_.pool->Return(offered);
    throw;
  }
  if (!answer) return world_.pool->Return(offered);
  TakeOutcomes(offered, *answer);
}

void Traffic::TakeOutcomes(const std::vector<size_t>& offered, const ClientResponse& answer) {
  std::map<OutsidePlace, size_t> taken;
  std::vector<bool> is_taken(offered.size(), false);
  bool twice = false;
  for (const Acknowledgement& each : AcknowledgementsIn(answer.body)) {
    const size_t line = static_cast<size_t>(each.line - 1);
    if (line >= offered.size() || world_.pool->event(offered[line]).event_id != each.event_id) {
      world_.findings->Add(Finding::kBroken, "an answer names a line that was not sent");
      continue;
    }
    is_taken[line] = true;
    twice =
        !taken.emplace(OutsidePlace(each.partition, each.offset), offered[line]).second || twice;
  }
  if (!world_.list->AddEvents(taken) || twice) {
    world_.findings->Add(Finding::kDoubled, "two events were told the same place");
  }
  if (Contains(answer.body, R"("status":"refused")")) {
    world_.findings->Add(Finding::kBroken, "intake refuses what is valid: " + answer.body);
  }
  std::vector<size_t> left;
  for (size_t line = 0; line < offered.size(); ++line) {
    if (!is_taken[line]) left.push_back(offered[line]);
  }
  world_.pool->Return(left);
}

void Traffic::PublishToInbox(Random& random) {
  const std::vector<size_t> offered = world_.pool->Take(1 + random() % kMostInABatch, random);
  if (offered.empty()) return std::this_thread::sleep_for(milliseconds(kMostPauseMillis));
  std::vector<TopicMessage> messages(offered.size());
  for (size_t i = 0; i < offered.size(); ++i) {
    messages[i].value = world_.pool->event(offered[i]).bytes;
    if (random() % 2 == 0) messages[i].key = world_.pool->event(offered[i]).event_id;
  }
  try {
    TopicTester(world_.broker).Publish(world_.inbox_topic, messages);
  } catch (const std::runtime_error&) {
    world_.pool->Return(offered);
    throw;
  }
  world_.list->AddToInbox(offered);
}

void Traffic::Ask(Random& random) {
  const std::vector<std::string>& sellers = world_.pool->sellers();
  const std::string seller = sellers[random() % sellers.size()];
  const std::string rating = "/v1/sellers/" + seller + "/rating";
  HttpClient client(AnyPort(random));
  // What is asked for now, and so has another answer each time, must be answered at all.
  const std::array<std::string, 4> others = {rating, "/v1/node", "/metrics", "/readyz"};
  for (int question = 0; question < 4 && !stop_; ++question) {
    const bool fixed = random() % 2 == 0;
    const std::string target =
        fixed ? rating + "?as_of=" + std::string(kAsOf) : others[random() % others.size()];
    const auto answer = client.Get(target);
    if (!answer) return;
    if (fixed || answer->status == 500) world_.answers->Take(target, *answer);
  }
}

}  // namespace flywheel
