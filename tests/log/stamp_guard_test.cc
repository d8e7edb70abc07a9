// Nothing gets a stamp in the embedded log while its wall clock is not to be trusted.
#include "events/embedded/stamp_guard.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/embedded/embedded_log.h"
#include "events/memory/memory_log.h"
#include "events/publisher.h"
#include "events/record_view.h"
#include "events/sample_events.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kFirst{0};
constexpr Instant kStart{(sample::kSampleSeconds + 1'000'000) * kMillisPerSecond};

// Clocks that a test moves.
class SimulatedClocks {
 public:
  ClockLook Now() const { return now_; }
  void Pass(absl::Duration time) {
    now_.monotonic += time;
    Set(time);
  }
  // The wall clock alone.
  void Set(absl::Duration by) { now_.wall = now_.wall.Plus(absl::ToInt64Milliseconds(by)); }

 private:
  ClockLook now_{kStart, absl::UnixEpoch()};
};

// A log that goes by them, and a publisher.
class Shop {
 public:
  Shop()
      : log_(Open()),
        publisher_(
            log_.get(), [] { return std::make_shared<const PolicyBook>(PolicyBook::BuiltIn()); },
            [this] { return clocks.Now().wall; }) {}

  PublishOutcome Publish() {
    const OfferedEvent event{1, sample::FullEvent(EventKind::kOrderPlaced).SerializeAsString()};
    return publisher_.Publish({&event, 1}).front();
  }
  absl::Status Append() { return AppendOne(*log_, kFirst, "a record").status(); }
  int64_t records() { return log_->EndOffset(kFirst)->number(); }
  Instant LastStamp() {
    const auto batch = log_->ReadAt({kFirst, Offset(records() - 1)});
    RecordView view;
    REQUIRE(ScanRecord(batch->records.front().bytes, &view) == ScanResult::kOk);
    return view.recorded_at.value();
  }

  SimulatedClocks clocks;

 private:
  std::unique_ptr<EmbeddedLog> Open() {
    EmbeddedLogOptions options;
    options.partitions = 1;
    options.clocks = [this] { return clocks.Now(); };
    auto log = EmbeddedLog::Open(folder_ / "log", options);
    REQUIRE(log.ok());
    return *std::move(log);
  }

  TemporaryFolder folder_;
  std::unique_ptr<EmbeddedLog> log_;
  Publisher publisher_;
};

TEST_CASE("a publisher is refused while the wall clock is not to be trusted, and told why") {
  Shop shop;
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kAccepted);
  shop.clocks.Pass(absl::Seconds(5));
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kAccepted);

  shop.clocks.Set(absl::Hours(24));
  const PublishOutcome refused = shop.Publish();
  CHECK(refused.kind == PublishOutcome::Kind::kNotPublished);
  CHECK(absl::IsUnavailable(refused.error));
  CHECK(refused.error.message().find("the wall clock was set") != std::string_view::npos);
  CHECK(refused.event_id.size() == 36);
  CHECK(absl::IsUnavailable(shop.Append()));
  CHECK(shop.records() == 2);

  shop.clocks.Pass(ClockWatch::kTrustAfter - absl::Milliseconds(1));
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kNotPublished);
  shop.clocks.Pass(absl::Milliseconds(1));
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kAccepted);
  CHECK(shop.Append().ok());
}

TEST_CASE("a wall clock that was wrong for a while leaves no stamp behind") {
  Shop shop;
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kAccepted);
  shop.clocks.Set(absl::Hours(24));
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kNotPublished);
  shop.clocks.Set(-absl::Hours(24));
  shop.clocks.Pass(ClockWatch::kTrustAfter);
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kNotPublished);  // it was set back just now
  shop.clocks.Pass(ClockWatch::kTrustAfter);
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kAccepted);
  CHECK(shop.LastStamp() == shop.clocks.Now().wall);
}

TEST_CASE("a stamp that a log refuses is not kept to once the clock is set right") {
  MemoryLogOptions options;
  options.partitions = 1;
  MemoryLog log(options);
  Instant now = kStart.Plus(24 * 60 * kMillisPerMinute);
  Publisher publisher(
      &log, [] { return std::make_shared<const PolicyBook>(PolicyBook::BuiltIn()); },
      [&now] { return now; });
  const OfferedEvent event{1, sample::FullEvent(EventKind::kOrderPlaced).SerializeAsString()};
  // As brokers do by their own clock.
  log.FailNextAppend(absl::FailedPreconditionError("the stamp lies ahead"),
                     /*records_are_there=*/false);
  CHECK(publisher.Publish({&event, 1}).front().kind == PublishOutcome::Kind::kNotPublished);
  now = kStart;
  REQUIRE(publisher.Publish({&event, 1}).front().kind == PublishOutcome::Kind::kAccepted);
  RecordView view;
  const auto batch = log.ReadAt({kFirst, log.EndOffset(kFirst)->Plus(-1)});
  REQUIRE(ScanRecord(batch->records.front().bytes, &view) == ScanResult::kOk);
  CHECK(view.recorded_at == kStart);
}

TEST_CASE("a clock that was set before the first append is noticed by it") {
  Shop shop;
  shop.clocks.Pass(absl::Seconds(10));
  shop.clocks.Set(-absl::Minutes(10));
  CHECK(shop.Publish().kind == PublishOutcome::Kind::kNotPublished);
  CHECK(shop.records() == 0);
}

TEST_CASE("a thread that is held up between two clocks learns nothing from them") {
  std::optional<ClockLook> look = ClockLook{kStart, absl::UnixEpoch()};
  StampGuard guard([&] { return look; });
  look.reset();
  CHECK(guard.MayStamp().ok());
  look = ClockLook{kStart.Plus(kMillisPerMinute), absl::UnixEpoch()};
  CHECK(absl::IsUnavailable(guard.MayStamp()));
  look.reset();
  CHECK(absl::IsUnavailable(guard.MayStamp()));
}

TEST_CASE("the machine's clocks go along") {
  StampGuard guard(LookAtClocks);
  CHECK(guard.MayStamp().ok());
}

}  // namespace
}  // namespace flywheel
