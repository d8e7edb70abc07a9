// All rows of a cell in memory, by type, with what is to be written.
#ifndef FLYWHEEL_PROJECTIONS_CELL_ROWS_H_
#define FLYWHEEL_PROJECTIONS_CELL_ROWS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/market.h"
#include "base/strong.h"
#include "projections/cell/row_cache.h"
#include "projections/facts/order_row.h"
#include "projections/facts/place_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/buyer_row.h"
#include "projections/models/days_row.h"
#include "projections/models/smart_row.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Not thread-safe; owned by the fold.
class Rows {
 public:
  // `empty_store`: the store holds no rows at all.
  Rows(const RowStore* store, bool empty_store);

  RowCache<OrderRow> orders;
  RowCache<BuyerRow> buyers;
  RowCache<SellerRow> sellers;
  RowCache<StandingRow> standings;
  RowCache<DaysRow> days;
  RowCache<SmartRow> smart;
  RowCache<QuarantineRow> quarantine;
  RowCache<PlaceRow> places;  // refused and intake identities, erased buyers

  // One chunk of a buyer's row, and the row of Smart! figures.
  RowCache<BuyerRow>::Entry* BuyerOf(std::string_view seller, std::string_view buyer,
                                     uint32_t chunk);
  RowCache<SmartRow>::Entry* SmartOf(std::string_view seller, MarketCode market);

  // The row of days that holds the day.
  RowCache<DaysRow>::Entry* DaysOf(std::string_view owner, MarketCode market, LocalDay day);
  // Hands the day's sums to `change`; what is empty then is no more.
  template <class Change>
  void ChangeDay(std::string_view owner, MarketCode market, LocalDay day, const Change& change) {
    auto* const entry = DaysOf(owner, market, day);
    DaysRow& row = days.Change(entry);
    change(row.At(day));
    row.DropIfEmpty(day);
    if (row.empty()) days.Erase(entry);
  }

  // Rows that are written without being read back by the fold: indexes.
  void Put(std::string key, std::string value) {
    AddLoose({std::move(key), std::move(value), false});
  }
  // The same where no row has the key: if it is deleted again before it is written, nothing is.
  void PutNew(std::string key, std::string value) {
    AddLoose({std::move(key), std::move(value), true});
  }
  void Delete(std::string key) { AddLoose({std::move(key), std::nullopt, false}); }

  // The first error of loading a row; it stays.
  const absl::Status& status() const { return status_; }
  // An error of reading the store beside the caches.
  void NoteError(const absl::Status& status) { status_.Update(status); }

  size_t dirty_count() const;
  // Of memory, with what is only to be written.
  size_t bytes() const;
  // Puts what has changed into the batch, in key order: that makes it cheaper to write.
  void WriteTo(RowBatch* batch);
  // Drops clean rows until at most `target_bytes` are held, orders and buyers first.
  void Shrink(size_t target_bytes);

 private:
  // A row to be put, or deleted where it has no value; `fresh`: no row had the key before.
  struct Loose {
    std::string key;
    std::optional<std::string> value;
    bool fresh;
  };
  void AddLoose(Loose loose) {
    loose_bytes_ +=
        sizeof(Loose) + loose.key.capacity() + (loose.value ? loose.value->capacity() : 0);
    loose_.push_back(std::move(loose));
  }
  class LooseBatch;
  class LooseWriter;

  absl::Status status_;
  // The rows that were asked for last, of a seller and of all: an order's event asks for the same
  // ones several times.
  RowCache<DaysRow>::Entry* seller_days_ = nullptr;
  RowCache<DaysRow>::Entry* all_days_ = nullptr;
  RowCache<SmartRow>::Entry* smart_ = nullptr;
  std::string key_;           // of what is looked up; kept to save allocations
  std::vector<Loose> loose_;  // of one key the last counts
  size_t loose_bytes_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_ROWS_H_
