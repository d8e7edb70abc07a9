// SHA-256 of bytes.
#ifndef FLYWHEEL_EVENTS_SHA256_H_
#define FLYWHEEL_EVENTS_SHA256_H_

#include <array>
#include <string_view>

namespace flywheel {

using Sha256 = std::array<char, 32>;

Sha256 Sha256Of(std::string_view bytes);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_SHA256_H_
