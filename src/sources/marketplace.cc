#include "sources/marketplace.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/status.h"

namespace flywheel {
namespace {

constexpr std::string_view kZone = "Europe/Warsaw";
// What follows from an order is over by then.
constexpr uint32_t kDaysAfter = 500;
// In each such stretch of days something about a seller's standing may change once, and pass.
constexpr uint32_t kDaysOfChange = 120;
// What a Trait is about.
constexpr uint32_t kSellerTrait = 1;
constexpr uint32_t kBuyerTrait = 2;
constexpr uint32_t kChangeTrait = 3;

// Of how many orders a day has in the middle of the year, in percent, by month: sales in January,
// quiet summers, the months before Christmas.
constexpr std::array<uint32_t, 12> kSeason = {95, 90, 97, 98, 100, 95, 88, 90, 100, 108, 135, 140};
// Sunday .. Saturday, in percent.
constexpr std::array<uint32_t, 7> kWeek = {104, 112, 106, 103, 100, 92, 83};
// By local hour: nights are quiet, evenings are not.
constexpr std::array<uint32_t, 24> kHours = {12, 6,  4,  3,  3,  6,  16, 32, 48, 60, 66, 66,
                                             64, 62, 60, 60, 62, 66, 74, 86, 96, 92, 66, 32};

struct FixedHoliday {
  int month;
  int day;
};
// Days on which no carrier of the region works; the movable ones are left out.
constexpr std::array<FixedHoliday, 5> kHolidays = {{{1, 1}, {5, 1}, {11, 1}, {12, 25}, {12, 26}}};

}  // namespace

const std::array<SimulatedMarket, kMarkets>& SimulatedMarkets() {
  static constexpr std::array<SimulatedMarket, kMarkets> kAll = {{
      {"PL",
       "PLN",
       70,
       1000,
       100,
       99,
       {52, 28, 13, 7},
       {"automat-pl", "kurier-pl", "punkt-pl", "poczta-pl"},
       {"Wszystko zgodnie z opisem, szybka wysyłka. Polecam!", "Super kontakt, dobra cena.",
        "Paczka świetnie zabezpieczona, dziękuję."},
       {"Przesyłka dotarła z dużym opóźnieniem.", "Towar niezgodny z opisem, odradzam.",
        "Brak kontaktu ze sprzedawcą."}},
      {"CZ",
       "CZK",
       12,
       5900,
       1000,
       900,
       {22, 36, 36, 6},
       {"box-cz", "kuryr-cz", "vydejna-cz", "posta-cz"},
       {"Rychlé dodání, zboží v pořádku.", "Skvělá komunikace, doporučuji.", "Vše podle popisu."},
       {"Zásilka přišla pozdě.", "Zboží neodpovídá popisu.", "Prodejce nereaguje."}},
      {"SK",
       "EUR",
       6,
       235,
       100,
       99,
       {20, 42, 30, 8},
       {"box-sk", "kurier-sk", "vydajna-sk", "posta-sk"},
       {"Rýchle dodanie, odporúčam.", "Tovar v poriadku.", "Výborná komunikácia."},
       {"Zásielka meškala.", "Tovar nezodpovedá popisu.", "Predajca nekomunikuje."}},
      {"HU",
       "HUF",
       7,
       93000,
       10000,
       9000,
       {24, 50, 16, 10},
       {"automata-hu", "futar-hu", "pont-hu", "posta-hu"},
       {"Gyors szállítás, köszönöm!", "Minden rendben volt.", "A leírásnak megfelelő termék."},
       {"Későn érkezett a csomag.", "Sérült volt a termék.", "Az eladó nem válaszol."}},
      {"SI",
       "EUR",
       2,
       245,
       100,
       99,
       {16, 54, 18, 12},
       {"paketomat-si", "kurir-si", "prevzem-si", "posta-si"},
       {"Hitra dostava, priporočam.", "Vse v redu.", "Odlična komunikacija."},
       {"Paket je zamujal.", "Izdelek ne ustreza opisu.", "Prodajalec se ne odziva."}},
      {"HR",
       "EUR",
       3,
       240,
       100,
       99,
       {18, 52, 18, 12},
       {"paketomat-hr", "kurir-hr", "preuzimanje-hr", "posta-hr"},
       {"Brza dostava, preporučujem.", "Sve je u redu.", "Odlična komunikacija."},
       {"Paket je kasnio.", "Proizvod ne odgovara opisu.", "Prodavatelj ne odgovara."}},
  }};
  return kAll;
}

SimulatedCalendar::SimulatedCalendar(const TimeZone& zone, Instant first, uint32_t days) {
  const LocalDay first_day = zone.Day(first);
  first_day_ = static_cast<uint64_t>(first_day.number());
  for (uint32_t i = 0; i < days; ++i) {
    const LocalDay day = first_day.Plus(static_cast<int32_t>(i));
    const CivilTime date = DateOfDay(day);
    starts_.push_back(zone.StartOf(day));
    day_of_year_.push_back(
        static_cast<int16_t>(day.number() - DayOfDate(date.year, 1, 1).number()));
    holiday_.push_back(std::any_of(
        kHolidays.begin(), kHolidays.end(),
        [&date](const FixedHoliday& h) { return h.month == date.month && h.day == date.day; }));
  }
  starts_.push_back(zone.StartOf(first_day.Plus(static_cast<int32_t>(days))));
}

size_t SimulatedCalendar::DayOf(Instant at) const {
  // Days differ from 24 hours by at most one, so the guess is at most one day off.
  const int64_t since = at.number() - starts_[0].number();
  size_t day = std::min(static_cast<size_t>(since / kMillisPerDay), days() - 1);
  while (at < starts_[day]) --day;
  while (day + 1 < days() && at >= starts_[day + 1]) ++day;
  return day;
}

size_t SimulatedCalendar::WorkingDayFrom(size_t day) const {
  while (day + 1 < days() && !IsWorkingDay(day)) ++day;
  return day;
}

size_t SimulatedCalendar::AddWorkingDays(size_t day, int64_t count) const {
  for (; count > 0 && day + 1 < days(); --count) day = WorkingDayFrom(day + 1);
  return std::min(day, days() - 1);
}

Instant SimulatedCalendar::Within(size_t day, int64_t from_hour, int64_t to_hour,
                                  Random* random) const {
  return starts_[day].Plus(
      random->Between(from_hour * kMillisPerHour, to_hour * kMillisPerHour - 1));
}

Instant SimulatedCalendar::OpenFrom(Instant earliest, int64_t from_hour, int64_t to_hour,
                                    bool saturdays, Random* random) const {
  for (size_t day = DayOf(earliest); day + 1 < days(); ++day) {
    const bool open = IsWorkingDay(day) || (saturdays && Weekday(day) == 6 && !IsHoliday(day));
    const Instant opens = std::max(earliest, starts_[day].Plus(from_hour * kMillisPerHour));
    const Instant closes = starts_[day].Plus(to_hour * kMillisPerHour);
    if (!open || opens >= closes) continue;
    return opens.Plus(random->Between(0, closes.number() - opens.number() - 1));
  }
  return earliest;
}

Marketplace::Marketplace(const SimulatorOptions& options, const TimeZone& zone)
    : options_(options),
      seed_(Spread(options.seed)),
      calendar_(zone, options.start.Plus(-2 * kMillisPerDay), options.days + kDaysAfter),
      buyers_(std::max<uint32_t>(1, options.orders / 5 * 2)) {
  MakeSellers();
  MakeArrivals();
}

absl::StatusOr<Marketplace> Marketplace::Build(const SimulatorOptions& options) {
  ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::Load(kZone));
  return Marketplace(options, zone);
}

