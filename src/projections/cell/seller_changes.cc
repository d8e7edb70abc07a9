#include "projections/cell/seller_changes.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

// The groups as bits.
constexpr unsigned kNone = 0;
constexpr unsigned Bit(RowGroup group) { return 1U << static_cast<unsigned>(group); }
constexpr unsigned kEvery = (1U << kRowGroups) - 1;

unsigned GroupsOf(RowType type) {
  switch (type) {
    case RowType::kSeller:
      return Bit(RowGroup::kSeller);
    case RowType::kDays:
      return Bit(RowGroup::kDays);
    case RowType::kSmart:
    case RowType::kSmartChange:
    case RowType::kStanding:
      return Bit(RowGroup::kSmart);
    // A seller's, but read for answers about the past or about clocks alone.
    case RowType::kBuyer:
    case RowType::kOrder:
    case RowType::kOpenClocks:
    case RowType::kSellerClock:
    case RowType::kRefusedIdentity:
    // No seller's.
    case RowType::kErasedBuyer:
    case RowType::kIntakeIdentity:
    case RowType::kCell:
    case RowType::kNamed:
    case RowType::kPolicy:
    case RowType::kQuarantine:
    case RowType::kSmartDue:
    case RowType::kWaitingDeadline:
    case RowType::kTick:
      return kNone;
  }
  return kEvery;
}

std::atomic<uint64_t> last_id = 0;

}  // namespace

SellerChanges::SellerChanges() : id_(++last_id), slots_(kSlots) {}

size_t SellerChanges::SlotOf(std::string_view seller) {
  return absl::HashOf(absl::string_view(seller.data(), seller.size())) % kSlots;
}

void SellerChanges::Note(std::string_view key, Offset next) {
  if (key.empty()) return;
  const unsigned groups = GroupsOf(static_cast<RowType>(key[0]));
  if (groups == kNone) return;
  const std::string_view rest = key.substr(1);
  Slot& slot = slots_[SlotOf(rest.substr(0, rest.find('\0')))];
  for (size_t group = 0; group < kRowGroups; ++group) {
    if ((groups >> group & 1U) != 0) slot[group].store(next.number(), std::memory_order_relaxed);
  }
}

Offset SellerChanges::LastOf(std::string_view seller, RowGroup group) const {
  return Offset(slots_[SlotOf(seller)][static_cast<size_t>(group)].load(std::memory_order_relaxed));
}

}  // namespace flywheel
