#include "projections/facts/quarantine_row.h"

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {

void QuarantineRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Byte(static_cast<uint8_t>(state));
  writer.Byte(static_cast<uint8_t>(code));
  writer.Byte(static_cast<uint8_t>(kind));
  writer.String(seller_id);
  writer.String(order_id);
  writer.String(market.text());
  writer.String(event_id);
  writer.Signed(occurred_at.number());
  writer.Signed(recorded_at.number());
  writer.String(field);
  writer.String(sentence);
  writer.String(source);
  writer.String(source_place);
  writer.Unsigned(repeats);
  writer.Signed(decided.number());
  writer.Byte(closed ? 1 : 0);
  if (closed) writer.Signed(closed->number());
  writer.Signed(decided_at.number());
  writer.Signed(closed_at.number());
}

absl::StatusOr<QuarantineRow> QuarantineRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  QuarantineRow row;
  row.state = static_cast<State>(reader.Byte());
  row.code = static_cast<RefusalCode>(reader.Byte());
  row.kind = static_cast<EventKind>(reader.Byte());
  row.seller_id = std::string(reader.String());
  row.order_id = std::string(reader.String());
  row.market = MarketCode(reader.String());
  row.event_id = std::string(reader.String());
  row.occurred_at = Instant(reader.Signed());
  row.recorded_at = Instant(reader.Signed());
  row.field = std::string(reader.String());
  row.sentence = std::string(reader.String());
  row.source = std::string(reader.String());
  row.source_place = std::string(reader.String());
  row.repeats = reader.Unsigned();
  row.decided = Offset(reader.Signed());
  if (reader.Byte() != 0) row.closed = Offset(reader.Signed());
  row.decided_at = Instant(reader.Signed());
  row.closed_at = Instant(reader.Signed());
  if (!reader.ok() || !reader.done()) return absl::DataLossError("a quarantine row cannot be read");
  return row;
}

std::string_view NameOf(QuarantineRow::State state) {
  switch (state) {
    case QuarantineRow::State::kWaiting:
      return "WAITING";
    case QuarantineRow::State::kRefused:
      return "REFUSED";
    case QuarantineRow::State::kResubmitted:
      return "RESUBMITTED";
    case QuarantineRow::State::kDiscarded:
      return "DISCARDED";
  }
  return "";
}

}  // namespace flywheel
