// The text form of a UUID.
#ifndef FLYWHEEL_BASE_UUID_H_
#define FLYWHEEL_BASE_UUID_H_

#include <cstdint>
#include <string>

namespace flywheel {

inline constexpr size_t kUuidTextBytes = 36;

// Writes the UUID of 128 bits whose version and variant bits (RFC 9562) are set here.
inline void WriteUuid(uint64_t high, uint64_t low, uint64_t version, std::string* text) {
  static constexpr char kHex[] = "0123456789abcdef";
  high = (high & ~uint64_t{0xF000}) | version << 12;
  low = (low & (~uint64_t{0} >> 2)) | uint64_t{1} << 63;
  text->resize(kUuidTextBytes);
  char* out = text->data();
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) *out++ = '-';
    const uint64_t word = nibble < 16 ? high : low;
    *out++ = kHex[word >> (60 - 4 * (nibble % 16)) & 15];
  }
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_UUID_H_
