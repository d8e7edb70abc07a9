// A log on a broker of the tests, for the program to work with; and a broker that goes and returns.
#ifndef FLYWHEEL_TESTS_KAFKA_ENGINE_LOG_ON_KAFKA_H_
#define FLYWHEEL_TESTS_KAFKA_ENGINE_LOG_ON_KAFKA_H_

#include <cstdint>
#include <string>

#include "integration/data_folder_run.h"
#include "integration/kill_driver.h"
#include "kafka/broker.h"

namespace flywheel {

// Makes the topics of a log that no other test has, as an operator does; the rows will lie at
// `path`. Fails the test where that fails.
DataFolder NewOnKafka(const std::string& path, const KafkaBroker& broker, int32_t partitions,
                      int32_t inbox_partitions);

// One that answers a few seconds after a kill -9: it is not let in again before the session of its
// predecessor is over.
KafkaBroker::Options QuickToReturn();

Outage KillOf(KafkaBroker& broker);
Outage PauseOf(KafkaBroker& broker);
Outage StopOf(KafkaBroker& broker);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_ENGINE_LOG_ON_KAFKA_H_
