// What one event costs at the doors and in a replay: the wire scan beside libprotobuf's parse, the
// scan of a record, Prepare, and JSON.
//
// Data: 4,096 events of fixed seed in the mix of a marketplace's log (of 100: 40 ParcelScanned, 15
// OrderPaid, 15 ParcelRegistered, 15 OrderPlaced with 1 or 2 lines, 10 ReviewPosted, 5 others), ids
// of 32 hexadecimal characters; the label says their mean size. They fit in the L2 cache, as the
// records of a read batch do.

#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "events/event_json.h"
#include "events/intake.h"
#include "events/policy.h"
#include "events/record_view.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

namespace pb = flywheel::events::v1;

constexpr int kEvents = 4096;
constexpr int64_t kStart = 1'700'000'000;
constexpr Instant kStamp{(kStart + 400 * 86'400) * kMillisPerSecond};

class Mix {
 public:
  pb::Event Next() {
    pb::Event event;
    event.set_event_id(Uuid());
    event.mutable_occurred_at()->set_seconds(Number(kStart, kStart + 360 * 86'400));
    event.mutable_occurred_at()->set_nanos(static_cast<int>(Number(0, 999)) * 1'000'000);
    *event.mutable_recorded_at() = event.occurred_at();
    event.set_seller_id(Hex(32));
    event.set_market("PL");
    event.set_source("checkout");
    SetPayload(event, Number(0, 99));
    return event;
  }

 private:
  int64_t Number(int64_t least, int64_t greatest) {
    return std::uniform_int_distribution<int64_t>(least, greatest)(random_);
  }
  std::string Hex(size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text.push_back("0123456789abcdef"[Number(0, 15)]);
    return text;
  }
  std::string Uuid() { return Hex(8) + "-" + Hex(4) + "-" + Hex(4) + "-" + Hex(4) + "-" + Hex(12); }
  void SetMoney(pb::Money* money) {
    money->set_amount_minor(Number(500, 50'000));
    money->set_currency("PLN");
  }

  void SetPayload(pb::Event& event, int64_t percent) {
    if (percent < 40) {
      pb::ParcelScanned& scanned = *event.mutable_parcel_scanned();
      scanned.set_order_id(Hex(32));
      scanned.set_parcel_id(Hex(16));
      scanned.set_code(static_cast<pb::ScanCode::Value>(Number(1, 7)));
    } else if (percent < 55) {
      event.mutable_order_paid()->set_order_id(Hex(32));
    } else if (percent < 70) {
      pb::ParcelRegistered& registered = *event.mutable_parcel_registered();
      registered.set_order_id(Hex(32));
      registered.set_parcel_id(Hex(16));
      registered.set_carrier_id("inpost");
      registered.set_direction(pb::Direction::OUTBOUND);
    } else if (percent < 85) {
      SetOrderPlaced(*event.mutable_order_placed());
    } else if (percent < 95) {
      pb::ReviewPosted& review = *event.mutable_review_posted();
      review.set_order_id(Hex(32));
      review.set_review_id(Hex(32));
      review.set_buyer_id(Hex(32));
      review.set_recommended(true);
      review.mutable_rates()->set_delivery(5);
      review.mutable_rates()->set_service(4);
      review.set_comment("Szybka dostawa, polecam tego sprzedawcę!");
    } else {
      pb::ReturnFiled& filed = *event.mutable_return_filed();
      filed.set_order_id(Hex(32));
      filed.set_return_id(Hex(32));
      filed.set_buyer_id(Hex(32));
      pb::ReturnItem& item = *filed.add_items();
      item.set_line_id("1");
      item.set_quantity(1);
      item.set_reason(pb::ReturnReason::DONT_LIKE_IT);
    }
  }

  void SetOrderPlaced(pb::OrderPlaced& placed) {
    placed.set_order_id(Hex(32));
    placed.set_buyer_id(Hex(32));
    for (int64_t line = Number(1, 2); line > 0; --line) {
      pb::OrderLine& added = *placed.add_lines();
      added.set_line_id(std::to_string(line));
      added.set_offer_id(Hex(32));
      added.set_quantity(1);
      SetMoney(added.mutable_unit_price());
    }
    SetMoney(placed.mutable_total());
    pb::Delivery& delivery = *placed.mutable_delivery();
    delivery.set_method(pb::DeliveryMethod::LOCKER);
    delivery.set_carrier_id("inpost");
    SetMoney(delivery.mutable_list_price());
    SetMoney(delivery.mutable_price_paid_by_buyer());
    delivery.set_smart(true);
    delivery.mutable_promised_dispatch_by()->set_seconds(Number(kStart, kStart + 86'400));
    delivery.mutable_promised_delivery_by()->set_seconds(Number(kStart, kStart + 86'400));
  }

  std::mt19937_64 random_{20240229};
};

struct Corpus {
  std::vector<std::string> events;
  std::vector<std::string> records;
  std::vector<std::string> json;
  std::string label;
};

const Corpus& Events() {
  static const Corpus corpus = [] {
    Corpus made;
    Mix mix;
    size_t bytes = 0;
    for (int i = 0; i < kEvents; ++i) {
      log::v1::Record record;
      *record.mutable_event() = mix.Next();
      made.events.push_back(record.event().SerializeAsString());
      made.records.push_back(record.SerializeAsString());
      made.json.push_back(*EventToJson(made.events.back()));
      bytes += made.events.back().size();
    }
    made.label = std::to_string(bytes / kEvents) + " bytes an event";
    return made;
  }();
  return corpus;
}

// Runs `work` on one text after the other; the time that is reported is that of one.
template <class Work>
void ForEachOf(benchmark::State& state, const std::vector<std::string>& texts, const Work& work) {
  size_t next = 0;
  for (auto _ : state) {
    work(texts[next]);
    next = next + 1 == texts.size() ? 0 : next + 1;
  }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(Events().label);
}

void ScanOfEvent(benchmark::State& state, Utf8Check utf8) {
  EventView view;
  ForEachOf(state, Events().events, [&](const std::string& bytes) {
    benchmark::DoNotOptimize(ScanEvent(bytes, utf8, &view));
    benchmark::DoNotOptimize(view);
  });
}
BENCHMARK_CAPTURE(ScanOfEvent, trusted, Utf8Check::kTrust);
BENCHMARK_CAPTURE(ScanOfEvent, checked, Utf8Check::kCheck);

void ProtobufParseOfEvent(benchmark::State& state) {
  pb::Event event;  // reused, which spares libprotobuf most allocations
  ForEachOf(state, Events().events, [&](const std::string& bytes) {
    benchmark::DoNotOptimize(event.ParseFromString(bytes));
  });
}
BENCHMARK(ProtobufParseOfEvent);

void ProtobufParseOfNewEvent(benchmark::State& state) {
  ForEachOf(state, Events().events, [&](const std::string& bytes) {
    pb::Event event;
    benchmark::DoNotOptimize(event.ParseFromString(bytes));
  });
}
BENCHMARK(ProtobufParseOfNewEvent);

void ScanOfRecord(benchmark::State& state) {
  RecordView view;
  ForEachOf(state, Events().records, [&](const std::string& bytes) {
    benchmark::DoNotOptimize(ScanRecord(bytes, &view));
    benchmark::DoNotOptimize(view);
  });
}
BENCHMARK(ScanOfRecord);

void PrepareOfEvent(benchmark::State& state) {
  const PolicyBook policies = PolicyBook::BuiltIn();
  ForEachOf(state, Events().events, [&](const std::string& bytes) {
    auto prepared = Prepare(bytes, kStamp, policies, 12);
    if (!std::holds_alternative<PreparedRecord>(prepared)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(prepared);
  });
}
BENCHMARK(PrepareOfEvent);

void EventOutOfJson(benchmark::State& state) {
  ForEachOf(state, Events().json, [&](const std::string& json) {
    auto event = EventFromJson(json);
    if (!std::holds_alternative<std::string>(event)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(event);
  });
}
BENCHMARK(EventOutOfJson);

void EventIntoJson(benchmark::State& state) {
  ForEachOf(state, Events().events,
            [&](const std::string& bytes) { benchmark::DoNotOptimize(EventToJson(bytes)); });
}
BENCHMARK(EventIntoJson);

}  // namespace
}  // namespace flywheel

BENCHMARK_MAIN();
