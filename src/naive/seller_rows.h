// Which sellers there are, and which of their markets have rows.
#ifndef FLYWHEEL_NAIVE_SELLER_ROWS_H_
#define FLYWHEEL_NAIVE_SELLER_ROWS_H_

#include <cstdint>
#include <map>
#include <string_view>

#include "naive/replay.h"

namespace flywheel::naive {

// The name of a total: of all markets, or of all sellers.
inline constexpr std::string_view kAll = "*";

struct Located {
  const Partition* partition;
  const Seller* seller;
};

// By seller_id.
std::map<std::string_view, Located> SellersOf(const Replay& replay);

inline bool HasRow(const Naming& naming, int64_t as_of) { return naming.row_from <= as_of; }

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SELLER_ROWS_H_
