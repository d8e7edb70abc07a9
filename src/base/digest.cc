#include "base/digest.h"

#include "absl/strings/str_format.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {

std::string DigestText(uint64_t high, uint64_t low) {
  return absl::StrFormat("%016x%016x", high, low);
}

std::string DigestOfBytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return DigestText(hash.high64, hash.low64);
}

}  // namespace flywheel
