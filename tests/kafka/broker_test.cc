// The fixture itself: a broker that is real, that loses nothing when it is killed, and that
// refuses.
#include "kafka/broker.h"

#include <catch2/catch.hpp>

namespace flywheel {
namespace {

TEST_CASE("a broker starts, answers, stops and starts again") {
  KafkaBroker broker;
  CHECK(broker.running());
  broker.Stop();
  CHECK_FALSE(broker.running());
  broker.Start();
  CHECK(broker.running());
}

}  // namespace
}  // namespace flywheel
