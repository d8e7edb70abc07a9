#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "events/intake.h"

namespace flywheel {
namespace {

TEST_CASE("murmur2 equals the vectors of Kafka's Java client") {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  const std::pair<std::string_view, int32_t> vectors[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const auto& [text, hash] : vectors) {
    CAPTURE(text);
    CHECK(Murmur2(text) == hash);
  }
}

// Utils.murmur2 as the Java text computes it: signed 32-bit words, a switch that falls through.
int32_t JavaMurmur2(std::string_view data) {
  const auto byte = [&data](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(data[i]));
  };
  const uint32_t m = 0x5bd1e995;
  uint32_t h = 0x9747b28c ^ static_cast<uint32_t>(data.size());
  const size_t words = data.size() / 4;
  for (size_t i = 0; i < words; ++i) {
    uint32_t k = byte(4 * i) | byte(4 * i + 1) << 8 | byte(4 * i + 2) << 16 | byte(4 * i + 3) << 24;
    k *= m;
    k ^= k >> 24;
    k *= m;
    h *= m;
    h ^= k;
  }
  const size_t tail = data.size() & ~size_t{3};
  switch (data.size() % 4) {
    case 3:
      h ^= byte(tail + 2) << 16;
      [[fallthrough]];
    case 2:
      h ^= byte(tail + 1) << 8;
      [[fallthrough]];
    case 1:
      h ^= byte(tail);
      h *= m;
  }
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return static_cast<int32_t>(h);
}

TEST_CASE("murmur2 takes bytes above 127 and every length of the rest") {
  CHECK(Murmur2("") == 275646681);
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    bytes.push_back(static_cast<char>(i * 151 + 37));
    CAPTURE(i);
    CHECK(Murmur2(bytes) == JavaMurmur2(bytes));
  }
}

TEST_CASE("a seller's partition is in range, also where the hash is negative") {
  std::array<int, 7> sellers_per_partition{};
  for (int i = 0; i < 7000; ++i) {
    const Partition partition = PartitionOf("seller-" + std::to_string(i), 7);
    REQUIRE(partition.number() >= 0);
    REQUIRE(partition.number() < 7);
    ++sellers_per_partition[static_cast<size_t>(partition.number())];
  }
  for (const int sellers : sellers_per_partition) {
    CHECK(sellers > 800);
    CHECK(sellers < 1200);
  }
  // Java: Utils.toPositive(-973932308) % 12, where toPositive clears the sign bit.
  CHECK(PartitionOf("21", 12) == Partition((-973932308 & 0x7fffffff) % 12));
  CHECK(PartitionOf("anything", 1) == Partition(0));
}

}  // namespace
}  // namespace flywheel
