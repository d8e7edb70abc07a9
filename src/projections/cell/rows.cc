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
      sla_days(store, empty_store, &status_),
      smart(store, empty_store, &status_),
      tracked_days(store, empty_store, &status_),
      quarantine(store, empty_store, &status_),
      places(store, empty_store, &status_) {}

size_t Rows::dirty_count() const {
  return orders.dirty_count() + buyers.dirty_count() + sellers.dirty_count() +
         standings.dirty_count() + rating_days.dirty_count() + sla_days.dirty_count() +
         smart.dirty_count() + tracked_days.dirty_count() + quarantine.dirty_count() +
         places.dirty_count() + loose_.size();
}

size_t Rows::bytes() const {
  return orders.bytes() + buyers.bytes() + sellers.bytes() + standings.bytes() +
         rating_days.bytes() + sla_days.bytes() + smart.bytes() + tracked_days.bytes() +
         quarantine.bytes() + places.bytes();
}

void Rows::WriteTo(RowBatch* batch) {
  orders.WriteTo(batch);
  buyers.WriteTo(batch);
  sellers.WriteTo(batch);
  standings.WriteTo(batch);
  rating_days.WriteTo(batch);
  sla_days.WriteTo(batch);
  smart.WriteTo(batch);
  tracked_days.WriteTo(batch);
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
  const auto shrink = [&](auto* cache) {
    const size_t held = bytes();
    if (held <= target_bytes) return;
    const size_t excess = held - target_bytes;
    cache->Shrink(cache->bytes() - std::min(excess, cache->bytes()));
  };
  shrink(&orders);
  shrink(&buyers);
  shrink(&rating_days);
  shrink(&sla_days);
  shrink(&tracked_days);
  shrink(&quarantine);
  shrink(&places);
  shrink(&standings);
  shrink(&smart);
  shrink(&sellers);
}

}  // namespace flywheel
