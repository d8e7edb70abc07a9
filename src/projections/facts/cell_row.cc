#include "projections/facts/cell_row.h"

#include <numeric>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {

uint64_t RecordCounts::refused_in_all() const {
  return std::accumulate(refused.begin(), refused.end(), uint64_t{0});
}

void CellRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  for (const uint64_t number :
       {fold_version, last_hash, counts.records, counts.accepted, counts.duplicates, counts.repeats,
        counts.waiting, counts.stale, counts.control}) {
    writer.Unsigned(number);
  }
  for (const uint64_t number : counts.refused) writer.Unsigned(number);
  for (const int64_t number : {next.number(), last.number(), last_recorded_at.number(),
                               tick_clock.number(), log_clock.number()}) {
    writer.Signed(number);
  }
  writer.Byte(live ? 1 : 0);
}

absl::StatusOr<CellRow> CellRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  CellRow row;
  for (uint64_t* number : {&row.fold_version, &row.last_hash, &row.counts.records,
                           &row.counts.accepted, &row.counts.duplicates, &row.counts.repeats,
                           &row.counts.waiting, &row.counts.stale, &row.counts.control}) {
    *number = reader.Unsigned();
  }
  for (uint64_t& number : row.counts.refused) number = reader.Unsigned();
  row.next = Offset(reader.Signed());
  row.last = Offset(reader.Signed());
  row.last_recorded_at = Instant(reader.Signed());
  row.tick_clock = Instant(reader.Signed());
  row.log_clock = Instant(reader.Signed());
  row.live = reader.Byte() != 0;
  if (!reader.ok() || !reader.done()) return absl::DataLossError("a cell row cannot be read");
  return row;
}

}  // namespace flywheel
