#include "property/instants.h"

#include <string>
#include <vector>

#include "property/folding.h"

namespace flywheel {
namespace {

const std::string& AnyMarket(std::mt19937_64& random) {
  const std::vector<std::string>& markets = MarketsOfHistories();
  return markets[Below(random, markets.size())];
}

uint8_t Number(std::mt19937_64& random) { return static_cast<uint8_t>(Below(random, 16)); }

}  // namespace

Instant AnyInstant(const History& history, const Narration& narration, Instant log_clock,
                   std::mt19937_64& random) {
  const uint64_t kind = Below(random, 4);
  if (kind == 0 && !narration.instants.empty()) {
    return narration.instants[Below(random, narration.instants.size())];
  }
  if (kind <= 1) {
    const std::string& market = AnyMarket(random);
    const uint8_t day = Number(random);
    return InstantAt(history, market, day, Number(random));
  }
  if (kind == 2) return log_clock;
  return log_clock.Plus(static_cast<int64_t>(Below(random, 400 * kMillisPerDay)));
}

Instant AnyDayEnd(const History& history, std::mt19937_64& random) {
  // The time of that number is 1 ms before the day starts.
  constexpr uint8_t kBeforeStart = 1;
  const std::string& market = AnyMarket(random);
  return InstantAt(history, market, Number(random), kBeforeStart);
}

Instant AnyKnownAt(const Narration& narration, std::mt19937_64& random) {
  return narration.recorded[Below(random, narration.recorded.size())].Plus(
      static_cast<int64_t>(Below(random, 3)) - 1);
}

}  // namespace flywheel
