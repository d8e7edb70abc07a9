#include "projections/facts/seller_row.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {
namespace {

absl::Status DamagedSeller() { return absl::DataLossError("a seller row cannot be read"); }

}  // namespace

bool SellerRow::Name(MarketCode market, Instant at) {
  const auto found =
      std::lower_bound(markets.begin(), markets.end(), market,
                       [](const Named& named, MarketCode wanted) { return named.market < wanted; });
  if (found == markets.end() || found->market != market) {
    markets.insert(found, {market, at});
    return true;
  }
  if (found->first <= at) return false;
  found->first = at;
  return true;
}

void SellerRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Signed(clock.number());
  writer.Unsigned(waiting);
  writer.Unsigned(open_refusals);
  writer.Unsigned(static_cast<uint64_t>(smart_next.number()));
  writer.Unsigned(markets.size());
  for (const Named& named : markets) {
    writer.Raw(named.market.text());
    writer.Signed(named.first.number());
  }
  writer.Byte(registration ? 1 : 0);
  if (!registration) return;
  writer.Signed(registration->occurred_at.number());
  writer.Signed(registration->recorded_at.number());
  writer.Signed(registration->offset.number());
  writer.Raw(registration->market.text());
  writer.Byte(registration->business ? 1 : 0);
  writer.Byte(registration->pharmacy ? 1 : 0);
  writer.Unsigned(registration->markets.size());
  for (const std::string& market : registration->markets) writer.String(market);
}

absl::StatusOr<SellerRow> SellerRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SellerRow row;
  row.clock = Instant(reader.Signed());
  row.waiting = reader.Unsigned();
  row.open_refusals = reader.Unsigned();
  row.smart_next = Instant(static_cast<int64_t>(reader.Unsigned()));
  const uint64_t markets = reader.Unsigned();
  for (uint64_t i = 0; i < markets && reader.ok(); ++i) {
    const MarketCode market(reader.Raw(2));
    if (!market.given()) return DamagedSeller();
    row.markets.push_back({market, Instant(reader.Signed())});
  }
  if (reader.Byte() != 0) {
    Registration& registration = row.registration.emplace();
    registration.occurred_at = Instant(reader.Signed());
    registration.recorded_at = Instant(reader.Signed());
    registration.offset = Offset(reader.Signed());
    registration.market = MarketCode(reader.Raw(2));
    if (!registration.market.given()) return DamagedSeller();
    registration.business = reader.Byte() != 0;
    registration.pharmacy = reader.Byte() != 0;
    const uint64_t named = reader.Unsigned();
    for (uint64_t i = 0; i < named && reader.ok(); ++i)
      registration.markets.emplace_back(reader.String());
  }
  if (!reader.ok() || !reader.done()) return DamagedSeller();
  return row;
}

void StandingRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Signed(recorded_at.number());
  writer.Signed(offset.number());
  writer.Byte(static_cast<uint8_t>((fees_paid ? 1 : 0) | (regulation_breach ? 2 : 0) |
                                   (super_seller ? 4 : 0) | (free_returns ? 8 : 0)));
  writer.Signed(withdrawal_days);
  writer.Signed(smart_delivery_methods);
}

absl::StatusOr<StandingRow> StandingRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  StandingRow row;
  row.recorded_at = Instant(reader.Signed());
  row.offset = Offset(reader.Signed());
  const uint8_t flags = reader.Byte();
  row.fees_paid = (flags & 1) != 0;
  row.regulation_breach = (flags & 2) != 0;
  row.super_seller = (flags & 4) != 0;
  row.free_returns = (flags & 8) != 0;
  row.withdrawal_days = static_cast<int32_t>(reader.Signed());
  row.smart_delivery_methods = static_cast<int32_t>(reader.Signed());
  if (!reader.ok() || !reader.done()) return absl::DataLossError("a standing row cannot be read");
  return row;
}

}  // namespace flywheel
