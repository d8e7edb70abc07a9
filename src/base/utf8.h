// Valid UTF-8, as protobuf demands it of string fields.
#ifndef FLYWHEEL_BASE_UTF8_H_
#define FLYWHEEL_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flywheel {

// True when the bytes are UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above
// U+10FFFF. U+0000 is allowed. The general case of IsUtf8.
bool IsUtf8BeyondAscii(std::string_view bytes);

// The same; fast where all bytes are ASCII.
inline bool IsUtf8(std::string_view bytes) {
  constexpr uint64_t kTopBits = 0x8080808080808080;
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t any = 0;
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    any |= word;
  }
  for (; left > 0; --left, ++at) any |= static_cast<uint8_t>(*at);
  if ((any & kTopBits) == 0) [[likely]] {
    return true;
  }
  return IsUtf8BeyondAscii(bytes);
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_UTF8_H_
