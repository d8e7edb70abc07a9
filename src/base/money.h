// Money: whole minor units of one currency.
#ifndef FLYWHEEL_BASE_MONEY_H_
#define FLYWHEEL_BASE_MONEY_H_

#include <cstdint>
#include <string_view>

namespace flywheel {

// An amount of one currency, never a float and never summed across currencies. The currency's bytes
// belong to whatever the value was read from.
struct Money {
  int64_t amount_minor = 0;
  std::string_view currency;  // ISO 4217; empty: no amount is given

  bool given() const { return !currency.empty(); }
  friend bool operator==(const Money&, const Money&) = default;
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_MONEY_H_
