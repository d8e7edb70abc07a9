// The log while its broker is away, stands still, or comes back.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kafka/broker.h"
#include "kafka/free_ports.h"
#include "kafka/log_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

// A reader that follows the log from its beginning and bears with a broker that is away.
class SteadyReader {
 public:
  explicit SteadyReader(EventLog* log) : log_(log), thread_([this] { Loop(); }) {}
  ~SteadyReader() { Stop(Offset(0)); }
  SteadyReader(const SteadyReader&) = delete;
  SteadyReader& operator=(const SteadyReader&) = delete;

  int64_t unavailable() const { return unavailable_; }
  // Ends it once it has come to that offset. What it read.
  std::vector<StoredText> Stop(Offset until) {
    until_ = until.number();
    if (thread_.joinable()) thread_.join();
    return records_;
  }
  absl::Status unexpected() const { return unexpected_; }

 private:
  void Loop() {
    Offset next(0);
    ReadLimits limits;
    limits.wait = absl::Milliseconds(100);
    while (next.number() < until_ && unexpected_.ok()) {
      const absl::StatusOr<RecordBatch> batch = log_->Read(kOnly, next, limits);
      if (absl::IsUnavailable(batch.status())) ++unavailable_;
      if (!batch.ok() && !absl::IsUnavailable(batch.status())) unexpected_ = batch.status();
      if (!batch.ok()) continue;
      for (const LogRecord& record : batch->records) {
        records_.push_back({record.offset, std::string(record.bytes)});
      }
      next = batch->next;
    }
  }

  EventLog* const log_;
  std::vector<StoredText> records_;
  absl::Status unexpected_;
  std::atomic<int64_t> unavailable_{0};
  std::atomic<int64_t> until_{INT64_MAX};
  std::thread thread_;
};

TEST_CASE("a log whose broker is away cannot be opened, and says where it looked") {
  const PortLease port;
  const std::string broker = "127.0.0.1:" + std::to_string(port.port());
  const absl::StatusOr<std::unique_ptr<KafkaLog>> log =
      KafkaLog::Open(AddressOf(broker, "away"), {}, ShortTimeouts());
  CHECK(absl::IsUnavailable(log.status()));
  INFO(log.status());
  CHECK(Mentions(log.status(), broker));
  CHECK(Mentions(log.status(), "Connection refused"));
}

TEST_CASE("a broker that comes back is given time to learn of its topics") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "learnt");
  broker.Kill();
  std::atomic<int> said{0};
  KafkaLogOptions patient = ShortTimeouts();
  patient.request_timeout = KafkaBroker::kPatience.count() * absl::Seconds(1);
  patient.log = [&](auto&&...) { ++said; };
  absl::Status opened = absl::UnknownError("it is not open yet");
  std::thread opening([&] { opened = KafkaLog::Open(address, {}, patient).status(); });
  Eventually([&] { return said > 0; });
  broker.Start();
  // Longer than a topic may be missing on a broker that was never away.
  std::this_thread::sleep_for(std::chrono::seconds(4));
  MakeTopics(address, 1);
  opening.join();
  INFO(opened);
  CHECK(opened.ok());
}

TEST_CASE("a broker that is killed and started again costs nothing but time") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "killed");
  MakeTopics(address, 1);
  KafkaLogOptions patient = ShortTimeouts();
  patient.delivery_timeout = KafkaBroker::kPatience.count() * absl::Seconds(1);
  const auto log = OpenOn(address, patient);
  SteadyWriter writer(log.get(), kOnly);
  SteadyReader reader(log.get());

  for (int round = 0; round < 2; ++round) {
    const int64_t before = writer.acknowledged();
    Eventually([&] { return writer.acknowledged() > before + 100; });
    broker.Kill();
    const absl::StatusOr<Offset> end = log->EndOffset(kOnly);
    CHECK(absl::IsUnavailable(end.status()));
    broker.Start();
  }
  const int64_t after = writer.acknowledged();
  Eventually([&] { return writer.acknowledged() > after + 100; });

  const std::vector<Offset> offsets = writer.Stop();
  CHECK(writer.failed() == 0);
  CheckNothingIsLost(*log, kOnly, offsets);
  const std::vector<StoredText> read = reader.Stop(offsets.back().Plus(1));
  INFO(reader.unexpected());
  CHECK(reader.unexpected().ok());
  CHECK(read == ReadFrom(*log, kOnly, Offset(0)).value());
}

