// The keys of a cell's rows. A key sorts next to what is read together with it: all rows of a
// seller's orders, all days of a seller's rating in a market. Ids contain no control characters, so
// a zero byte ends them.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_ROW_KEYS_H_
#define FLYWHEEL_PROJECTIONS_FACTS_ROW_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/market.h"
#include "base/strong.h"
#include "events/intake.h"
#include "projections/facts/order_row.h"

namespace flywheel {

// The first byte of a key.
enum class RowType : char {
  kBuyer = 'B',            // seller, buyer, chunk        -> BuyerRow
  kOpenClocks = 'C',       // seller, market, day, order  -> OpenClock, each
  kDays = 'D',             // seller, market, first day   -> DaysRow
  kErasedBuyer = 'E',      // buyer                       -> place
  kSmartChange = 'H',      // seller, market, number      -> SmartChange
  kRefusedIdentity = 'I',  // seller, order, content hash -> offset of the quarantine entry
  kIntakeIdentity = 'J',   // hash of source, place, sha  -> offset of the quarantine entry
  kSellerClock = 'L',      // seller, recorded_at falling -> clock
  kCell = 'M',             // -                           -> CellRow
  kNamed = 'N',            // kind, id, seller, order     -> nothing
  kOrder = 'O',            // seller, order               -> OrderRow
  kPolicy = 'P',           // version                     -> PolicyRow
  kQuarantine = 'Q',       // offset                      -> QuarantineRow
  kSeller = 'S',           // seller                      -> SellerRow
  kStanding = 'T',         // seller, market, occurred_at -> StandingRow
  kSmartDue = 'U',         // instant, seller, market     -> nothing
  kWaitingDeadline = 'W',  // deadline, offset            -> seller, order
  kSmart = 'X',            // seller, market              -> SmartRow
  kTick = 'Y',             // recorded_at falling         -> tick
};

// Rows of sums over all sellers of the cell stand under kAllSellers, which intake refuses as an id.

// The days that a row of a seller's days holds. More would make fewer rows, each of which is
// written again for more orders. The sums over all sellers change with every order: one day a row.
inline constexpr int32_t kDaysPerRow = 8;

namespace row_keys {

std::string Prefix(RowType type);
void OfSellerTo(std::string_view seller, std::string* key);
std::string OfSeller(std::string_view seller);
std::string SellerPrefix(RowType type, std::string_view seller);
void OrderTo(std::string_view seller, std::string_view order, std::string* key);
std::string Order(std::string_view seller, std::string_view order);
void BuyerTo(std::string_view seller, std::string_view buyer, uint32_t chunk, std::string* key);
std::string Buyer(std::string_view seller, std::string_view buyer, uint32_t chunk);
std::string DaysPrefix(std::string_view seller, MarketCode market);
// The key of the row that holds the day.
void DaysTo(std::string_view seller, MarketCode market, LocalDay day, std::string* key);
std::string Days(std::string_view seller, MarketCode market, LocalDay day);
std::string OpenClocks(std::string_view seller, MarketCode market, LocalDay day,
                       std::string_view order);
std::string Standing(std::string_view seller, MarketCode market, Instant occurred_at);
std::string Quarantine(Offset offset);
std::string RefusedIdentity(std::string_view seller, std::string_view order,
                            const ContentHash& hash);
std::string IntakeIdentity(const ContentHash& hash);
std::string WaitingDeadline(Instant deadline, Offset offset);
// Which orders have a parcel or return of this id; the kind is that of the event that made it.
std::string NamedPrefix(EventKind kind, std::string_view id);
std::string Named(EventKind kind, std::string_view id, std::string_view seller,
                  std::string_view order);
std::string Smart(std::string_view seller, MarketCode market);
void SmartTo(std::string_view seller, MarketCode market, std::string* key);
std::string SmartChangePrefix(std::string_view seller, MarketCode market);
std::string SmartChange(std::string_view seller, MarketCode market, uint64_t number);
// `owner`: what follows the row type in the key of a SmartRow.
std::string SmartDue(Instant at, std::string_view owner);
// The newest record comes first, so that the first row of a scan from a known_at on is the clock
// that was known then.
std::string SellerClock(std::string_view seller, Instant recorded_at);
std::string Tick(Instant recorded_at);
std::string Policy(uint32_t version);
std::string ErasedBuyer(std::string_view buyer);
std::string Cell();

// The parts of the keys that are scanned.
struct OrderKey {
  std::string_view seller;
  std::string_view order;
};
OrderKey ParseOrder(std::string_view key);
OrderKey ParseNamed(std::string_view key);
struct DaysKey {
  std::string_view seller;
  MarketCode market;
  LocalDay first;
};
DaysKey ParseDays(std::string_view key);
struct OpenClocksKey {
  std::string_view seller;
  MarketCode market;
  LocalDay day;
  std::string_view order;
};
OpenClocksKey ParseOpenClocks(std::string_view key);
std::string_view ParseSeller(std::string_view key);
struct StandingKey {
  std::string_view seller;
  MarketCode market;
  Instant occurred_at;
};
StandingKey ParseStanding(std::string_view key);
Offset ParseQuarantine(std::string_view key);
struct WaitingKey {
  Instant deadline;
  Offset offset;
};
WaitingKey ParseWaitingDeadline(std::string_view key);
struct SmartKey {
  std::string_view seller;
  MarketCode market;
};
SmartKey ParseSmart(std::string_view key);
struct SmartDueKey {
  Instant at;
  std::string_view owner;
};
SmartDueKey ParseSmartDue(std::string_view key);
uint32_t ParsePolicy(std::string_view key);

// The smallest key greater than every key that starts with `prefix`.
std::string AfterPrefix(std::string prefix);

}  // namespace row_keys
}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_ROW_KEYS_H_
