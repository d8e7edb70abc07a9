#include "projections/facts/row_keys.h"

#include <algorithm>

#include "base/bytes.h"

namespace flywheel::row_keys {
namespace {

void AppendId(std::string* key, std::string_view id) {
  key->append(id);
  key->push_back('\0');
}

// Days of either sign in their order.
void AppendDay(std::string* key, LocalDay day) {
  AppendBigEndian32(key, static_cast<uint32_t>(day.number()) ^ 0x80000000U);
}

// The first day of the row that holds the day.
LocalDay FirstOfRow(LocalDay day) {
  const int32_t into = day.number() % kDaysPerRow;
  return day.Plus(into < 0 ? -into - kDaysPerRow : -into);
}

// Instants in their order, and the latest first.
void AppendInstant(std::string* key, Instant at) {
  AppendBigEndian64(key, static_cast<uint64_t>(at.number()));
}
void AppendFallingInstant(std::string* key, Instant at) {
  AppendBigEndian64(key, ~static_cast<uint64_t>(at.number()));
}

// Takes the id at the start of `rest` and its zero byte off.
std::string_view TakeId(std::string_view* rest) {
  const size_t end = rest->find('\0');
  const std::string_view id = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  return id;
}

}  // namespace

std::string Prefix(RowType type) { return std::string(1, static_cast<char>(type)); }

std::string SellerPrefix(RowType type, std::string_view seller) {
  std::string key = Prefix(type);
  AppendId(&key, seller);
  return key;
}

void OfSellerTo(std::string_view seller, std::string* key) {
  key->clear();
  key->push_back(static_cast<char>(RowType::kSeller));
  AppendId(key, seller);
}

std::string OfSeller(std::string_view seller) { return SellerPrefix(RowType::kSeller, seller); }

void OrderTo(std::string_view seller, std::string_view order, std::string* key) {
  key->clear();
  key->push_back(static_cast<char>(RowType::kOrder));
  AppendId(key, seller);
  key->append(order);
}

std::string Order(std::string_view seller, std::string_view order) {
  std::string key;
  OrderTo(seller, order, &key);
  return key;
}

void BuyerTo(std::string_view seller, std::string_view buyer, uint32_t chunk, std::string* key) {
  key->clear();
  key->push_back(static_cast<char>(RowType::kBuyer));
  AppendId(key, seller);
  AppendId(key, buyer);
  AppendBigEndian32(key, chunk);
}

std::string Buyer(std::string_view seller, std::string_view buyer, uint32_t chunk) {
  std::string key;
  BuyerTo(seller, buyer, chunk, &key);
  return key;
}

std::string DaysPrefix(std::string_view seller, MarketCode market) {
  std::string key = SellerPrefix(RowType::kDays, seller);
  key.append(market.text());
  return key;
}

void DaysTo(std::string_view seller, MarketCode market, LocalDay day, std::string* key) {
  key->clear();
  key->push_back(static_cast<char>(RowType::kDays));
  AppendId(key, seller);
  key->append(market.text());
  AppendDay(key, seller == kAllSellers ? day : FirstOfRow(day));
}

std::string Days(std::string_view seller, MarketCode market, LocalDay day) {
  std::string key;
  DaysTo(seller, market, day, &key);
  return key;
}

std::string OpenClocks(std::string_view seller, MarketCode market, LocalDay day,
                       std::string_view order) {
  std::string key = SellerPrefix(RowType::kOpenClocks, seller);
  key.append(market.text());
  AppendDay(&key, day);
  key.append(order);
  return key;
}

std::string Standing(std::string_view seller, MarketCode market, Instant occurred_at) {
  std::string key = SellerPrefix(RowType::kStanding, seller);
  key.append(market.text());
  AppendBigEndian64(&key, static_cast<uint64_t>(occurred_at.number()));
  return key;
}

std::string Quarantine(Offset offset) {
  std::string key = Prefix(RowType::kQuarantine);
  AppendBigEndian64(&key, static_cast<uint64_t>(offset.number()));
  return key;
}

std::string RefusedIdentity(std::string_view seller, std::string_view order,
                            const ContentHash& hash) {
  std::string key = SellerPrefix(RowType::kRefusedIdentity, seller);
  AppendId(&key, order);
  key.append(hash.data(), hash.size());
  return key;
}

std::string IntakeIdentity(const ContentHash& hash) {
  std::string key = Prefix(RowType::kIntakeIdentity);
  key.append(hash.data(), hash.size());
  return key;
}

std::string WaitingDeadline(Instant deadline, Offset offset) {
  std::string key = Prefix(RowType::kWaitingDeadline);
  AppendBigEndian64(&key, static_cast<uint64_t>(deadline.number()));
  AppendBigEndian64(&key, static_cast<uint64_t>(offset.number()));
  return key;
}

std::string NamedPrefix(EventKind kind, std::string_view id) {
  std::string key = Prefix(RowType::kNamed);
  key.push_back(static_cast<char>(kind));
  AppendId(&key, id);
  return key;
}

std::string Named(EventKind kind, std::string_view id, std::string_view seller,
                  std::string_view order) {
  std::string key = NamedPrefix(kind, id);
  AppendId(&key, seller);
  key.append(order);
  return key;
}

void SmartTo(std::string_view seller, MarketCode market, std::string* key) {
  key->clear();
  key->push_back(static_cast<char>(RowType::kSmart));
  AppendId(key, seller);
  key->append(market.text());
}

std::string Smart(std::string_view seller, MarketCode market) {
  std::string key;
  SmartTo(seller, market, &key);
  return key;
}

std::string SmartChangePrefix(std::string_view seller, MarketCode market) {
  std::string key = SellerPrefix(RowType::kSmartChange, seller);
  key.append(market.text());
  return key;
}

std::string SmartChange(std::string_view seller, MarketCode market, uint64_t number) {
  std::string key = SmartChangePrefix(seller, market);
  AppendBigEndian64(&key, number);
  return key;
}

std::string SmartDue(Instant at, std::string_view owner) {
  std::string key = Prefix(RowType::kSmartDue);
  AppendInstant(&key, at);
  key.append(owner);
  return key;
}

std::string SellerClock(std::string_view seller, Instant recorded_at) {
  std::string key = SellerPrefix(RowType::kSellerClock, seller);
  AppendFallingInstant(&key, recorded_at);
  return key;
}

std::string Tick(Instant recorded_at) {
  std::string key = Prefix(RowType::kTick);
  AppendFallingInstant(&key, recorded_at);
  return key;
}

std::string Policy(uint32_t version) {
  std::string key = Prefix(RowType::kPolicy);
  AppendBigEndian32(&key, version);
  return key;
}

std::string ErasedBuyer(std::string_view buyer) {
  std::string key = Prefix(RowType::kErasedBuyer);
  key.append(buyer);
  return key;
}

std::string Cell() { return Prefix(RowType::kCell); }

OrderKey ParseOrder(std::string_view key) {
  std::string_view rest = key.substr(1);
  const std::string_view seller = TakeId(&rest);
  return {seller, rest};
}

OrderKey ParseNamed(std::string_view key) {
  std::string_view rest = key.substr(2);
  TakeId(&rest);
  const std::string_view seller = TakeId(&rest);
  return {seller, rest};
}

DaysKey ParseDays(std::string_view key) {
  std::string_view rest = key.substr(1);
  DaysKey parsed;
  parsed.seller = TakeId(&rest);
  parsed.market = MarketCode(rest.substr(0, 2));
  parsed.first = LocalDay(static_cast<int32_t>(ReadBigEndian32(rest.substr(2)) ^ 0x80000000U));
  return parsed;
}

OpenClocksKey ParseOpenClocks(std::string_view key) {
  std::string_view rest = key.substr(1);
  OpenClocksKey parsed;
  parsed.seller = TakeId(&rest);
  parsed.market = MarketCode(rest.substr(0, 2));
  parsed.day = LocalDay(static_cast<int32_t>(ReadBigEndian32(rest.substr(2)) ^ 0x80000000U));
  parsed.order = rest.substr(std::min(rest.size(), size_t{6}));
  return parsed;
}

std::string_view ParseSeller(std::string_view key) {
  std::string_view rest = key.substr(1);
  return TakeId(&rest);
}

StandingKey ParseStanding(std::string_view key) {
  std::string_view rest = key.substr(1);
  StandingKey parsed;
  parsed.seller = TakeId(&rest);
  parsed.market = MarketCode(rest.substr(0, 2));
  parsed.occurred_at = Instant(static_cast<int64_t>(ReadBigEndian64(rest.substr(2))));
  return parsed;
}

Offset ParseQuarantine(std::string_view key) {
  return Offset(static_cast<int64_t>(ReadBigEndian64(key.substr(1))));
}

WaitingKey ParseWaitingDeadline(std::string_view key) {
  return {Instant(static_cast<int64_t>(ReadBigEndian64(key.substr(1)))),
          Offset(static_cast<int64_t>(ReadBigEndian64(key.substr(9))))};
}

SmartKey ParseSmart(std::string_view key) {
  std::string_view rest = key.substr(1);
  const std::string_view seller = TakeId(&rest);
  return {seller, MarketCode(rest)};
}

SmartDueKey ParseSmartDue(std::string_view key) {
  return {Instant(static_cast<int64_t>(ReadBigEndian64(key.substr(1)))), key.substr(9)};
}

uint32_t ParsePolicy(std::string_view key) { return ReadBigEndian32(key.substr(1)); }

std::string AfterPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace flywheel::row_keys
