// The digest by which bytes are compared: XXH3-128, in 32 hexadecimal digits.
#ifndef FLYWHEEL_BASE_DIGEST_H_
#define FLYWHEEL_BASE_DIGEST_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace flywheel {

std::string DigestOfBytes(std::string_view bytes);
// The text of a hash that was taken piece by piece: its two halves.
std::string DigestText(uint64_t high, uint64_t low);

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_DIGEST_H_
