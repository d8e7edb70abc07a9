#include "events/sha256.h"

#include <openssl/evp.h>

#include "base/status.h"

namespace flywheel {

Sha256 Sha256Of(std::string_view bytes) {
  Sha256 hash;
  const int hashed =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                 EVP_sha256(), nullptr);
  FLYWHEEL_CHECK(hashed == 1, "SHA-256 is always there");
  return hash;
}

}  // namespace flywheel
