#include "projections/models/duration_buckets.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "effort.h"

namespace flywheel {
namespace {

// A duration of any size, as likely short as long.
int64_t AnyDuration(std::mt19937_64& random) {
  return static_cast<int64_t>(random() >> (20 + random() % 44));
}

TEST_CASE("durations below 128 ms are exact, longer ones the middle of their bucket") {
  for (int64_t ms = 0; ms < 128; ++ms) {
    DurationBuckets histogram;
    histogram.Add(ms);
    CHECK(histogram.Quantile(50) == ms);
  }
  // An octave from 128 on has 64 buckets of 2 ms, from 2^20 on of 2^14 ms.
  DurationBuckets histogram;
  histogram.Add(130);
  CHECK(histogram.Quantile(50) == 131);
  histogram.Add(131);
  CHECK(histogram.Quantile(99) == 131);
  histogram.Add((int64_t{1} << 20) + (int64_t{1} << 14));
  CHECK(histogram.Quantile(99) == (int64_t{1} << 20) + (int64_t{3} << 13));
}

TEST_CASE("a quantile is the value at rank ceil(percent x n / 100)") {
  DurationBuckets histogram;
  CHECK(histogram.Quantile(50) == std::nullopt);
  for (int64_t ms = 1; ms <= 100; ++ms) histogram.Add(ms);
  CHECK(histogram.Quantile(50) == 50);
  CHECK(histogram.Quantile(90) == 90);
  CHECK(histogram.Quantile(99) == 99);
  histogram.Add(101);
  CHECK(histogram.Quantile(50) == 51);  // rank 50.5, so 51
  CHECK(histogram.Quantile(99) == 100);
  DurationBuckets two;
  two.Add(1);
  two.Add(5);
  CHECK(two.Quantile(50) == 1);
  CHECK(two.Quantile(90) == 5);
}

TEST_CASE("no quantile is wrong by more than one percent") {
  std::mt19937_64 random(7);
  for (int i = 0; i < Effort(300, 50); ++i) {
    std::vector<int64_t> durations(1 + random() % 200);
    DurationBuckets histogram;
    for (int64_t& duration : durations) {
      duration = AnyDuration(random);
      histogram.Add(duration);
    }
    std::sort(durations.begin(), durations.end());
    for (const int percent : {50, 90, 99}) {
      const size_t rank = (static_cast<size_t>(percent) * durations.size() + 99) / 100;
      const auto exact = static_cast<double>(durations[rank - 1]);
      const auto given = static_cast<double>(histogram.Quantile(percent).value());
      CHECK(std::abs(given - exact) <= exact / 100);
    }
  }
}

TEST_CASE("histograms join, come apart again, and survive being written down") {
  std::mt19937_64 random(8);
  for (int i = 0; i < Effort(200, 50); ++i) {
    DurationBuckets left;
    DurationBuckets both;
    std::vector<int64_t> added;
    for (size_t n = random() % 50; n > 0; --n) {
      const int64_t ms = AnyDuration(random);
      left.Add(ms);
      both.Add(ms);
    }
    DurationBuckets right;
    for (size_t n = random() % 50; n > 0; --n) {
      added.push_back(AnyDuration(random));
      right.Add(added.back());
      both.Add(added.back());
    }
    DurationBuckets joined = left;
    joined.Add(right);
    CHECK(joined == both);
    for (const int64_t ms : added) joined.Add(ms, -1);
    CHECK(joined == left);

    std::string bytes;
    ByteWriter writer(&bytes);
    both.Encode(&writer);
    ByteReader reader(bytes);
    DurationBuckets read;
    REQUIRE(DurationBuckets::Decode(&reader, &read));
    CHECK(reader.done());
    CHECK(read == both);
  }
}

TEST_CASE("bytes that are no histogram are refused") {
  for (const std::string& bytes :
       {std::string("\x01", 1), std::string("\x01\x05\x00", 3),  // a count of 0
        std::string("\x02\x05\x02\x00\x02", 5),                  // a bucket twice
        std::string("\x01\xff\xff\x03\x02", 5), std::string("\xff\xff\x7f", 3)}) {
    ByteReader reader(bytes);
    DurationBuckets read;
    CHECK_FALSE(DurationBuckets::Decode(&reader, &read));
  }
}

}  // namespace
}  // namespace flywheel
