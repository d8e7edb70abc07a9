#include "base/utf8.h"

namespace flywheel {
namespace {

uint32_t Byte(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

// Length of the character at the front, 0 when it is not valid. Table 3-7 of the Unicode standard.
size_t CharacterLength(std::string_view bytes) {
  const uint32_t lead = Byte(bytes, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  // Overlong forms, surrogates and what is above U+10FFFF show in the second byte.
  const uint32_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint32_t greatest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (Byte(bytes, 1) < least || Byte(bytes, 1) > greatest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((Byte(bytes, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool IsUtf8BeyondAscii(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace flywheel
