#include "projections/cell/rows.h"

#include <algorithm>

#include "events/intake.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

Rows::Rows(const RowStore* store, bool empty_store)
    : orders(store, empty_store, &status_),
      buyers(store, empty_store, &status_),
      sellers(store, empty_store, &status_),
      standings(store, empty_store, &status_),
      days(store, empty_store, &status_),
      smart(store, empty_store, &status_),
      quarantine(store, empty_store, &status_),
      places(store, empty_store, &status_) {}

RowCache<BuyerRow>::Entry* Rows::BuyerOf(std::string_view seller, std::string_view buyer,
                                         uint32_t chunk) {
  row_keys::BuyerTo(seller, buyer, chunk, &key_);
  return buyers.Get(key_);
}

RowCache<SmartRow>::Entry* Rows::SmartOf(std::string_view seller, MarketCode market) {
  row_keys::SmartTo(seller, market, &key_);
  if (smart_ == nullptr || smart_->key != key_) smart_ = smart.Get(key_);
  smart_->used = true;
  return smart_;
}

RowCache<DaysRow>::Entry* Rows::DaysOf(std::string_view owner, MarketCode market, LocalDay day) {
  RowCache<DaysRow>::Entry*& last = owner == kAllSellers ? all_days_ : seller_days_;
  row_keys::DaysTo(owner, market, day, &key_);
  if (last == nullptr || last->key != key_) last = days.Get(key_);
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
         smart.bytes() + quarantine.bytes() + places.bytes() + loose_bytes_;
}

// Takes rows of a cache among the loose ones.
class Rows::LooseBatch : public RowBatch {
 public:
  explicit LooseBatch(Rows* rows) : rows_(rows) {}
  void Put(std::string_view key, std::string_view value) override {
    rows_->Put(std::string(key), std::string(value));
  }
  void Delete(std::string_view key) override { rows_->Delete(std::string(key)); }
  void Clear() override {}

 private:
  Rows* const rows_;
};

// The loose rows in key order, written as far as is asked for.
class Rows::LooseWriter {
 public:
  LooseWriter(const std::vector<Loose>& loose, RowBatch* batch) : loose_(loose), batch_(batch) {
    sorted_.reserve(loose.size());
    for (size_t i = 0; i < loose.size(); ++i) sorted_.emplace_back(loose[i].key, i);
    SortByKey(absl::MakeSpan(sorted_));
  }

  void WriteBefore(RowType type) {
    while (at_ < sorted_.size() && sorted_[at_].key[0] < static_cast<char>(type)) WriteOne();
  }
  void WriteRest() {
    while (at_ < sorted_.size()) WriteOne();
  }

 private:
  // Of one key the last counts.
  void WriteOne() {
    const size_t first = at_;
    while (at_ < sorted_.size() && sorted_[at_].key == sorted_[first].key) ++at_;
    const Loose& last = loose_[sorted_[at_ - 1].index];
    if (last.value) {
      batch_->Put(last.key, *last.value);
    } else if (!loose_[sorted_[first].index].fresh) {
      batch_->Delete(last.key);
    }
  }

  const std::vector<Loose>& loose_;
  RowBatch* const batch_;
  std::vector<OrderedKey> sorted_;
  size_t at_ = 0;
};

void Rows::WriteTo(RowBatch* batch) {
  LooseBatch loose_batch(this);
  places.WriteTo(&loose_batch);  // few, and of several types
  LooseWriter loose(loose_, batch);
  const auto write = [&](RowType type, auto* cache) {
    loose.WriteBefore(type);
    cache->WriteTo(batch);
  };
  write(RowType::kBuyer, &buyers);
  write(RowType::kDays, &days);
  write(RowType::kOrder, &orders);
  write(RowType::kQuarantine, &quarantine);
  write(RowType::kSeller, &sellers);
  write(RowType::kStanding, &standings);
  write(RowType::kSmart, &smart);
  loose.WriteRest();
  loose_.clear();
  loose_bytes_ = 0;
}

void Rows::Shrink(size_t target_bytes) {
  seller_days_ = nullptr;
  all_days_ = nullptr;
  smart_ = nullptr;
  size_t held = bytes();
  const auto shrink = [&](auto* cache) {
    if (held <= target_bytes) return;
    const size_t before = cache->bytes();
    cache->Shrink(before - std::min(held - target_bytes, before));
    held -= before - cache->bytes();
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
