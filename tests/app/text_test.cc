#include <catch2/catch.hpp>

#include "app/progress.h"
#include "app/rating_text.h"
#include "app/table.h"

namespace flywheel {
namespace {

TEST_CASE("columns of numbers are set to the right, of text to the left") {
  Table table({"name", "number"});
  table.Add({"Łódź", "1"});
  table.Add({"x", "1,000"});
  CHECK(table.ToText() == "name  number\nŁódź       1\nx      1,000\n");
}

TEST_CASE("numbers are grouped") {
  CHECK(GroupedNumber(0) == "0");
  CHECK(GroupedNumber(999) == "999");
  CHECK(GroupedNumber(1000) == "1,000");
  CHECK(GroupedNumber(18446744073709551615U) == "18,446,744,073,709,551,615");
}

TEST_CASE("a progress line says how much is done, how fast, and how long it takes") {
  CHECK(ProgressLine("folding", 250, 1000, 0.5) ==
        "folding  [#####...............]  250 of 1,000, 500/s, 1 s left");
  CHECK(ProgressLine("folding", 1000, 1000, 2) ==
        "folding  [####################]  1,000 of 1,000, 500/s");
  CHECK(ProgressLine("events", 1234, 0, 1) == "events  1,234, 1,234/s");
}

TEST_CASE("a figure is a count, a group of counts or a ratio of them") {
  CHECK(IsRatingFigure("recommended"));
  CHECK(IsRatingFigure("recommendedPercentage"));
  CHECK(IsRatingFigure("rates.deliveryCost.average"));
  CHECK(IsRatingFigure("rates.service.distribution.5"));
  CHECK_FALSE(IsRatingFigure("rates.service.distribution.6"));
  CHECK_FALSE(IsRatingFigure("rates.packaging.average"));
  CHECK_FALSE(IsRatingFigure("recommend"));
  CHECK_FALSE(IsRatingFigure(".average"));
  CHECK(IsBehindFigure("recommended.unique", "recommendedPercentage"));
  CHECK_FALSE(IsBehindFigure("recommended.total", "recommendedPercentage"));
}

}  // namespace
}  // namespace flywheel
