#include "projections/models/days_row.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/market.h"
#include "events/intake.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

constexpr Instant kNoon{1'750'000'000'000};

DaysRow TwoDays() {
  DaysRow row;
  row.At(LocalDay(20'003)).tracked.Add(kNoon, {1, 0}, Instant());
  row.At(LocalDay(20'001)).rating.Add({{LocalDay(20'001), 3, 2}});
  return row;
}

std::string BytesOf(const DaysRow& row) {
  std::string bytes;
  row.Encode(&bytes);
  return bytes;
}

TEST_CASE("a row of days gives back what was summed on each") {
  const std::string bytes = BytesOf(TwoDays());
  const DaysRow row = DaysRow::Decode(bytes).value();
  CHECK(BytesOf(row) == bytes);
  CHECK(row.Find(LocalDay(20'002)) == nullptr);
  REQUIRE(row.Find(LocalDay(20'001)) != nullptr);
  CHECK(row.Find(LocalDay(20'001))->tracked.empty());
  REQUIRE(row.Find(LocalDay(20'003)) != nullptr);
  CHECK(row.Find(LocalDay(20'003))->tracked.FirstDeadline(Instant()) == kNoon);
}

TEST_CASE("a day of which nothing is left is no more") {
  DaysRow row = TwoDays();
  row.DropIfEmpty(LocalDay(20'001));
  CHECK(row.Find(LocalDay(20'001)) != nullptr);
  row.At(LocalDay(20'001)).rating.Add({{LocalDay(20'001), 3, -2}});
  row.DropIfEmpty(LocalDay(20'001));
  CHECK(row.Find(LocalDay(20'001)) == nullptr);
  row.At(LocalDay(20'003)).tracked.Add(kNoon, {-1, 0}, Instant());
  row.DropIfEmpty(LocalDay(20'003));
  CHECK(row.empty());
}

TEST_CASE("readers get the parts of each day") {
  std::vector<int32_t> days;
  const absl::Status status =
      ForEachDay(BytesOf(TwoDays()), [&](LocalDay day, const DayBytes& of_day) {
        days.push_back(day.number());
        CHECK(of_day.rating.empty() == (day != LocalDay(20'001)));
        CHECK(of_day.sla.empty());
        CHECK(of_day.tracked.empty() == (day != LocalDay(20'003)));
        return absl::OkStatus();
      });
  CHECK(status.ok());
  CHECK(days == std::vector<int32_t>{20'001, 20'003});
}

TEST_CASE("a damaged row of days is told") {
  const std::string bytes = BytesOf(TwoDays());
  CHECK(absl::IsDataLoss(DaysRow::Decode(bytes.substr(0, bytes.size() - 1)).status()));
  // A day twice.
  CHECK(absl::IsDataLoss(DaysRow::Decode(std::string_view("\2\0\0\0\0\0\0\0", 8)).status()));
}

TEST_CASE("a row holds eight days of a seller, and one of all sellers") {
  const MarketCode market("PL");
  const auto first_of = [&](std::string_view owner, int32_t day) {
    return row_keys::ParseDays(row_keys::Days(owner, market, LocalDay(day))).first.number();
  };
  CHECK(first_of("anna", 16) == 16);
  CHECK(first_of("anna", 23) == 16);
  CHECK(first_of("anna", 24) == 24);
  CHECK(first_of("anna", -1) == -8);
  CHECK(first_of("anna", -8) == -8);
  CHECK(first_of("anna", -9) == -16);
  CHECK(first_of(kAllSellers, 23) == 23);
  // They sort by day, also across day 0.
  CHECK(row_keys::Days("anna", market, LocalDay(-1)) < row_keys::Days("anna", market, LocalDay(0)));
}

}  // namespace
}  // namespace flywheel
