// What librdkafka waits with is the program's own, and goes by the monotonic clock.
#include "events/kafka/steady_waits.h"

#include <dlfcn.h>
#include <threads.h>

#include <catch2/catch.hpp>
#include <ctime>

namespace flywheel {
namespace {

// Where the object begins that holds the address.
const void* ObjectOf(const void* address) {
  Dl_info about = {};
  REQUIRE(dladdr(address, &about) != 0);
  return about.dli_fbase;
}

TEST_CASE("the loader gives librdkafka the program's waits") {
  UseSteadyWaits();
  const void* const ours = ObjectOf(reinterpret_cast<const void*>(&UseSteadyWaits));
  for (const char* name : {"timespec_get", "cnd_timedwait"}) {
    INFO(name);
    const void* const found = dlsym(RTLD_DEFAULT, name);
    REQUIRE(found != nullptr);
    CHECK(ObjectOf(found) == ours);
  }
}

TEST_CASE("a steady wait ends when its instant has passed, and not before") {
  timespec start = {};
  REQUIRE(timespec_get(&start, TIME_UTC) == TIME_UTC);
  mtx_t mutex;
  cnd_t condition;
  REQUIRE(mtx_init(&mutex, mtx_plain) == thrd_success);
  REQUIRE(cnd_init(&condition) == thrd_success);
  REQUIRE(mtx_lock(&mutex) == thrd_success);
  timespec soon = start;
  soon.tv_nsec = start.tv_nsec / 2;  // it has passed
  CHECK(cnd_timedwait(&condition, &mutex, &soon) == thrd_timedout);
  soon = start;
  soon.tv_sec += 1;
  int waited = thrd_success;  // a wait may end for no reason
  while (waited == thrd_success) waited = cnd_timedwait(&condition, &mutex, &soon);
  CHECK(waited == thrd_timedout);
  timespec end = {};
  REQUIRE(timespec_get(&end, TIME_UTC) == TIME_UTC);
  CHECK(end.tv_sec >= soon.tv_sec);
  mtx_unlock(&mutex);
  cnd_destroy(&condition);
  mtx_destroy(&mutex);
}

}  // namespace
}  // namespace flywheel