void Marketplace::MakeSellers() {
  std::array<uint32_t, kMarkets> shares;
  for (uint8_t m = 0; m < kMarkets; ++m) shares[m] = SimulatedMarkets()[m].share;
  const auto period = static_cast<int64_t>(options_.days) * 24 * 60;  // minutes
  sellers_.resize(options_.sellers);
  for (uint32_t i = 0; i < options_.sellers; ++i) {
    Random random(Trait(kSellerTrait, i));
    SimulatedSeller& seller = sellers_[i];
    const bool large = i < 20 || i < options_.sellers / 20;
    seller.home = static_cast<uint8_t>(i == 0 ? 0 : random.Pick(shares));
    seller.markets = static_cast<uint8_t>(1u << seller.home);
    for (uint8_t m = 0; m < kMarkets; ++m) {
      // The largest sells everywhere, so that every market has a seller.
      if (i == 0 || random.Chance(large ? 200'000 : 60'000)) {
        seller.markets = static_cast<uint8_t>(seller.markets | 1u << m);
      }
    }
    // Most are good, few are bad; the large ones would not be large if they were bad.
    const uint32_t luck = std::min(random.Below(1000), random.Below(1000));
    seller.faults = static_cast<uint16_t>(luck * random.Below(1000) / (large ? 2000 : 1000));
    seller.handling_days = static_cast<uint8_t>(random.Pick({65, 27, 6, 2}));
    seller.offers = static_cast<uint32_t>(5 + 4000 / (1 + i / 4) + random.Below(60));
    const bool joins_later = !large && random.Chance(120'000);
    const int64_t minutes =
        joins_later ? static_cast<int64_t>(random.Below(static_cast<uint32_t>(period * 7 / 10)))
                    : -random.Between(1, 1440);
    seller.joined = options_.start.Plus(minutes * kMillisPerMinute);
    // Zipf: the size falls with the rank.
    const uint64_t size = (uint64_t{1} << 40) / (i + 2);
    for (uint8_t m = 0; m < kMarkets; ++m) {
      if ((seller.markets >> m & 1) == 0) continue;
      choices_[m].push_back({weights_[m], i});
      weights_[m] += m == seller.home ? size : size / 4;
    }
  }
}

void Marketplace::MakeArrivals() {
  arrivals_.push_back(0);
  for (uint32_t hour = 0; hour < options_.days * 24; ++hour) {
    const Instant at = options_.start.Plus(int64_t{hour} * kMillisPerHour);
    const size_t day = calendar_.DayOf(at);
    const auto local_hour =
        static_cast<size_t>((at.number() - calendar_.StartOf(day).number()) / kMillisPerHour % 24);
    const int day_of_year = calendar_.DayOfYear(day);
    const auto month = static_cast<size_t>(std::min(day_of_year / 30, 11));
    uint64_t weight = uint64_t{kSeason[month]} *
                      kWeek[static_cast<size_t>(calendar_.Weekday(day))] * kHours[local_hour];
    if (day_of_year >= 328 && day_of_year <= 333) weight = weight * 3 / 2;  // the November sales
    if (day_of_year >= 355 && day_of_year <= 360) weight /= 2;              // Christmas itself
    arrivals_.push_back(arrivals_.back() + weight / 100);
  }
}

uint64_t Marketplace::OrdersBefore(size_t hour) const {
  // At most 10^9 orders and 87,600 hours of weights below 10^5: no overflow.
  const uint64_t whole = arrivals_.back();
  const uint64_t orders = options_.orders;
  return orders / whole * arrivals_[hour] + orders % whole * arrivals_[hour] / whole;
}

SimulatedBuyer Marketplace::buyer(uint32_t index) const {
  Random random(Trait(kBuyerTrait, index));
  SimulatedBuyer buyer;
  uint32_t left = random.Below(100);
  while (left >= SimulatedMarkets()[buyer.home].share) {
    left -= SimulatedMarkets()[buyer.home++].share;
  }
  buyer.abroad = random.Chance(30'000) ? static_cast<uint8_t>(random.Below(kMarkets)) : buyer.home;
  buyer.smart = random.Chance(buyer.home == 0 ? 450'000 : 150'000);
  buyer.mood = static_cast<int32_t>(random.Between(-80, 80));
  return buyer;
}

uint32_t Marketplace::PickSeller(uint8_t market, Instant at, Random* random) const {
  const std::vector<Choice>& choices = choices_[market];
  for (int attempt = 0; attempt < 8; ++attempt) {
    const uint64_t whole = weights_[market] >> 10;
    const uint64_t draw = (random->Next() % whole) << 10;
    const auto after =
        std::upper_bound(choices.begin(), choices.end(), draw,
                         [](uint64_t w, const Choice& choice) { return w < choice.weight_before; });
    const uint32_t seller = std::prev(after)->seller;
    if (sellers_[seller].joined < at) return seller;
  }
  return 0;  // sells everywhere from the start
}

void Marketplace::AddChanges(uint32_t index, std::vector<SellerStep>* steps) const {
  // Fees, breach, super seller, free returns, nothing; worse sellers are more often in trouble.
  constexpr std::array kNews = {SellerNews::kFeesOverdue, SellerNews::kBreach,
                                SellerNews::kSuperSeller, SellerNews::kFreeReturns,
                                SellerNews::kStanding};
  const SimulatedSeller& seller = sellers_[index];
  const uint32_t faults = seller.faults;
  const Instant first = std::max(seller.joined, options_.start);
  for (uint32_t begin = 0; begin < options_.days; begin += kDaysOfChange) {
    Random random(Trait(kChangeTrait, uint64_t{begin / kDaysOfChange} << 32 | index));
    const uint32_t minutes = std::min(kDaysOfChange, options_.days - begin) * 24 * 60;
    const Instant change =
        first.Plus((begin + 1) * kMillisPerDay + int64_t{random.Below(minutes)} * kMillisPerMinute);
    const Instant end = change.Plus(random.Between(3, 20) * kMillisPerDay);
    const SellerNews news =
        kNews[random.Pick({40 + faults / 4, 5 + faults / 10, faults < 60 ? 80u : 5u, 40, 800})];
    const bool super_seller = news == SellerNews::kSuperSeller;
    const bool passes = news == SellerNews::kFeesOverdue || news == SellerNews::kBreach ||
                        (super_seller && random.Chance(kMillion / 2));
    for (uint8_t m = 0; m < kMarkets; ++m) {
      if ((seller.markets >> m & 1) == 0 || news == SellerNews::kStanding) continue;
      steps->push_back({change, index, m, news});
      if (passes) steps->push_back({end, index, m, SellerNews::kStanding});
    }
  }
}

std::vector<SellerStep> Marketplace::SellerSteps() const {
  std::vector<SellerStep> steps;
  for (uint32_t i = 0; i < options_.sellers; ++i) {
    const SimulatedSeller& seller = sellers_[i];
    steps.push_back({seller.joined, i, seller.home, SellerNews::kRegistered});
    for (uint8_t m = 0; m < kMarkets; ++m) {
      if ((seller.markets >> m & 1) == 0) continue;
      steps.push_back({seller.joined.Plus(1), i, m, SellerNews::kStanding});
    }
    AddChanges(i, &steps);
  }
  std::sort(steps.begin(), steps.end(), [](const SellerStep& a, const SellerStep& b) {
    return std::tie(a.at, a.seller, a.news, a.market) < std::tie(b.at, b.seller, b.news, b.market);
  });
  return steps;
}

}  // namespace flywheel
