#include "projections/views/order_lookup.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "events/intake.h"
#include "events/vocabulary.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

// Sellers whose names are held at a time.
constexpr size_t kSellersAtOnce = 4096;

absl::Status AddByOrderId(const RowReader& rows, Partition partition, const std::string& id,
                          const std::string& seller, LookedAt looked_at,
                          std::vector<OrderMatch>* matches) {
  std::vector<std::string> sellers;
  if (seller.empty()) {
    ASSIGN_OR_RETURN(sellers, SellersWithOrder(rows, id, looked_at));
  } else {
    std::string value;
    ASSIGN_OR_RETURN(const bool has, rows.Get(row_keys::Order(seller, id), &value));
    if (has) sellers.push_back(seller);
  }
  for (std::string& found : sellers) {
    matches->push_back({Subject::kNone, partition, std::move(found), id});
  }
  return absl::OkStatus();
}

absl::Status AddByThingId(const RowReader& rows, Partition partition, EventKind kind, Subject by,
                          const std::string& id, const std::string& seller,
                          std::vector<OrderMatch>* matches) {
  return ScanPrefix(
      rows, row_keys::NamedPrefix(kind, id), [&](std::string_view key, std::string_view) {
        const row_keys::OrderKey of = row_keys::ParseNamed(key);
        if (seller.empty() || of.seller == seller) {
          matches->push_back({by, partition, std::string(of.seller), std::string(of.order)});
        }
        return true;
      });
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SellersWithOrder(const RowReader& rows,
                                                          const std::string& order_id,
                                                          LookedAt looked_at) {
  const std::string end = row_keys::AfterPrefix(row_keys::Prefix(RowType::kSeller));
  std::string next = row_keys::Prefix(RowType::kSeller);
  uint64_t count = 0;
  std::vector<std::string> sellers;
  while (!next.empty()) {
    RETURN_IF_ERROR(looked_at(count));
    std::vector<std::string> some;
    std::string after;
    RETURN_IF_ERROR(rows.Scan(next, end, [&](std::string_view key, std::string_view) {
      if (some.size() == kSellersAtOnce) {
        after = std::string(key);
        return false;
      }
      some.emplace_back(row_keys::ParseSeller(key));
      return true;
    }));
    count += some.size();
    for (std::string& seller : some) {
      std::string value;
      ASSIGN_OR_RETURN(const bool has, rows.Get(row_keys::Order(seller, order_id), &value));
      if (has) sellers.push_back(std::move(seller));
    }
    next = after;
  }
  RETURN_IF_ERROR(looked_at(count));
  return sellers;
}

absl::StatusOr<std::vector<OrderMatch>> FindOrders(const std::vector<const RowReader*>& rows,
                                                   const std::string& id, const std::string& seller,
                                                   LookedAt looked_at) {
  const auto partitions = static_cast<int32_t>(rows.size());
  std::vector<OrderMatch> matches;
  for (Partition partition(0); partition.number() < partitions; partition = partition.Plus(1)) {
    if (!seller.empty() && PartitionOf(seller, partitions) != partition) continue;
    const RowReader& of = *rows[static_cast<size_t>(partition.number())];
    RETURN_IF_ERROR(AddByOrderId(of, partition, id, seller, looked_at, &matches));
    RETURN_IF_ERROR(AddByThingId(of, partition, EventKind::kParcelRegistered, Subject::kParcel, id,
                                 seller, &matches));
    RETURN_IF_ERROR(AddByThingId(of, partition, EventKind::kReturnFiled, Subject::kReturn, id,
                                 seller, &matches));
  }
  std::sort(matches.begin(), matches.end());
  // An order whose parcel or return has the order's own id is one match.
  std::vector<OrderMatch> once;
  for (OrderMatch& match : matches) {
    const bool known = std::any_of(once.begin(), once.end(), [&](const OrderMatch& other) {
      return other.seller_id == match.seller_id && other.order_id == match.order_id;
    });
    if (!known) once.push_back(std::move(match));
  }
  return once;
}

}  // namespace flywheel
