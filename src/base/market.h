// Codes of markets.
#ifndef FLYWHEEL_BASE_MARKET_H_
#define FLYWHEEL_BASE_MARKET_H_

#include <compare>
#include <cstdint>
#include <string_view>
#include <utility>

namespace flywheel {

// An ISO 3166 code of two capital letters; default: none. Any other text is none.
class MarketCode {
 public:
  constexpr MarketCode() = default;
  constexpr explicit MarketCode(std::string_view text) {
    if (text.size() == 2 && IsCapital(text[0]) && IsCapital(text[1])) {
      letters_[0] = text[0];
      letters_[1] = text[1];
    }
  }

  constexpr bool given() const { return letters_[0] != '\0'; }
  constexpr std::string_view text() const { return {letters_, given() ? 2U : 0U}; }

  friend constexpr auto operator<=>(const MarketCode&, const MarketCode&) = default;
  template <class H>
  friend H AbslHashValue(H h, const MarketCode& market) {
    return H::combine(std::move(h), market.letters_[0], market.letters_[1]);
  }

 private:
  static constexpr bool IsCapital(char letter) { return letter >= 'A' && letter <= 'Z'; }

  char letters_[2] = {'\0', '\0'};
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_MARKET_H_
