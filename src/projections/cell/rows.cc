#include "projections/cell/rows.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/bytes.h"

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
      rating_days(store, empty_store, &status_),
      quarantine(store, empty_store, &status_),
      places(store, empty_store, &status_) {}

size_t Rows::dirty_count() const {
  return orders.dirty_count() + buyers.dirty_count() + sellers.dirty_count() +
         standings.dirty_count() + rating_days.dirty_count() + quarantine.dirty_count() +
         places.dirty_count() + loose_.size();
}

size_t Rows::bytes() const {
  return orders.bytes() + buyers.bytes() + sellers.bytes() + standings.bytes() +
         rating_days.bytes() + quarantine.bytes() + places.bytes();
}

void Rows::WriteTo(RowBatch* batch) {
  orders.WriteTo(batch);
  buyers.WriteTo(batch);
  sellers.WriteTo(batch);
  standings.WriteTo(batch);
  rating_days.WriteTo(batch);
  quarantine.WriteTo(batch);
  places.WriteTo(batch);
  for (const auto& [key, value] : loose_) {
    if (value) {
      batch->Put(key, *value);
    } else {
      batch->Delete(key);
    }
  }
  loose_.clear();
}

void Rows::Shrink(size_t target_bytes) {
  const auto shrink = [&](auto* cache) {
    const size_t held = bytes();
    if (held <= target_bytes) return;
    const size_t excess = held - target_bytes;
    cache->Shrink(cache->bytes() - std::min(excess, cache->bytes()));
  };
  shrink(&orders);
  shrink(&buyers);
  shrink(&rating_days);
  shrink(&quarantine);
  shrink(&places);
  shrink(&standings);
  shrink(&sellers);
}

}  // namespace flywheel
