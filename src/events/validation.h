// What the rules of validation.cc and intake share.
#ifndef FLYWHEEL_EVENTS_VALIDATION_H_
#define FLYWHEEL_EVENTS_VALIDATION_H_

#include <string_view>

namespace flywheel {

// The seller_id as a refusal may name it: itself, or empty where it breaks the rules of an id.
std::string_view SellerForRefusal(std::string_view seller_id);

// A UUID of any version in its text form: 8-4-4-4-12 hexadecimal digits.
bool IsUuid(std::string_view text);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_VALIDATION_H_
