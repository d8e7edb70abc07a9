// When the rows of a seller changed last: by it an answer made of an earlier view is known to hold.
#ifndef FLYWHEEL_PROJECTIONS_CELL_SELLER_CHANGES_H_
#define FLYWHEEL_PROJECTIONS_CELL_SELLER_CHANGES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/strong.h"

namespace flywheel {

// Rows of a seller that change together.
enum class RowGroup : uint8_t {
  kSeller,  // the seller's own row, which nearly every record of the seller changes
  kDays,    // what happened on each day: what ratings are summed from, and Smart! in part
  kSmart,   // what Smart! answers are made of besides
};
inline constexpr size_t kRowGroups = 3;

// Operation: sellers share slots by a hash, so that the size is fixed (some 390 KiB) and what it
// says is never too early: a seller may seem to have changed when another one did.
//
// Concurrency: one thread notes, any thread asks. Whoever holds a view, or something made from one
// by another thread and handed over, sees at least what was noted before that view was published.
class SellerChanges {
 public:
  SellerChanges();
  SellerChanges(const SellerChanges&) = delete;
  SellerChanges& operator=(const SellerChanges&) = delete;

  // No two of a process are alike.
  uint64_t id() const { return id_; }

  // The row of the key is written, and stands in views from the position `next` on. Does nothing
  // for rows that are no seller's; rows of a kind that is not known here count in every group.
  void Note(std::string_view key, Offset next);

  // Views from this position on hold the same rows of the group as the newest one, so far as has
  // been noted.
  Offset LastOf(std::string_view seller, RowGroup group) const;

 private:
  static constexpr size_t kSlots = size_t{1} << 14;
  using Slot = std::array<std::atomic<int64_t>, kRowGroups>;

  static size_t SlotOf(std::string_view seller);

  const uint64_t id_;
  std::vector<Slot> slots_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_SELLER_CHANGES_H_
