// When requests are refused because they waited too long, by a clock that the test moves.
#include "query/http/queue_delay.h"

#include <catch2/catch.hpp>
#include <chrono>

namespace flywheel {
namespace {

using std::chrono::milliseconds;

struct Loop {
  QueueDelay delay{milliseconds(20)};
  QueueDelay::Time now{std::chrono::hours(1)};

  Loop() { delay.BeginAfterIdling(now); }

  // A pass of so many requests, each of which takes a while; how many were refused.
  int Pass(int requests, milliseconds each, milliseconds refusal = milliseconds(0)) {
    delay.BeginPass(now);
    int refused = 0;
    for (int i = 0; i < requests; ++i) {
      const bool refuses = delay.Refuses(now);
      refused += refuses ? 1 : 0;
      now += refuses ? refusal : each;
    }
    return refused;
  }
};

TEST_CASE("nothing is refused while requests come to their turn in time") {
  Loop loop;
  for (int i = 0; i < 1000; ++i) CHECK(loop.Pass(10, milliseconds(1)) == 0);
  CHECK_FALSE(loop.delay.refusing());
}

TEST_CASE("a hiccup refuses nothing, however long it is") {
  Loop loop;
  CHECK(loop.Pass(1, std::chrono::seconds(5)) == 0);
  CHECK(loop.Pass(1000, milliseconds(0)) == 0);  // these waited for five seconds
  CHECK(loop.Pass(1000, milliseconds(0)) == 0);
  CHECK_FALSE(loop.delay.refusing());
}

TEST_CASE("few slow requests are no overload") {
  Loop loop;
  for (int i = 0; i < 20; ++i) CHECK(loop.Pass(3, milliseconds(30)) == 0);
}

TEST_CASE("lasting overload is refused, and what is taken came to its turn in time") {
  Loop loop;
  int before = 0;
  while (loop.Pass(50, milliseconds(1)) == 0) REQUIRE(++before < 100);
  for (int i = 0; i < 100; ++i) {
    loop.delay.BeginPass(loop.now);
    const QueueDelay::Time began = loop.now;
    int taken = 0;
    for (int request = 0; request < 500; ++request) {
      if (loop.delay.Refuses(loop.now)) continue;
      ++taken;
      CHECK(loop.now - began <= milliseconds(20));
      loop.now += milliseconds(1);
    }
    CHECK(taken <= 21);
    CHECK(loop.delay.refusing());
  }
}

TEST_CASE("overload ends when nothing has waited too long for a while") {
  Loop loop;
  while (!loop.delay.refusing()) loop.Pass(50, milliseconds(1));
  loop.Pass(1, milliseconds(1));
  loop.now += milliseconds(500);
  loop.delay.BeginAfterIdling(loop.now);
  CHECK(loop.delay.refusing());
  loop.now += milliseconds(600);
  loop.delay.BeginAfterIdling(loop.now);
  CHECK_FALSE(loop.delay.refusing());
}

TEST_CASE("a bound of zero refuses nothing") {
  QueueDelay delay(milliseconds(0));
  QueueDelay::Time now{std::chrono::hours(1)};
  delay.BeginAfterIdling(now);
  for (int i = 0; i < 1000; ++i) {
    delay.BeginPass(now);
    now += std::chrono::seconds(1);
    CHECK_FALSE(delay.Refuses(now));
  }
}

}  // namespace
}  // namespace flywheel
