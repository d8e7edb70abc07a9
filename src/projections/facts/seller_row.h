// The seller's own rows: what is known of the seller besides the orders, and the standings.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_SELLER_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_SELLER_ROW_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/event_view.h"

namespace flywheel {

// SellerRegistered, as accepted.
struct Registration {
  Instant occurred_at;
  Instant recorded_at;
  Offset offset;
  MarketCode market;  // of the envelope
  bool business = false;
  bool pharmacy = false;
  std::vector<std::string> markets;
};

// Not thread-safe; owned by the cell's cache.
struct SellerRow {
  // The largest occurred_at among the seller's records that passed intake; ticks are the cell's.
  Instant clock;
  std::optional<Registration> registration;
  // A market that an accepted event named, and the earliest instant from which one does.
  struct Named {
    MarketCode market;
    Instant first;
  };
  std::vector<Named> markets;  // by code
  // No Smart! figure of the seller changes by time alone before this instant, in any market.
  Instant smart_next{std::numeric_limits<int64_t>::max()};
  // What makes answers about the seller incomplete: events that wait for their order, and refusals
  // at intake that are neither resubmitted nor discarded.
  uint64_t waiting = 0;
  uint64_t open_refusals = 0;

  bool complete() const { return waiting == 0 && open_refusals == 0; }
  // Notes that an accepted event of that instant names the market; true when the row changed.
  bool Name(MarketCode market, Instant at);
  size_t heap_bytes() const { return markets.capacity() * sizeof(Named); }

  static absl::StatusOr<SellerRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

// SellerStandingChanged, as accepted; the key has seller, market and occurred_at.
struct StandingRow {
  Instant recorded_at;
  Offset offset;
  bool fees_paid = false;
  bool regulation_breach = false;
  bool super_seller = false;
  bool free_returns = false;
  int32_t withdrawal_days = 0;
  int32_t smart_delivery_methods = 0;

  size_t heap_bytes() const { return 0; }
  static absl::StatusOr<StandingRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_SELLER_ROW_H_
