#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/status.h"
#include "events/intake.h"

namespace flywheel {
namespace {

// The numbers of org.apache.kafka.common.utils.Utils.murmur2.
constexpr uint32_t kSeed = 0x9747b28c;
constexpr uint32_t kMultiplier = 0x5bd1e995;
constexpr int kShift = 24;

uint32_t LittleEndian32(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

uint32_t Byte(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

}  // namespace

int32_t Murmur2(std::string_view bytes) {
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    uint32_t word = LittleEndian32(bytes.data()) * kMultiplier;
    word ^= word >> kShift;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
  }
  if (!bytes.empty()) {
    if (bytes.size() == 3) hash ^= Byte(bytes, 2) << 16;
    if (bytes.size() >= 2) hash ^= Byte(bytes, 1) << 8;
    hash = (hash ^ Byte(bytes, 0)) * kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

Partition PartitionOf(std::string_view seller_id, int32_t partitions) {
  FLYWHEEL_CHECK(partitions > 0, "a log has at least one partition");
  return Partition((Murmur2(seller_id) & INT32_MAX) % partitions);
}

}  // namespace flywheel
