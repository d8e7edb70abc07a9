#include "projections/cell/rows.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "events/intake.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

void PlaceRow::Encode(std::string* out) const { ByteWriter(out).Signed(offset.number()); }

absl::StatusOr<PlaceRow> PlaceRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const PlaceRow row{Offset(reader.Signed())};
  if (!reader.ok() || !reader.done())
    return absl::DataLossError("a row that points at a record cannot be read");
  return row;
}

Rows::Rows(const RowStore* store, bool empty_store)
    : orders(store, empty_store, &status_),
      buyers(store, empty_store, &status_),
      sellers(store, empty_store, &status_),
      standings(store, empty_store, &status_),
      days(store, empty_store, &status_),
      smart(store, empty_store, &status_),
      quarantine(store, empty_store, &status_),
      places(store, empty_store, &status_) {}

RowCache<DaysRow>::Entry* Rows::DaysOf(std::string_view owner, MarketCode market, LocalDay day) {
  RowCache<DaysRow>::Entry*& last = owner == kAllSellers ? all_days_ : seller_days_;
  row_keys::DaysTo(owner, market, day, &days_key_);
  if (last == nullptr || last->key != days_key_) last = days.Get(days_key_);
  last->used = true;
  return last;
}

size_t Rows::dirty_count() const {
  return orders.dirty_count() + buyers.dirty_count() + sellers.dirty_count() +
         standings.dirty_count() + days.dirty_count() + smart.dirty_count() +
         quarantine.dirty_count() + places.dirty_count() + loose_.size();
}

size_t Rows::bytes() const {
  return orders.bytes() + buyers.bytes() + sellers.bytes() + standings.bytes() + days.bytes() +
         smart.bytes() + quarantine.bytes() + places.bytes();
}

void Rows::WriteTo(RowBatch* batch) {
  orders.WriteTo(batch);
  buyers.WriteTo(batch);
  sellers.WriteTo(batch);
  standings.WriteTo(batch);
  days.WriteTo(batch);
  smart.WriteTo(batch);
  quarantine.WriteTo(batch);
  places.WriteTo(batch);
  WriteLoose(batch);
}

void Rows::WriteLoose(RowBatch* batch) {
  std::vector<OrderedKey> sorted;
  sorted.reserve(loose_.size());
  for (size_t i = 0; i < loose_.size(); ++i) sorted.emplace_back(loose_[i].key, i);
  std::sort(sorted.begin(), sorted.end());
  for (size_t first = 0, next = 0; first < sorted.size(); first = next) {
    while (next < sorted.size() && sorted[next].key == sorted[first].key) ++next;
    const Loose& last = loose_[sorted[next - 1].index];
    if (last.value) {
      batch->Put(last.key, *last.value);
    } else if (!loose_[sorted[first].index].fresh) {
      batch->Delete(last.key);
    }
  }
  loose_.clear();
}

void Rows::Shrink(size_t target_bytes) {
  seller_days_ = nullptr;
  all_days_ = nullptr;
  const auto shrink = [&](auto* cache) {
    const size_t held = bytes();
    if (held <= target_bytes) return;
    const size_t excess = held - target_bytes;
    cache->Shrink(cache->bytes() - std::min(excess, cache->bytes()));
  };
  shrink(&orders);
  shrink(&buyers);
  shrink(&days);
  shrink(&quarantine);
  shrink(&places);
  shrink(&standings);
  shrink(&smart);
  shrink(&sellers);
}

}  // namespace flywheel
