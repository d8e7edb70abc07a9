// Bytes that no row has, as the fuzzer found them: they are damage, and nothing is computed with
// them.
#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "projections/facts/order_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/day_set.h"
#include "projections/models/days_row.h"
#include "projections/models/sla.h"
#include "projections/models/smart_row.h"

namespace flywheel {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST_CASE("deadlines of a placing day that do not rise, or leave the numbers, are damage") {
  const auto day = [](int64_t first, int64_t step) {
    std::string bytes;
    ByteWriter writer(&bytes);
    for (const int64_t number :
         {int64_t{0}, int64_t{0}, first, int64_t{1}, int64_t{0}, step, int64_t{1}, int64_t{0}}) {
      writer.Signed(number);
    }
    return TrackedDay::Decode(bytes).status();
  };
  CHECK(day(1000, 1).ok());
  CHECK(absl::IsDataLoss(day(1000, 0)));
  CHECK(absl::IsDataLoss(day(1000, -1)));
  CHECK(absl::IsDataLoss(day(1000, kMost)));
}

TEST_CASE("a day that no calendar has is damage") {
  const auto days = [](int64_t first, int64_t step) {
    std::string bytes;
    ByteWriter writer(&bytes);
    for (const int64_t number : {first, step}) {
      writer.Signed(number);
      for (int part = 0; part < 3; ++part) writer.String("");
    }
    return DaysRow::Decode(bytes).status();
  };
  CHECK(days(20'000, 1).ok());
  CHECK(absl::IsDataLoss(days(20'000, 0)));
  CHECK(absl::IsDataLoss(days(20'000, int64_t{1} << 40)));
  CHECK(absl::IsDataLoss(days(20'000, kMost)));
}

TEST_CASE("an open clock that is due after all numbers is damage") {
  const auto clock = [](int64_t opened, int64_t length) {
    std::string bytes;
    ByteWriter writer(&bytes);
    writer.Byte(0);
    writer.String("id");
    writer.Signed(opened);
    writer.Signed(length);
    return ForEachOpenClock(bytes, "o", [](const OpenClock&) {});
  };
  CHECK(clock(1000, kMost - 1000).ok());
  CHECK(absl::IsDataLoss(clock(1000, kMost)));
}

TEST_CASE("an order or a seller with a market that is none is damage") {
  OrderRow placed;
  Fact fact;
  fact.kind = EventKind::kOrderPlaced;
  fact.market = MarketCode("PL");
  fact.body.emplace<OrderPlacedFact>();
  placed.Place(fact);
  std::string order;
  placed.Encode(&order);
  REQUIRE(OrderRow::Decode(order).ok());
  order.replace(order.find("PL"), 2, "P\1");
  CHECK(absl::IsDataLoss(OrderRow::Decode(order).status()));

  SellerRow named;
  named.Name(MarketCode("PL"), Instant(1));
  std::string seller;
  named.Encode(&seller);
  REQUIRE(SellerRow::Decode(seller).ok());
  seller.replace(seller.find("PL"), 2, "pl");
  CHECK(absl::IsDataLoss(SellerRow::Decode(seller).status()));
}

TEST_CASE("a set of days that begins beyond all days is read as some set") {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.Unsigned(1);
  writer.Signed(kMost);
  for (int i = 0; i < 8; ++i) writer.Byte(1);
  ByteReader reader(bytes);
  const DaySet days = DaySet::Decode(&reader);
  CHECK(reader.ok());
  CHECK(days.First().has_value());
}

}  // namespace
}  // namespace flywheel
