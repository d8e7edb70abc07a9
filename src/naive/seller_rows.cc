#include "naive/seller_rows.h"

namespace flywheel::naive {

std::map<std::string_view, Located> SellersOf(const Replay& replay) {
  std::map<std::string_view, Located> sellers;
  for (const auto& [number, partition] : replay.partitions()) {
    for (const auto& [id, seller] : partition.sellers) {
      sellers.emplace(id, Located{&partition, &seller});
    }
  }
  return sellers;
}

}  // namespace flywheel::naive
