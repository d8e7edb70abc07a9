// Records on their way to the fold, scanned before their turn, so that the rows which they will
// need come from memory into the processor's cache while others are folded.
#ifndef FLYWHEEL_PROJECTIONS_CELL_LOOK_AHEAD_H_
#define FLYWHEEL_PROJECTIONS_CELL_LOOK_AHEAD_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/policy.h"
#include "events/record_view.h"
#include "projections/cell/rows.h"

namespace flywheel {

// A record whose turn comes.
struct Upcoming {
  const LogRecord* record = nullptr;
  RecordView view;
  bool readable = false;
  // Of an event about an order, where they were in memory; else nullptr.
  RowCache<OrderRow>::Entry* order = nullptr;
  RowCache<SellerRow>::Entry* seller = nullptr;
};

// Operation: a look-up in a large table waits several times for memory, each time for what the wait
// before has brought. So records go in groups through stages that ask for one thing each, and
// between two stages of a group other groups are dealt with. What a record needs is guessed; a
// wrong guess costs time and nothing else.
//
// Concurrency: one thread, the fold's.
class LookAhead {
 public:
  // Both must outlive it. `all_models`: rows of all read models will be needed.
  LookAhead(Rows* rows, const PolicyBook* policies, bool all_models)
      : rows_(rows), policies_(policies), all_models_(all_models) {}

  // Calls `apply` with each record in turn. REQUIRES: `apply` drops no rows from memory.
  void Run(absl::Span<const LogRecord> records, absl::FunctionRef<void(const Upcoming&)> apply);

 private:
  static constexpr size_t kStages = 5;
  static constexpr size_t kGroup = 4;

  // A key that will be looked up; its text is kept to save allocations.
  struct Wanted {
    std::string text;
    HashedKey key;
    bool is = false;

    void Is() {
      key = HashedKey(text);
      is = true;
    }
  };
  struct Item : Upcoming {
    Wanted order_key;
    Wanted seller_key;
    Wanted buyer_key;
    Wanted smart_key;
    std::array<Wanted, 2> days_keys;
  };

  void Scan(const LogRecord& record, Item* item) const;
  void LoadEntries(const Item& item) const;
  void FindEntries(Item* item) const;
  void WantDays(const EventView& event, Item* item) const;
  void WantDay(std::string_view seller, MarketCode market, LocalDay day, Wanted* wanted) const;
  void LoadDays(const Item& item) const;

  Rows* const rows_;
  const PolicyBook* const policies_;
  const bool all_models_;
  std::array<Item, kStages * kGroup> items_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_LOOK_AHEAD_H_
