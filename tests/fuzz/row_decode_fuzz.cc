// Any bytes as a row: they are refused, or give a row whose bytes give the same row. And the row of
// any events that an order can have reads back as it was.
//
// The input is a byte that says of which type the row is, then the row's bytes; or, for an order
// made of events, for each its length in two bytes and its own.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "events/intake.h"
#include "events/policy.h"
#include "events/wire_scan.h"
#include "fuzz/demand.h"
#include "projections/cell/checkpoint_manifest.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"
#include "projections/facts/place_row.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/buyer_row.h"
#include "projections/models/days_row.h"
#include "projections/models/rating.h"
#include "projections/models/sla.h"
#include "projections/models/smart_row.h"

namespace flywheel {
namespace {

constexpr int64_t kMaxEvents = 60;

template <class Row>
void CheckRow(std::string_view bytes) {
  const absl::StatusOr<Row> row = Row::Decode(bytes);
  if (!row.ok()) return Demand(absl::IsDataLoss(row.status()), "a damaged row is damaged");
  std::string once;
  row->Encode(&once);
  const absl::StatusOr<Row> again = Row::Decode(once);
  Demand(again.ok(), "what a row encodes as is a row");
  std::string twice;
  again->Encode(&twice);
  Demand(once == twice, "a row that was read again has the same bytes");
}

void CheckOpenClocks(std::string_view bytes) {
  const auto copy = [](std::string_view row, std::string* out) {
    return ForEachOpenClock(row, "order",
                            [out](const OpenClock& clock) { AppendOpenClock(clock, out); });
  };
  std::string once;
  if (!copy(bytes, &once).ok()) return;
  std::string twice;
  Demand(copy(once, &twice).ok(), "what is written of open clocks is read");
  Demand(once == twice, "open clocks that were read again have the same bytes");
}

void CheckManifest(std::string_view bytes) {
  const auto manifest = CheckpointManifest::Parse(bytes);
  if (!manifest.ok()) return;
  Demand(manifest->ToText() == bytes, "a manifest has one text");
}

// The facts with their bytes, so that rows can be compared.
std::string TextOf(const OrderRow& row) {
  std::string text;
  row.ForEachFact([&text](const Fact& fact) {
    text += std::to_string(static_cast<int>(fact.kind)) + "@" +
            std::to_string(fact.place.offset.number()) + " " +
            std::to_string(fact.occurred_at.number()) + " " +
            std::to_string(fact.recorded_at.number()) + " " + std::string(fact.buyer_id) + "\n";
    return true;
  });
  return text;
}

// As the fold adds facts to the row of an order.
void AddFact(const EventView& event, int64_t offset, OrderRow* row) {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  if (Validate(event, kLatestInstant, policies).has_value() || !IsAboutOrder(event.kind)) return;
  const Fact fact = FactOf(event, {Offset(offset), 0}, kLatestInstant);
  if (!row->known()) {
    if (fact.kind == EventKind::kOrderPlaced) row->Place(fact);
    return;
  }
  const Judgement judgement = Judge(*row, fact, policies.Of(row->market(), fact.occurred_at));
  if (judgement.verdict == Verdict::kAccepted) row->Append(fact, judgement.search);
}

void CheckOrderOfEvents(std::string_view bytes) {
  OrderRow row;
  for (int64_t offset = 0; bytes.size() > 2 && offset < kMaxEvents; ++offset) {
    const size_t length = static_cast<uint8_t>(bytes[0]) | static_cast<uint8_t>(bytes[1]) << 8;
    const std::string event_bytes(bytes.substr(2, length));
    bytes.remove_prefix(std::min(bytes.size(), 2 + length));
    EventView event;
    if (ScanEvent(event_bytes, Utf8Check::kCheck, &event) == ScanResult::kOk) {
      AddFact(event, offset, &row);
    }
  }
  std::string once;
  row.Encode(&once);
  const absl::StatusOr<OrderRow> again = OrderRow::Decode(once);
  Demand(again.ok(), "the row of an order is a row");
  Demand(TextOf(*again) == TextOf(row), "the row of an order has the facts that were added");
  std::string twice;
  again->Encode(&twice);
  Demand(once == twice, "the row of an order has the same bytes");
}

// The number of a check is the first byte of an input; new ones go to the end.
constexpr void (*kChecks[])(std::string_view) = {
    CheckOrderOfEvents,    CheckRow<OrderRow>,   CheckRow<BuyerRow>,      CheckRow<SellerRow>,
    CheckRow<StandingRow>, CheckRow<RatingRow>,  CheckRow<SlaRow>,        CheckRow<SmartRow>,
    CheckRow<SmartChange>, CheckRow<TrackedDay>, CheckRow<QuarantineRow>, CheckRow<PolicyRow>,
    CheckRow<CellRow>,     CheckRow<PlaceRow>,   CheckOpenClocks,         CheckManifest,
    CheckRow<DaysRow>,
};

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  flywheel::kChecks[data[0] % std::size(flywheel::kChecks)](
      std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  return 0;
}
