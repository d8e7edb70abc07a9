#include "base/deadline.h"

#include <catch2/catch.hpp>

namespace flywheel {
namespace {

TEST_CASE("a deadline says what is left, never less than nothing") {
  const Deadline deadline = Deadline::In(absl::Hours(2));
  CHECK_FALSE(deadline.passed());
  CHECK(deadline.left() <= absl::Hours(2));
  CHECK(deadline.left() > absl::Hours(1));
  for (const Deadline& passed :
       {Deadline(), Deadline::In(absl::ZeroDuration()), Deadline::In(-absl::Hours(1))}) {
    CHECK(passed.passed());
    CHECK(passed.left() == absl::ZeroDuration());
  }
}

TEST_CASE("a deadline that never comes is far away") {
  CHECK_FALSE(Deadline::In(absl::InfiniteDuration()).passed());
  CHECK(Deadline::In(absl::InfiniteDuration()).left() > absl::Hours(24));
}

}  // namespace
}  // namespace flywheel
