#include "projections/cell/look_ahead.h"

#include <algorithm>
#include <variant>

#include "events/wire_scan.h"
#include "projections/cell/rating_fold.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

void LookAhead::Run(absl::Span<const LogRecord> records,
                    absl::FunctionRef<void(const Upcoming&)> apply) {
  const size_t groups = (records.size() + kGroup - 1) / kGroup;
  for (size_t step = 0; step < groups + kStages - 1; ++step) {
    // The group that is in the stage now.
    const auto in_stage = [&](size_t stage) -> absl::Span<Item> {
      if (step < stage || step - stage >= groups) return {};
      const size_t group = step - stage;
      return absl::MakeSpan(items_).subspan(group % kStages * kGroup,
                                            std::min(kGroup, records.size() - group * kGroup));
    };
    size_t next = step * kGroup;
    for (Item& item : in_stage(0)) Scan(records[next++], &item);
    for (const Item& item : in_stage(1)) LoadEntries(item);
    for (Item& item : in_stage(2)) FindEntries(&item);
    for (const Item& item : in_stage(3)) LoadDays(item);
    for (const Item& item : in_stage(4)) apply(item);
  }
}

void LookAhead::Scan(const LogRecord& record, Item* item) const {
  item->record = &record;
  item->view = RecordView();
  item->readable = ScanRecord(record.bytes, &item->view) == ScanResult::kOk &&
                   item->view.kind != RecordKind::kNone;
  item->order = nullptr;
  item->seller = nullptr;
  item->order_key.is = item->seller_key.is = item->buyer_key.is = item->smart_key.is = false;
  for (Wanted& days : item->days_keys) days.is = false;
  const auto* event = std::get_if<EventView>(&item->view.body);
  if (!item->readable || event == nullptr || !IsAboutOrder(event->kind)) return;
  row_keys::OrderTo(event->seller_id, OrderOf(*event), &item->order_key.text);
  item->order_key.Is();
  rows_->orders.StartLookup(item->order_key.key);
  row_keys::OfSellerTo(event->seller_id, &item->seller_key.text);
  item->seller_key.Is();
  rows_->sellers.StartLookup(item->seller_key.key);
  std::string_view buyer;
  if (const auto* placed = std::get_if<OrderPlacedView>(&event->payload)) {
    buyer = placed->buyer_id;
  } else if (const auto* review = std::get_if<ReviewPostedView>(&event->payload)) {
    buyer = review->buyer_id;
  }
  if (buyer.empty()) return;
  row_keys::BuyerTo(event->seller_id, buyer, 0, &item->buyer_key.text);
  item->buyer_key.Is();
  rows_->buyers.StartLookup(item->buyer_key.key);
}

void LookAhead::LoadEntries(const Item& item) const {
  if (item.order_key.is) rows_->orders.GoOnLookup(item.order_key.key);
  if (item.seller_key.is) rows_->sellers.GoOnLookup(item.seller_key.key);
  if (item.buyer_key.is) rows_->buyers.GoOnLookup(item.buyer_key.key);
}

void LookAhead::FindEntries(Item* item) const {
  if (!item->order_key.is) return;
  item->order = rows_->orders.FinishLookup(item->order_key.key);
  if (item->order != nullptr) item->order->row.Prefetch();
  item->seller = rows_->sellers.FinishLookup(item->seller_key.key);
  if (item->buyer_key.is) {
    const auto* buyer = rows_->buyers.FinishLookup(item->buyer_key.key);
    if (buyer != nullptr) buyer->row.Prefetch();
  }
  WantDays(std::get<EventView>(item->view.body), item);
}

// A review moves the figures of its day and of the day on which it leaves the window. An order's
// placing and its first scan, which is mostly this one, move those of the day of the placing.
void LookAhead::WantDays(const EventView& event, Item* item) const {
  const bool is_review = event.kind == EventKind::kReviewPosted;
  const bool is_placing = event.kind == EventKind::kOrderPlaced;
  const auto* scan = std::get_if<ParcelScannedView>(&event.payload);
  const bool is_first_scan = scan != nullptr && scan->code == ScanCode::kInTransit;
  if (!is_review && !(all_models_ && (is_placing || is_first_scan))) return;
  const MarketPolicy* const policy = policies_->FindInAnyVersion(event.market);
  if (policy == nullptr || !event.occurred_at) return;
  Instant at = *event.occurred_at;
  if (is_first_scan) {
    if (item->order == nullptr || !item->order->row.known()) return;
    at = item->order->row.placed_at();
  }
  const MarketCode market(event.market);
  const LocalDay day = policy->zone->Day(at);
  WantDay(event.seller_id, market, day, &item->days_keys[0]);
  if (is_review) {
    WantDay(event.seller_id, market, day.Plus(kStoredRatingWindowDays), &item->days_keys[1]);
  }
  if (!all_models_) return;
  row_keys::SmartTo(event.seller_id, market, &item->smart_key.text);
  item->smart_key.Is();
  rows_->smart.StartLookup(item->smart_key.key);
}

void LookAhead::WantDay(std::string_view seller, MarketCode market, LocalDay day,
                        Wanted* wanted) const {
  row_keys::DaysTo(seller, market, day, &wanted->text);
  wanted->Is();
  rows_->days.StartLookup(wanted->key);
}

void LookAhead::LoadDays(const Item& item) const {
  for (const Wanted& days : item.days_keys) {
    if (days.is) rows_->days.GoOnLookup(days.key);
  }
  if (item.smart_key.is) rows_->smart.GoOnLookup(item.smart_key.key);
}

}  // namespace flywheel
