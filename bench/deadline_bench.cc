// What a local midnight costs at which many deadlines pass: from an append to its visible answer
// while they do, and until all that they change is visible.
//
//   deadline_bench [--sellers N] [--orders N] [--rate N] [--core N] [--folder DIR]
//
// Each seller is a super seller with so many orders, all to be dispatched by the end of one local
// day, of which none is; with ten orders or more every seller loses Smart! at midnight. One
// partition of an embedded log, a live cell over RocksDB with ticks. The wall clock runs as the
// real one does, from some seconds before that midnight; meanwhile orders are appended at the rate,
// each in an append of its own, and a reader asks for sellers at random.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/intake.h"
#include "flywheel/events/v1/event.pb.h"
#include "process_cost.h"
#include "projections/cell/live_cell.h"
#include "projections/store/rocks_store.h"
#include "projections/views/smart_reader.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Arguments {
  int sellers = 100'000;
  int orders = 10;
  int rate = 1'000;
  int core = -1;
  std::string folder = "build/bench/deadlines";
};

constexpr Partition kPartition{0};
constexpr int kSecondsBefore = 5;
constexpr int kSecondsAfter = 10;

const PolicyBook& Policies() {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  return policies;
}

// The midnight, and the instant at which the orders were placed.
Instant Midnight() { return Policies().FindInAnyVersion("PL")->zone->StartOf(LocalDay(20'300)); }
Instant Placed() { return Midnight().Plus(-2 * kMillisPerDay); }

void Set(Instant at, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(at.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

std::string SellerName(int number) { return fmt::format("seller-{:06}", number); }

events::v1::Event EventOf(int seller, Instant at) {
  events::v1::Event event;
  event.set_event_id("018f4e5c-0000-7000-8000-000000000001");
  Set(at, event.mutable_occurred_at());
  event.set_seller_id(SellerName(seller));
  event.set_market("PL");
  event.set_source("bench");
  return event;
}

events::v1::Event OrderOf(int seller, std::string order, Instant at) {
  events::v1::Event event = EventOf(seller, at);
  auto* placed = event.mutable_order_placed();
  placed->set_buyer_id("buyer-" + order);
  placed->set_order_id(std::move(order));
  auto* line = placed->add_lines();
  line->set_line_id("1");
  line->set_offer_id("offer");
  line->set_quantity(1);
  line->mutable_unit_price()->set_amount_minor(1000);
  line->mutable_unit_price()->set_currency("PLN");
  placed->mutable_total()->set_amount_minor(1000);
  placed->mutable_total()->set_currency("PLN");
  placed->mutable_delivery()->set_method(events::v1::DeliveryMethod::COURIER);
  return event;
}

std::string RecordOf(const events::v1::Event& event, Instant stamp) {
  auto prepared = Prepare(event.SerializeAsString(), stamp, Policies(), 1);
  FLYWHEEL_CHECK(std::holds_alternative<PreparedRecord>(prepared), "intake takes the event");
  return std::move(std::get<PreparedRecord>(prepared).record_bytes);
}

absl::Status Fill(const Arguments& arguments, EventLog* log) {
  std::vector<std::string> batch;
  const auto append = [&]() -> absl::Status {
    const std::vector<std::string_view> views(batch.begin(), batch.end());
    if (!views.empty()) RETURN_IF_ERROR(log->Append(kPartition, views).status());
    batch.clear();
    return absl::OkStatus();
  };
  for (int seller = 0; seller < arguments.sellers; ++seller) {
    events::v1::Event registered = EventOf(seller, Placed());
    registered.mutable_seller_registered()->set_business(true);
    batch.push_back(RecordOf(registered, Placed()));
    events::v1::Event standing = EventOf(seller, Placed());
    auto* changed = standing.mutable_seller_standing_changed();
    changed->set_fees_paid(true);
    changed->set_super_seller(true);
    changed->mutable_return_policy()->set_free_returns(true);
    changed->mutable_return_policy()->set_withdrawal_days(14);
    batch.push_back(RecordOf(standing, Placed()));
    for (int i = 0; i < arguments.orders; ++i) {
      events::v1::Event order = OrderOf(seller, fmt::format("{}-{}", seller, i), Placed());
      Set(Midnight().Plus(-1),
          order.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by());
      batch.push_back(RecordOf(order, Placed()));
    }
    if (batch.size() >= 8192) RETURN_IF_ERROR(append());
  }
  return append();
}

// The wall clock of the run: real time, moved.
class Wall {
 public:
  Wall() : start_(Clock::now()) {}
  Instant Now() const {
    return Midnight()
        .Plus(-kSecondsBefore * kMillisPerSecond)
        .Plus(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_).count());
  }
  Clock::time_point midnight() const { return start_ + std::chrono::seconds(kSecondsBefore); }

 private:
  Clock::time_point start_;
};

void PrintQuantiles(std::string_view what, std::vector<double> millis) {
  if (millis.empty()) return;
  std::sort(millis.begin(), millis.end());
  const auto at = [&](double share) {
    return millis[static_cast<size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  fmt::print("{}: {} of them, p50 {:.1f} ms, p99 {:.1f}, greatest {:.1f}\n", what, millis.size(),
             at(0.5), at(0.99), millis.back());
}

double MillisSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Asks for sellers at random until told to stop.
std::vector<double> Ask(const LiveCell& cell, const Wall& wall, int sellers,
                        const std::atomic<bool>& stop) {
  std::vector<double> millis;
  std::mt19937_64 random(1);
  while (!stop) {
    const Clock::time_point asked = Clock::now();
    const std::shared_ptr<const CellView> view = cell.View();
    const SmartReader reader(CellViews{view});
    const std::string seller =
        SellerName(static_cast<int>(random() % static_cast<size_t>(sellers)));
    FLYWHEEL_CHECK(!reader.Of(seller, "PL", {wall.Now(), std::nullopt, false})->empty(),
                   "each seller has an answer");
    millis.push_back(MillisSince(asked));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return millis;
}

// Appends at the rate, and waits for each to be visible.
std::vector<double> Append(EventLog* log, const LiveCell& cell, const Wall& wall,
                           const Arguments& arguments) {
  const int count = arguments.rate * (kSecondsBefore + kSecondsAfter);
  struct Sent {
    Offset offset;
    Clock::time_point at;
  };
  std::vector<Sent> sent(static_cast<size_t>(count));
  std::atomic<size_t> durable = 0;
  std::thread sender([&] {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < count; ++i) {
      std::this_thread::sleep_until(start +
                                    std::chrono::nanoseconds(1'000'000'000LL * i / arguments.rate));
      const Clock::time_point at = Clock::now();
      const Instant now = wall.Now();
      const std::string record =
          RecordOf(OrderOf(i % arguments.sellers, fmt::format("live-{}", i), now), now);
      sent[static_cast<size_t>(i)] = {log->Append(kPartition, {record})->front(), at};
      ++durable;
    }
  });
  std::vector<double> millis;
  for (size_t i = 0; i < sent.size(); ++i) {
    while (durable <= i) std::this_thread::sleep_for(std::chrono::microseconds(50));
    cell.WaitFor(sent[i].offset.Plus(1), absl::Minutes(10));
    millis.push_back(MillisSince(sent[i].at));
  }
  sender.join();
  return millis;
}

absl::Status Run(const Arguments& arguments) {
  fs::remove_all(arguments.folder);
  fs::create_directories(arguments.folder);
  EmbeddedLogOptions log_options;
  log_options.partitions = 1;
  ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log,
                   EmbeddedLog::Open(arguments.folder + "/log", log_options));
  RETURN_IF_ERROR(Fill(arguments, log.get()));
  const RocksMemory memory;
  CellOptions cell_options;
  std::shared_ptr<RowStore> rows;
  {
    ASSIGN_OR_RETURN(rows, OpenRocksStore(arguments.folder + "/rows", memory));
    ASSIGN_OR_RETURN(const std::unique_ptr<Cell> cell,
                     Cell::Open(log.get(), kPartition, rows, cell_options));
    ASSIGN_OR_RETURN(const Offset end, log->EndOffset(kPartition));
    RETURN_IF_ERROR(cell->CatchUp(end, [](const CellRow&) {}));
  }
  const Wall wall;
  LiveCellOptions options;
  options.cell = cell_options;
  options.ticks = true;
  LiveCell cell(
      log.get(), kPartition, [&] { return Cell::Open(log.get(), kPartition, rows, cell_options); },
      [&] { return wall.Now(); }, options);
  cell.Start();
  while (cell.View() == nullptr) std::this_thread::sleep_for(std::chrono::milliseconds(1));

  std::atomic<bool> stop = false;
  std::vector<double> answers;
  std::thread asker([&] { answers = Ask(cell, wall, arguments.sellers, stop); });
  double all_visible = -1;
  double cpu_seconds = 0;
  std::thread watcher([&] {
    std::this_thread::sleep_until(wall.midnight());
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    while (!stop && cell.View()->position.tick_clock < Midnight())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    cpu_seconds = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (!stop) all_visible = MillisSince(wall.midnight());
  });
  const std::vector<double> appends = Append(log.get(), cell, wall, arguments);
  stop = true;
  asker.join();
  watcher.join();
  fmt::print("{} sellers with {} orders each, due at one midnight\n", arguments.sellers,
             arguments.orders);
  fmt::print("all visible {:.0f} ms after midnight, {:.2f} CPU seconds of the process\n",
             all_visible, cpu_seconds);
  PrintQuantiles("append to visible", appends);
  PrintQuantiles("answers", answers);
  const SmartReader reader(CellViews{cell.View()});
  ASSIGN_OR_RETURN(
      const std::vector<SmartAnswer> last,
      reader.Of(SellerName(arguments.sellers - 1), "PL", {Midnight(), std::nullopt, false}));
  fmt::print("the last seller: {}, {} changes; peak RSS {:.0f} MiB\n",
             last[0].fulfilled ? "eligible" : "not eligible", last[0].history.size(), PeakRssMib());
  cell.Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  flywheel::Arguments arguments;
  CLI::App app("A midnight at which many deadlines pass");
  app.allow_extras();  // arguments meant for the other benchmarks
  app.add_option("--sellers", arguments.sellers)->check(CLI::Range(1, 10'000'000));
  app.add_option("--orders", arguments.orders, "of each seller")->check(CLI::Range(1, 1'000));
  app.add_option("--rate", arguments.rate, "appends a second")->check(CLI::Range(1, 100'000));
  app.add_option("--core", arguments.core, "pin everything to this core; default: none");
  app.add_option("--folder", arguments.folder, "where log and rows are made");
  CLI11_PARSE(app, argc, argv);
  flywheel::PinToCore(arguments.core);
  const absl::Status status = flywheel::Run(arguments);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.ToString());
  return 1;
}
