// The endurance driver on each log, with every kind of fault once.
#include <catch2/catch.hpp>
#include <cstdio>

#include "endurance/run.h"
#include "kafka/broker.h"

namespace flywheel {
namespace {

// Two rounds, in which every kind of fault comes up once.
void CheckNothingIsFound(bool kafka, uint64_t seed) {
  // By the first thread, before any other is there.
  if (!KafkaBroker::CanLimitRoom()) std::printf("file systems cannot be mounted here\n");
  Findings findings;
  EnduranceOptions options;
  options.kafka = kafka;
  options.rounds = 2;
  options.faults_a_round = (kafka ? kFaults : kFaultsOfEmbedded) / 2;
  options.seed = seed;
  options.say = [](std::string_view line) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  };
  const EnduranceCounts counts = Endure(options, &findings);
  std::printf("seed %llu: %s", static_cast<unsigned long long>(seed),
              counts.ToText(findings).c_str());
  CHECK(findings.in_all() == 0);
  CHECK(counts.rounds == options.rounds);
  CHECK(counts.events > 0);
  CHECK(counts.answers > 0);
}

TEST_CASE("on the embedded log nothing is lost, doubled or diverges, whatever befalls a server") {
  CheckNothingIsFound(/*kafka=*/false, 7);
}

TEST_CASE("on Kafka nothing is lost, doubled or diverges, whatever befalls nodes and broker") {
  CheckNothingIsFound(/*kafka=*/true, 7);
}

}  // namespace
}  // namespace flywheel
