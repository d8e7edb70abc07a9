#include "projections/facts/order_row.h"

#include <catch2/catch.hpp>
#include <vector>

#include "projections/build.h"

namespace flywheel {
namespace {

using build::At;
using build::View;

const Instant kPlaced = At("2025-03-01T10:00:00.123Z");

// An order with one line of 3 pieces for 35.00 PLN by buyer "b".
OrderRow PlacedRow() {
  OrderRow row;
  row.Place(View(build::Placed("o", "b", kPlaced)).fact(7, kPlaced));
  return row;
}

bool Take(OrderRow* row, const build::pb::Event& event, int64_t offset) {
  const View view(event);
  const Fact fact = view.fact(offset, kPlaced);
  const OrderRow::ActSearch search = row->FindAct(fact);
  if (search.known) return false;
  row->Append(fact, search);
  return true;
}

// Every field of every kind, set by reflection to something that is not its default.
void FillField(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               int salt);
void FillAll(google::protobuf::Message* message, int salt) {
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    FillField(message, message->GetDescriptor()->field(i), salt + i);
  }
}
void FillField(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               int salt) {
  const auto* reflection = message->GetReflection();
  using Field = google::protobuf::FieldDescriptor;
  if (field->name() == "currency") {
    reflection->SetString(message, field, "PLN");
    return;
  }
  switch (field->cpp_type()) {
    case Field::CPPTYPE_STRING:
      reflection->SetString(
          message, field, field->name() == "order_id" ? "o" : field->name() + std::to_string(salt));
      break;
    case Field::CPPTYPE_BOOL:
      reflection->SetBool(message, field, true);
      break;
    case Field::CPPTYPE_INT32:
      reflection->SetInt32(message, field, 1 + salt % 5);
      break;
    case Field::CPPTYPE_INT64:
      reflection->SetInt64(message, field, 1000 + salt);
      break;
    case Field::CPPTYPE_ENUM:
      reflection->SetEnumValue(message, field, 1 + salt % (field->enum_type()->value_count() - 1));
      break;
    case Field::CPPTYPE_MESSAGE:
      for (int n = 0; n < (field->is_repeated() ? 2 : 1); ++n) {
        auto* inner = field->is_repeated() ? reflection->AddMessage(message, field)
                                           : reflection->MutableMessage(message, field);
        if (inner->GetDescriptor()->full_name() == "google.protobuf.Timestamp") {
          static_cast<google::protobuf::Timestamp*>(inner)->set_seconds(1'740'000'000 + salt);
        } else {
          FillAll(inner, salt + 10 * n);
        }
      }
      break;
    default:
      FAIL("a type of field that no payload has");
  }
}

TEST_CASE("a row gives back every field of every kind that it keeps") {
  OrderRow row;
  std::vector<std::unique_ptr<View>> views;
  const auto* descriptor = build::pb::Event::descriptor();
  for (auto kind = EventKind::kOrderPlaced; kind <= EventKind::kRefundIssued;
       kind = static_cast<EventKind>(static_cast<int>(kind) + 1)) {
    build::pb::Event event = build::Event(kPlaced.Plus(static_cast<int>(kind)));
    auto* payload = event.GetReflection()->MutableMessage(
        &event, descriptor->FindFieldByNumber(static_cast<int>(kind)));
    FillAll(payload, static_cast<int>(kind));
    views.push_back(std::make_unique<View>(event));
    const Fact fact = views.back()->fact(100 + static_cast<int>(kind), kPlaced.Plus(5));
    if (kind == EventKind::kOrderPlaced) {
      row.Place(fact);
    } else {
      row.Append(fact, row.FindAct(fact));
    }
  }
  std::string bytes;
  row.Encode(&bytes);
  const absl::StatusOr<OrderRow> decoded = OrderRow::Decode(bytes);
  REQUIRE(decoded.ok());
  std::string again;
  decoded->Encode(&again);
  CHECK(again == bytes);

  // What comes out, put into a new row, gives the same bytes: nothing that the row keeps is lost on
  // the way.
  OrderRow copy;
  size_t facts = 0;
  decoded->ForEachFact([&](const Fact& fact) {
    const View& view = *views[facts++];
    CHECK(fact.kind == view.view.kind);
    CHECK(fact.occurred_at == *view.view.occurred_at);
    CHECK(fact.recorded_at == kPlaced.Plus(5));
    CHECK(SubjectIdOf(fact) == SubjectIdOf(view.fact(0)));
    if (fact.kind == EventKind::kOrderPlaced) {
      copy.Place(fact);
    } else {
      copy.Append(fact, copy.FindAct(fact));
    }
    return true;
  });
  CHECK(facts == views.size());
  std::string copied;
  copy.Encode(&copied);
  CHECK(copied == bytes);
  const Fact placed = decoded->Placed();
  const auto& body = std::get<OrderPlacedFact>(placed.body);
  CHECK(placed.buyer_id == views[0]->fact(0).buyer_id);
  CHECK(body.lines.size() == 2);
  CHECK(body.delivery.promised_delivery_by ==
        std::get<OrderPlacedView>(views[0]->view.payload).delivery.promised_delivery_by);
  CHECK(body.total == std::get<OrderPlacedView>(views[0]->view.payload).total);
}

TEST_CASE("the same act is found again whatever carries it") {
  OrderRow row = PlacedRow();
  const Instant t = kPlaced.Plus(1000);
  CHECK(Take(&row, build::Scanned("o", "p1", build::pb::ScanCode::IN_TRANSIT, t), 8));
  CHECK_FALSE(Take(&row, build::Scanned("o", "p1", build::pb::ScanCode::IN_TRANSIT, t), 9));
  CHECK(Take(&row, build::Scanned("o", "p1", build::pb::ScanCode::IN_TRANSIT, t.Plus(1)), 10));
  CHECK(Take(&row, build::Scanned("o", "p1", build::pb::ScanCode::DELIVERED, t), 11));
  CHECK(Take(&row, build::Scanned("o", "p2", build::pb::ScanCode::IN_TRANSIT, t), 12));
  CHECK(Take(&row, build::Edited("o", "r1", true, t), 13));
  CHECK_FALSE(Take(&row, build::Edited("o", "r1", false, t), 14));
  CHECK(Take(&row, build::Edited("o", "r2", false, t), 15));
  CHECK(Take(&row, build::Posted("o", "r1", "b", true, t), 16));
  CHECK_FALSE(Take(&row, build::Posted("o", "r2", "b", true, t.Plus(5)), 17));
  CHECK(Take(&row, build::Removed("o", "r1", build::pb::RemovedBy::BUYER, t), 18));
  CHECK_FALSE(
      Take(&row, build::Removed("o", "r1", build::pb::RemovedBy::MARKETPLACE, t.Plus(1)), 19));
  CHECK(Take(&row, build::Refunded("o", "f1", 5, t), 20));
  CHECK_FALSE(Take(&row, build::Refunded("o", "f1", 6, t.Plus(9)), 21));
  CHECK_FALSE(Take(&row, build::Placed("o", "other", t), 22));
  CHECK(row.fact_count() == 10);
}

TEST_CASE("an unknown order's row keeps what waits and gives it up by place") {
  OrderRow row;
  const View first(build::Posted("o", "r1", "b", true, kPlaced));
  const View second(build::Filed("o", "t1", "b", 2, kPlaced.Plus(1)));
  ContentHash hash{};
  hash[3] = 'x';
  row.AddWaiting({hash, kPlaced.Plus(90), first.fact(3, kPlaced)});
  row.AddWaiting({ContentHash{}, kPlaced.Plus(91), second.fact(4, kPlaced)});
  std::string bytes;
  row.Encode(&bytes);
  OrderRow decoded = *OrderRow::Decode(bytes);
  const std::vector<WaitingFact> waiting = decoded.Waiting();
  REQUIRE(waiting.size() == 2);
  CHECK(waiting[0].hash == hash);
  CHECK(waiting[0].deadline == kPlaced.Plus(90));
  CHECK(waiting[0].fact.buyer_id == "b");
  CHECK(waiting[0].fact.market.text() == "PL");
  CHECK(std::get<ReviewPostedFact>(waiting[0].fact.body).rates.service == 5);
  CHECK(std::get<ReturnFiledFact>(waiting[1].fact.body).items[0].quantity == 2);
  Offset offset;
  CHECK(decoded.HasWaiting(hash, &offset));
  CHECK(offset == Offset(3));
  CHECK(decoded.RemoveWaiting(Offset(3)));
  CHECK_FALSE(decoded.RemoveWaiting(Offset(3)));
  CHECK(decoded.waiting_count() == 1);
  CHECK(decoded.Waiting()[0].fact.place.offset == Offset(4));
}

TEST_CASE("damaged bytes are no order row") {
  std::string bytes;
  PlacedRow().Encode(&bytes);
  CHECK(absl::IsDataLoss(OrderRow::Decode("").status()));
  bytes[0] = 99;
  CHECK(absl::IsDataLoss(OrderRow::Decode(bytes).status()));
}

}  // namespace
}  // namespace flywheel
