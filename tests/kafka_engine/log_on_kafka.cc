#include "kafka_engine/log_on_kafka.h"

#include <catch2/catch.hpp>

namespace flywheel {

DataFolder NewOnKafka(const std::string& path, const KafkaBroker& broker, int32_t partitions,
                      int32_t inbox_partitions) {
  DataFolder folder(path, "kafka://" + broker.address() + "/" + TestTopic("engine"));
  const ProgramEnd made =
      RunOn(folder, {"topics", "create", "--partitions", std::to_string(partitions),
                     "--inbox-partitions", std::to_string(inbox_partitions)});
  INFO(made.out << made.err);
  REQUIRE(made.code == 0);
  return folder;
}

KafkaBroker::Options QuickToReturn() {
  KafkaBroker::Options options;
  options.properties = {"broker.session.timeout.ms=2000", "broker.heartbeat.interval.ms=400"};
  return options;
}

Outage KillOf(KafkaBroker& broker) {
  return {[&broker] { broker.Kill(); }, [&broker] { broker.Start(); }};
}

Outage PauseOf(KafkaBroker& broker) {
  return {[&broker] { broker.Pause(); }, [&broker] { broker.Resume(); }};
}

Outage StopOf(KafkaBroker& broker) {
  return {[&broker] { broker.Stop(); }, [&broker] { broker.Start(); }};
}

}  // namespace flywheel