TEST_CASE("a broker that stands still for longer than the timeouts loses nothing") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "stopped");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  SteadyWriter writer(log.get(), kOnly);
  SteadyReader reader(log.get());
  Eventually([&] { return writer.acknowledged() > 100; });

  broker.Pause();
  // What is on its way is given up, and said to be unknown.
  Eventually([&] { return writer.failed() >= 2 && reader.unavailable() >= 2; });
  const absl::StatusOr<Offset> refused = AppendOne(*log, kOnly, NumberedRecord(0));
  INFO(refused.status());
  CHECK(absl::IsUnavailable(refused.status()));
  CHECK(Mentions(refused.status(), "whether it is there is not known"));
  broker.Resume();

  const int64_t after = writer.acknowledged();
  Eventually([&] { return writer.acknowledged() > after + 100; });
  const std::vector<Offset> offsets = writer.Stop();
  CheckNothingIsLost(*log, kOnly, offsets);
  const std::vector<StoredText> read = reader.Stop(offsets.back().Plus(1));
  CHECK(reader.unexpected().ok());
  CHECK(read == ReadFrom(*log, kOnly, Offset(0)).value());
}

TEST_CASE("a log is closed in bounded time while its broker stands still, and reports everything") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "closing");
  MakeTopics(address, 1);
  KafkaLogOptions options = ShortTimeouts();
  options.delivery_timeout = absl::Minutes(10);
  options.close_timeout = absl::Seconds(1);
  auto log = OpenOn(address, options);
  REQUIRE(AppendOne(*log, kOnly, "first").ok());
  const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, Offset(0), {});
  REQUIRE(batch.ok());

  broker.Pause();
  std::atomic<int> reported{0};
  for (int i = 0; i < 10; ++i) {
    log->AppendAsync(kOnly, {"second"}, [&](const auto& offsets) {
      if (absl::IsUnavailable(offsets.status())) ++reported;
    });
  }
  const auto start = std::chrono::steady_clock::now();
  log.reset();
  CHECK(reported == 10);
  // Two timeouts of a second and what a loaded machine adds, far from the ten minutes.
  CHECK(std::chrono::steady_clock::now() - start < KafkaBroker::kPatience);
  CHECK(batch->records.front().bytes == "first");
  broker.Resume();
}

TEST_CASE("appends wait while too many bytes are in flight") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "bounded");
  MakeTopics(address, 1);
  KafkaLogOptions options = ShortTimeouts();
  options.delivery_timeout = KafkaBroker::kPatience.count() * absl::Seconds(1);
  options.max_bytes_in_flight = size_t{4} << 20;
  const auto log = OpenOn(address, options);
  REQUIRE(AppendOne(*log, kOnly, "first").ok());

  broker.Pause();
  std::atomic<int> begun{0};
  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  constexpr int kAppends = 20;
  std::thread writer([&] {
    const std::string record(size_t{1} << 20, 'x');
    for (int i = 0; i < kAppends; ++i) {
      ++begun;
      log->AppendAsync(kOnly, {record}, [&](const auto& offsets) {
        if (!offsets.ok()) ++failed;
        ++done;
      });
    }
  });
  Eventually([&] { return begun == 4; });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(begun == 4);
  broker.Resume();
  writer.join();
  Eventually([&] { return done == kAppends; });
  CHECK(failed == 0);
  CHECK(ReadFrom(*log, kOnly, Offset(0)).value().size() == 1 + kAppends);

  const std::vector<std::string> too_many(5, std::string(size_t{1} << 20, 'x'));
  CHECK(absl::IsResourceExhausted(AppendAll(*log, kOnly, too_many).status()));
}

TEST_CASE("a full disk of the broker is said, and loses nothing that was acknowledged") {
  if (!KafkaBroker::CanLimitRoom()) {
    WARN("no privilege to mount: not tested");
    return;
  }
  KafkaBroker::Options small;
  small.room_mib = 60;
  small.properties = {"log.segment.bytes=4194304"};
  KafkaBroker broker(small);
  const KafkaAddress address = AddressOf(broker.address(), "full");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  std::vector<StoredText> acknowledged;
  absl::Status full;
  std::mt19937_64 random(1);
  while (full.ok()) {
    std::string record(size_t{1} << 19, 0);
    for (char& c : record) c = static_cast<char>(random());
    const absl::StatusOr<Offset> offset = AppendOne(*log, kOnly, record);
    if (offset.ok()) acknowledged.push_back({*offset, record});
    full = offset.status();
    REQUIRE(acknowledged.size() < 300);
  }
  INFO(full);
  CHECK(absl::IsUnavailable(full));
  CHECK(Mentions(full, "full.log"));

  if (broker.running()) broker.Kill();
  broker.SetRoom(400);
  broker.Start();
  Eventually([&] { return AppendOne(*log, kOnly, "after").ok(); });
  const std::vector<StoredText> stored = ReadFrom(*log, kOnly, Offset(0)).value();
  for (const StoredText& record : acknowledged) {
    CHECK(std::find(stored.begin(), stored.end(), record) != stored.end());
  }
}

}  // namespace
}  // namespace flywheel
