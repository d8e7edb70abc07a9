// Who and what the simulated marketplace consists of: markets, sellers, buyers, the calendar. All
// of it follows from the options; nothing here changes while the simulation runs.
#ifndef FLYWHEEL_SOURCES_MARKETPLACE_H_
#define FLYWHEEL_SOURCES_MARKETPLACE_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "events/vocabulary.h"
#include "sources/random.h"
#include "sources/simulator.h"

namespace flywheel {

inline constexpr uint8_t kMarkets = 6;

// A market as the simulation knows it. Prices are thought of in grosz and converted.
struct SimulatedMarket {
  std::string_view code;
  std::string_view currency;
  uint32_t share;                             // of the buyers, of 100
  int64_t minor_per_thousand_grosz;           // the price level
  int64_t price_step;                         // prices are a multiple of it ...
  int64_t price_ending;                       // ... plus this
  std::array<uint32_t, 4> method_shares;      // locker, courier, pickup point, post; of 100
  std::array<std::string_view, 4> carriers;   // in the same order
  std::array<std::string_view, 3> praise;     // what a happy buyer writes
  std::array<std::string_view, 3> complaint;  // and another one
};
const std::array<SimulatedMarket, kMarkets>& SimulatedMarkets();

// Days and opening hours. All six markets keep Central European Time.
class SimulatedCalendar {
 public:
  SimulatedCalendar(const TimeZone& zone, Instant first, uint32_t days);

  // Index of the instant's local day. The last day stands for all that follow.
  size_t DayOf(Instant at) const;
  Instant StartOf(size_t day) const { return starts_[day]; }
  Instant EndOf(size_t day) const { return starts_[day + 1].Plus(-1); }
  // 0 Sunday .. 6 Saturday.
  int Weekday(size_t day) const { return static_cast<int>((first_day_ + day + 4) % 7); }
  int DayOfYear(size_t day) const { return day_of_year_[day]; }
  bool IsHoliday(size_t day) const { return holiday_[day]; }
  bool IsWorkingDay(size_t day) const {
    return Weekday(day) != 0 && Weekday(day) != 6 && !IsHoliday(day);
  }
  // The day itself or the next one on which people work.
  size_t WorkingDayFrom(size_t day) const;
  // `count` working days after the day.
  size_t AddWorkingDays(size_t day, int64_t count) const;
  // An instant between two hours of a day.
  Instant Within(size_t day, int64_t from_hour, int64_t to_hour, Random* random) const;
  // An instant at or after `earliest`, between two hours, on a working day (or a Saturday).
  Instant OpenFrom(Instant earliest, int64_t from_hour, int64_t to_hour, bool saturdays,
                   Random* random) const;
  size_t days() const { return holiday_.size(); }

 private:
  uint64_t first_day_;
  std::vector<Instant> starts_;
  std::vector<int16_t> day_of_year_;
  std::vector<bool> holiday_;
};

struct SimulatedSeller {
  Instant joined;             // when it says so on the marketplace; sells from then on
  uint16_t faults = 0;        // 0 (excellent) .. 999: the hidden quality, upside down
  uint8_t home = 0;           // market
  uint8_t markets = 0;        // a bit for each market in which it sells
  uint8_t handling_days = 0;  // promised working days until dispatch
  uint32_t offers = 1;
};

struct SimulatedBuyer {
  uint8_t home = 0;    // market
  uint8_t abroad = 0;  // another market; home for most
  bool smart = false;  // a member
  int32_t mood = 0;    // how easily pleased
};

// What a seller says or what changes about it.
enum class SellerNews : uint8_t {
  kRegistered,
  kStanding,  // as it is from the start, or again
  kFeesOverdue,
  kBreach,
  kSuperSeller,
  kFreeReturns,
};
struct SellerStep {
  Instant at;
  uint32_t seller = 0;
  uint8_t market = 0;
  SellerNews news = SellerNews::kRegistered;
};

// Concurrency: immutable after Build.
class Marketplace {
 public:
  // REQUIRES: options that CheckSimulatorOptions takes.
  static absl::StatusOr<Marketplace> Build(const SimulatorOptions& options);

  const SimulatorOptions& options() const { return options_; }
  const SimulatedCalendar& calendar() const { return calendar_; }
  const SimulatedSeller& seller(uint32_t index) const { return sellers_[index]; }
  SimulatedBuyer buyer(uint32_t index) const;
  uint32_t buyers() const { return buyers_; }

  // A number that belongs to (what, index) in this marketplace alone.
  uint64_t Trait(uint32_t what, uint64_t index) const { return Combine(seed_ + what, index); }

  // A seller that sells in the market at that time, likelier the larger it is.
  uint32_t PickSeller(uint8_t market, Instant at, Random* random) const;

  // All registrations and standings, by time.
  std::vector<SellerStep> SellerSteps() const;

  // How many orders are placed in the hours since the start: increasing, the last is
  // options.orders.
  uint64_t OrdersBefore(size_t hour) const;
  size_t hours() const { return arrivals_.size() - 1; }

 private:
  Marketplace(const SimulatorOptions& options, const TimeZone& zone);
  void MakeSellers();
  void MakeArrivals();
  // What changes about the seller's standing after it has joined.
  void AddChanges(uint32_t index, std::vector<SellerStep>* steps) const;

  SimulatorOptions options_;
  uint64_t seed_;
  SimulatedCalendar calendar_;
  uint32_t buyers_;
  std::vector<SimulatedSeller> sellers_;
  struct Choice {
    uint64_t weight_before;
    uint32_t seller;
  };
  std::array<std::vector<Choice>, kMarkets> choices_;
  std::array<uint64_t, kMarkets> weights_{};
  std::vector<uint64_t> arrivals_;  // summed weights of the hours, with a 0 in front
};

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_MARKETPLACE_H_
