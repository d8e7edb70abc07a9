// The buyer row: what one buyer bought and reviewed at one seller.
//
// A buyer with many orders has several rows (chunks) of at most kOrdersPerBuyerChunk orders each,
// filled in the order in which the orders were accepted, so that no row grows without a limit and a
// look-up of the first chunk is one Get.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_BUYER_ROW_H_
#define FLYWHEEL_PROJECTIONS_MODELS_BUYER_ROW_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/prefetch.h"
#include "base/strong.h"
#include "projections/models/rating.h"

namespace flywheel {

inline constexpr uint32_t kOrdersPerBuyerChunk = 64;

// One chunk. Not thread-safe; owned by the cell's cache.
class BuyerRow {
 public:
  static absl::StatusOr<BuyerRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;

  // Number of chunks the buyer has; kept in the first one.
  uint32_t chunks() const { return chunks_; }
  void set_chunks(uint32_t chunks) { chunks_ = chunks; }
  bool full() const { return count_ >= kOrdersPerBuyerChunk; }
  uint32_t order_count() const { return count_; }
  size_t heap_bytes() const { return orders_.capacity(); }
  // Starts loading the orders into the processor's cache.
  void Prefetch() const { flywheel::Prefetch(orders_.data(), orders_.size()); }

  void AddOrder(std::string_view order_id, MarketCode market, Instant placed);
  // Sets what the order's review says now; false when the chunk does not hold the order.
  bool SetReview(std::string_view order_id, const BuyerReview& review);

  struct Order {
    std::string_view order_id;
    MarketCode market;
    Instant placed;
    bool reviewed = false;
    BuyerReview review;
  };
  // Calls `visit` with each order; views live as long as the chunk is not changed.
  void ForEach(absl::FunctionRef<void(const Order&)> visit) const;

 private:
  uint32_t chunks_ = 1;
  uint32_t count_ = 0;
  std::string orders_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_BUYER_ROW_H_
