// From the inbox to a visible answer: how long after a publisher has sent an event does the view
// that queries read hold it.
//
//   ./flywheel.sh kafka up
//   inbox_bench [--log kafka://127.0.0.1:19092/NEW] [--rate N] [--seconds N]
//
// A producer sends simulated events to the inbox at a steady rate (linger 2 ms); a node's own parts
// (KafkaInbox, CellHost) take them into the log and fold them. The topics have one partition each,
// so the k-th event sent is the k-th record of the log, and every view says by its count of
// records which events are visible. All events are measured, the first second is left out.

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/serve/cell_host.h"
#include "base/status.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/inbox.h"
#include "events/kafka/kafka_log.h"
#include "events/kafka/refused_store.h"
#include "events/kafka/topics.h"
#include "sources/simulator.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string log = fmt::format("kafka://127.0.0.1:19092/latency-{}", getpid());
  int rate = 5000;
  int seconds = 20;
  std::string folder = "build/bench/inbox";
};

constexpr Partition kPartition{0};

Instant WallClock() {
  return Instant(std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count());
}

absl::StatusOr<std::vector<std::string>> MakeEvents(size_t count) {
  std::vector<std::string> events;
  SimulatorOptions options;
  options.sellers = 1000;
  options.orders = static_cast<uint32_t>(count / 6 + 100);
  options.days = 365;
  options.seed = 3;
  SimulatorSummary summary;
  RETURN_IF_ERROR(Simulate(
      options,
      [&](const events::v1::Event& event) {
        if (events.size() < count) events.push_back(event.SerializeAsString());
        return absl::OkStatus();
      },
      &summary));
  return events;
}

// Sends at the rate; notes when each was handed to librdkafka.
absl::Status Send(const KafkaAddress& address, const std::vector<std::string>& events, int rate,
                  std::vector<Clock::time_point>* sent) {
  KafkaClientOptions options;
  options.kind = KafkaClientKind::kProducer;
  options.required = {{"linger.ms", "2"}, {"acks", "all"}, {"enable.idempotence", "true"}};
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaClient> client,
                   KafkaClient::Make(address, KafkaSettings(), options));
  const std::string topic = address.InboxTopic();
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < events.size(); ++i) {
    std::this_thread::sleep_until(
        start + std::chrono::nanoseconds(1'000'000'000LL * static_cast<int64_t>(i) / rate));
    (*sent)[i] = Clock::now();
    const rd_kafka_resp_err_t error =
        rd_kafka_producev(client->handle(), RD_KAFKA_V_TOPIC(topic.c_str()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(events[i].data()), events[i].size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client->StatusOf(error, "an event is not sent");
    rd_kafka_poll(client->handle(), 0);
  }
  const rd_kafka_resp_err_t left = rd_kafka_flush(client->handle(), 60'000);
  return client->StatusOf(left, "the broker does not keep up with the rate");
}

absl::Status Run(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const KafkaAddress address, KafkaAddress::Parse(arguments.log));
  TopicsPlan plan;
  plan.log_partitions = 1;
  RETURN_IF_ERROR(CreateTopics(address, KafkaSettings(), plan).status());
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaLog> log,
                   KafkaLog::Open(address, KafkaSettings(), {}));
  ASSIGN_OR_RETURN(const Offset end, log->EndOffset(kPartition));
  if (end != Offset(0)) return absl::FailedPreconditionError("the log is not empty: name another");
  std::filesystem::remove_all(arguments.folder);
  std::filesystem::create_directories(arguments.folder);
  CellHostOptions host;
  host.folder = arguments.folder;
  CellHost cells(log.get(), WallClock, host);
  cells.HoldAll();
  const auto policies = std::make_shared<const PolicyBook>(PolicyBook::BuiltIn());
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaRefusedStore> refused,
                   KafkaRefusedStore::Make(address, KafkaSettings(), {}));
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaInbox> inbox,
                   KafkaInbox::Start(
                       address, KafkaSettings(), log.get(), refused.get(),
                       [policies] { return policies; }, WallClock, KafkaInboxOptions()));
  while (cells.View(kPartition) == nullptr || inbox->state().lags.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  const auto count = static_cast<size_t>(arguments.rate) * static_cast<size_t>(arguments.seconds);
  ASSIGN_OR_RETURN(const std::vector<std::string> events, MakeEvents(count));
  std::vector<Clock::time_point> sent(events.size());
  std::vector<Clock::time_point> visible(events.size());
  std::atomic<bool> failed = false;
  absl::Status status;
  std::thread sender([&] {
    status = Send(address, events, arguments.rate, &sent);
    if (!status.ok()) failed = true;
  });
  size_t seen = 0;
  while (seen < events.size() && !failed) {
    const size_t records = cells.View(kPartition)->position.counts.records;
    const Clock::time_point now = Clock::now();
    for (; seen < std::min(records, events.size()); ++seen) visible[seen] = now;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  sender.join();
  RETURN_IF_ERROR(status);
  std::vector<double> millis;
  for (size_t i = static_cast<size_t>(arguments.rate); i < events.size(); ++i) {
    millis.push_back(std::chrono::duration<double, std::milli>(visible[i] - sent[i]).count());
  }
  if (millis.empty()) return absl::InvalidArgumentError("at least two seconds are needed");
  std::sort(millis.begin(), millis.end());
  const auto at = [&](double share) {
    return millis[static_cast<size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  fmt::print(
      "inbox to visible, {} events/s for {} s: p50 {:.1f} ms, p90 {:.1f}, p99 {:.1f}, p999 {:.1f}, "
      "greatest {:.1f}\n",
      arguments.rate, arguments.seconds, at(0.5), at(0.9), at(0.99), at(0.999), millis.back());
  return absl::OkStatus();
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  flywheel::Arguments arguments;
  CLI::App app("From the Kafka inbox to a visible answer");
  app.allow_extras();  // arguments meant for the other benchmarks
  app.add_option("--log", arguments.log, "a log that is not there yet");
  app.add_option("--rate", arguments.rate, "events a second")->check(CLI::Range(1, 200'000));
  app.add_option("--seconds", arguments.seconds)->check(CLI::Range(2, 3600));
  app.add_option("--folder", arguments.folder, "where the rows are kept");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = flywheel::Run(arguments);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.ToString());
  return 1;
}
