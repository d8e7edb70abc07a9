#include "projections/views/order_lookup.h"

#include <algorithm>
#include <set>
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

// The matches of a search, each order once.
class Matches {
 public:
  bool full() const { return matches_.size() >= kMaxOrderMatches; }
  size_t room() const { return kMaxOrderMatches - matches_.size(); }

  // An order whose parcel or return has the order's own id is one match.
  void Add(OrderMatch match) {
    if (full() || !orders_.emplace(match.seller_id, match.order_id).second) return;
    matches_.push_back(std::move(match));
  }

  std::vector<OrderMatch> Take() {
    std::sort(matches_.begin(), matches_.end());
    return std::move(matches_);
  }

 private:
  std::vector<OrderMatch> matches_;
  std::set<std::pair<std::string, std::string>> orders_;
};

absl::Status AddByOrderId(const RowReader& rows, Partition partition, const std::string& id,
                          const std::string& seller, LookedAt looked_at, Matches* matches) {
  std::vector<std::string> sellers;
  if (seller.empty()) {
    ASSIGN_OR_RETURN(sellers, SellersWithOrder(rows, id, looked_at, matches->room()));
  } else {
    std::string value;
    ASSIGN_OR_RETURN(const bool has, rows.Get(row_keys::Order(seller, id), &value));
    if (has) sellers.push_back(seller);
  }
  for (std::string& found : sellers) {
    matches->Add({Subject::kNone, partition, std::move(found), id});
  }
  return absl::OkStatus();
}

absl::Status AddByThingId(const RowReader& rows, Partition partition, EventKind kind, Subject by,
                          const std::string& id, const std::string& seller, Matches* matches) {
  return ScanPrefix(
      rows, row_keys::NamedPrefix(kind, id), [&](std::string_view key, std::string_view) {
        const row_keys::OrderKey of = row_keys::ParseNamed(key);
        if (seller.empty() || of.seller == seller) {
          matches->Add({by, partition, std::string(of.seller), std::string(of.order)});
        }
        return !matches->full();
      });
}

// Calls `visit` with the rows of each partition that may have orders of the seller.
absl::Status ForEachPartition(
    const std::vector<const RowReader*>& rows, const std::string& seller,
    absl::FunctionRef<absl::Status(Partition partition, const RowReader& rows)> visit) {
  const auto partitions = static_cast<int32_t>(rows.size());
  for (Partition partition(0); partition.number() < partitions; partition = partition.Plus(1)) {
    if (!seller.empty() && PartitionOf(seller, partitions) != partition) continue;
    RETURN_IF_ERROR(visit(partition, *rows[static_cast<size_t>(partition.number())]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SellersWithOrder(const RowReader& rows,
                                                          const std::string& order_id,
                                                          LookedAt looked_at, size_t limit) {
  const std::string end = row_keys::AfterPrefix(row_keys::Prefix(RowType::kSeller));
  std::string next = row_keys::Prefix(RowType::kSeller);
  uint64_t count = 0;
  std::vector<std::string> sellers;
  while (!next.empty() && sellers.size() < limit) {
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
      if (has && sellers.size() < limit) sellers.push_back(std::move(seller));
    }
    next = after;
  }
  RETURN_IF_ERROR(looked_at(count));
  return sellers;
}

absl::StatusOr<std::vector<OrderMatch>> FindOrders(const std::vector<const RowReader*>& rows,
                                                   const std::string& id, const std::string& seller,
                                                   LookedAt looked_at) {
  Matches matches;
  // By the kind of match, so that what an order's own id finds is what stays.
  RETURN_IF_ERROR(ForEachPartition(rows, seller, [&](Partition partition, const RowReader& of) {
    return AddByOrderId(of, partition, id, seller, looked_at, &matches);
  }));
  RETURN_IF_ERROR(ForEachPartition(rows, seller, [&](Partition partition, const RowReader& of) {
    return AddByThingId(of, partition, EventKind::kParcelRegistered, Subject::kParcel, id, seller,
                        &matches);
  }));
  RETURN_IF_ERROR(ForEachPartition(rows, seller, [&](Partition partition, const RowReader& of) {
    return AddByThingId(of, partition, EventKind::kReturnFiled, Subject::kReturn, id, seller,
                        &matches);
  }));
  return matches.Take();
}

}  // namespace flywheel
