#include "projections/models/buyer_row.h"

#include <utility>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"

namespace flywheel {
namespace {

void WriteOrder(const BuyerRow::Order& order, ByteWriter* writer) {
  writer->String(order.order_id);
  writer->Raw(order.market.text());
  writer->Signed(order.placed.number());
  writer->Byte(order.reviewed ? 1 : 0);
  if (!order.reviewed) return;
  const BuyerReview& review = order.review;
  const int64_t base = order.placed.number();
  writer->String(review.review_id);
  writer->Signed(review.posted.number() - base);
  writer->Signed(review.visible_from.number() - base);
  writer->Unsigned(review.recommended.size());
  for (const auto& [from, recommended] : review.recommended) {
    writer->Signed(from.number() - base);
    writer->Byte(recommended ? 1 : 0);
  }
  writer->Byte(review.removed_from ? 1 : 0);
  if (review.removed_from) writer->Signed(review.removed_from->number() - base);
}

BuyerRow::Order ReadOrder(ByteReader* reader) {
  BuyerRow::Order order;
  order.order_id = reader->String();
  order.market = MarketCode(reader->Raw(2));
  order.placed = Instant(reader->Signed());
  order.reviewed = reader->Byte() != 0;
  if (!order.reviewed) return order;
  BuyerReview& review = order.review;
  review.order_id = order.order_id;
  review.review_id = reader->String();
  review.posted = order.placed.Plus(reader->Signed());
  review.visible_from = order.placed.Plus(reader->Signed());
  const uint64_t says = reader->Unsigned();
  for (uint64_t i = 0; i < says && reader->ok(); ++i) {
    const Instant from = order.placed.Plus(reader->Signed());
    review.recommended.push_back({from, reader->Byte() != 0});
  }
  if (reader->Byte() != 0) review.removed_from = order.placed.Plus(reader->Signed());
  return order;
}

}  // namespace

absl::StatusOr<BuyerRow> BuyerRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  BuyerRow row;
  row.chunks_ = static_cast<uint32_t>(reader.Unsigned());
  row.count_ = static_cast<uint32_t>(reader.Unsigned());
  if (!reader.ok()) return absl::DataLossError("a buyer row cannot be read");
  row.orders_ = std::string(reader.rest());
  return row;
}

void BuyerRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Unsigned(chunks_);
  writer.Unsigned(count_);
  writer.Raw(orders_);
}

void BuyerRow::AddOrder(std::string_view order_id, MarketCode market, Instant placed) {
  FLYWHEEL_CHECK(!full(), "a chunk of a buyer row is limited");
  ByteWriter writer(&orders_);
  WriteOrder({order_id, market, placed, false, {}}, &writer);
  ++count_;
}

bool BuyerRow::SetReview(std::string_view order_id, const BuyerReview& review) {
  bool found = false;
  std::string changed;
  ByteWriter writer(&changed);
  ForEach([&](const Order& order) {
    if (order.order_id != order_id) {
      WriteOrder(order, &writer);
      return;
    }
    found = true;
    Order reviewed = order;
    reviewed.reviewed = true;
    reviewed.review = review;
    WriteOrder(reviewed, &writer);
  });
  if (found) orders_ = std::move(changed);
  return found;
}

void BuyerRow::ForEach(absl::FunctionRef<void(const Order&)> visit) const {
  ByteReader reader(orders_);
  while (!reader.done()) {
    const Order order = ReadOrder(&reader);
    FLYWHEEL_CHECK(reader.ok(), "a buyer row's order can be read");
    visit(order);
  }
}

}  // namespace flywheel
