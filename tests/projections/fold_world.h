// A fold that a test feeds record by record, and the records of operators.
#ifndef FLYWHEEL_TESTS_PROJECTIONS_FOLD_WORLD_H_
#define FLYWHEEL_TESTS_PROJECTIONS_FOLD_WORLD_H_

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "projections/build.h"
#include "projections/cell/fold.h"
#include "projections/facts/row_keys.h"
#include "projections/store/memory_store.h"
#include "projections/views/rating_reader.h"

namespace flywheel {

// When records are taken unless a test says otherwise.
inline const Instant kWorldNow = build::At("2025-03-10T10:00:00Z");

// A fold over a memory store, fed record by record and written after each.
class World {
 public:
  World() { REQUIRE(fold_.Open().ok()); }

  Offset Add(const std::string& record) { return AddAll({record}); }
  // The offset of the last one.
  Offset AddAll(const std::vector<std::string>& records) {
    std::vector<LogRecord> all;
    all.reserve(records.size());
    for (const std::string& record : records) all.push_back({Offset(next_++), record});
    fold_.Apply(all);
    REQUIRE(fold_.status().ok());
    const auto batch = store.NewBatch();
    fold_.WriteTo(batch.get());
    REQUIRE(store.Write(batch.get()).ok());
    return all.back().offset;
  }
  Offset Add(const build::pb::Event& event, Instant recorded_at = kWorldNow) {
    return Add(build::Record(event, recorded_at));
  }
  Offset Add(const log::v1::Record& record) { return Add(record.SerializeAsString()); }

  const RecordCounts& counts() const { return fold_.position().counts; }
  uint64_t refused(RefusalCode code) const { return counts().refused[static_cast<size_t>(code)]; }
  OrderRow order(std::string_view id = "o") const {
    std::string value;
    REQUIRE(*store.Get(row_keys::Order("s", id), &value));
    return *OrderRow::Decode(value);
  }
  std::optional<QuarantineRow> entry(Offset offset) const {
    std::string value;
    if (!*store.Get(row_keys::Quarantine(offset), &value)) return std::nullopt;
    return *QuarantineRow::Decode(value);
  }
  std::optional<RatingAnswer> rating(Instant as_of, std::string_view market = "PL") const {
    RatingQuery query;
    query.as_of = as_of;
    return *RatingReader({&store}).One("s", market, query);
  }

  MemoryStore store;

 private:
  Fold fold_{&store};
  int64_t next_ = 0;
};

inline log::v1::Record Refused(std::string_view place, std::string_view seller) {
  log::v1::Record record;
  auto* refused = record.mutable_refused();
  build::Set(refused->mutable_recorded_at(), kWorldNow);
  refused->set_source("inbox");
  refused->set_source_place(std::string(place));
  refused->set_sha256(std::string(32, 'h'));
  refused->set_code(log::v1::RefusalCode::INVALID);
  refused->set_field("market");
  refused->set_sentence("No such market.");
  refused->set_seller_id(std::string(seller));
  return record;
}

inline log::v1::Record Resubmitted(Offset entry, build::pb::Event event) {
  log::v1::Record record;
  auto* resubmitted = record.mutable_resubmitted();
  build::Set(resubmitted->mutable_recorded_at(), kWorldNow);
  resubmitted->set_entry_offset(entry.number());
  *resubmitted->mutable_event() = std::move(event);
  return record;
}

inline log::v1::Record Discarded(Offset entry) {
  log::v1::Record record;
  build::Set(record.mutable_discarded()->mutable_recorded_at(), kWorldNow);
  record.mutable_discarded()->set_entry_offset(entry.number());
  return record;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROJECTIONS_FOLD_WORLD_H_
