#include "events/memory/memory_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kFirst{0};

TEST_CASE("gaps are the same for the same seed, and differ for others") {
  const auto offsets = [](uint64_t seed) {
    MemoryLogOptions options;
    options.gaps_per_thousand = 300;
    options.seed = seed;
    MemoryLog log(options);
    std::vector<Offset> all;
    for (int i = 0; i < 100; ++i) all.push_back(*AppendOne(log, kFirst, "x"));
    all.push_back(*log.EndOffset(kFirst));
    return all;
  };
  CHECK(offsets(1) == offsets(1));
  CHECK(offsets(1) != offsets(2));
  CHECK(offsets(1).back() > Offset(100));
}

TEST_CASE("a late append is readable before it is reported") {
  MemoryLogOptions options;
  options.complete_late = true;
  MemoryLog log(options);
  std::vector<std::string> reported;
  for (const std::string name : {"a", "b"}) {
    log.AppendAsync(kFirst, {name}, [&reported, name](const auto& offsets) {
      CHECK(offsets.ok());
      reported.push_back(name);
    });
  }
  CHECK(reported.empty());
  CHECK(TextsOf(*ReadFrom(log, kFirst, Offset(0))) == std::vector<std::string>{"a", "b"});
  CHECK(log.CompletePending() == 2);
  CHECK(reported == std::vector<std::string>{"a", "b"});
  CHECK(log.CompletePending() == 0);
}

TEST_CASE("other writers' records stand between one's own") {
  MemoryLog log(MemoryLogOptions{});
  CHECK(*AppendOne(log, kFirst, "mine 1") == Offset(0));
  CHECK(log.AppendForeign(kFirst, {"theirs"})->front() == Offset(1));
  CHECK(*AppendOne(log, kFirst, "mine 2") == Offset(2));
  CHECK(TextsOf(*ReadFrom(log, kFirst, Offset(0))) ==
        std::vector<std::string>{"mine 1", "theirs", "mine 2"});
}

TEST_CASE("an injected fault of an append hits the next one, with its records or without") {
  MemoryLog log(MemoryLogOptions{});
  log.FailNextAppend(absl::ResourceExhaustedError("full"), false);
  log.FailNextAppend(absl::UnavailableError("connection lost"), true);
  CHECK(absl::IsResourceExhausted(AppendOne(log, kFirst, "not there").status()));
  CHECK(absl::IsUnavailable(AppendOne(log, kFirst, "there").status()));
  CHECK(AppendOne(log, kFirst, "well").ok());
  CHECK(TextsOf(*ReadFrom(log, kFirst, Offset(0))) == std::vector<std::string>{"there", "well"});
}

TEST_CASE("an injected fault of a read hits the next one") {
  MemoryLog log(MemoryLogOptions{});
  REQUIRE(AppendAll(log, kFirst, {"a", "b", "c"}).ok());
  log.FailNextRead(absl::DataLossError("damaged"));
  log.FailNextRead(absl::UnavailableError("away"));
  CHECK(absl::IsDataLoss(log.Read(kFirst, Offset(0), {}).status()));
  CHECK(absl::IsUnavailable(log.Read(kFirst, Offset(0), {}).status()));
  log.ShortenReads(2);
  CHECK(log.Read(kFirst, Offset(0), {})->records.size() == 2);
  CHECK(ReadFrom(log, kFirst, Offset(0))->size() == 3);
}

TEST_CASE("a closed memory log refuses everything and wakes who waits") {
  MemoryLog log(MemoryLogOptions{});
  absl::Status woken;
  std::thread reader([&] {
    ReadLimits limits;
    limits.wait = absl::InfiniteDuration();
    woken = log.Read(kFirst, Offset(0), limits).status();
  });
  log.Close();
  reader.join();
  CHECK(absl::IsFailedPrecondition(woken));
  CHECK(absl::IsFailedPrecondition(AppendOne(log, kFirst, "a").status()));
  CHECK(absl::IsFailedPrecondition(log.EndOffset(kFirst).status()));
}

}  // namespace
}  // namespace flywheel
