#include "query/node.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <utility>

#include "base/instant_text.h"
#include "events/event_json.h"
#include "events/publisher.h"
#include "events/record_view.h"
#include "projections/damage.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

size_t Index(Partition partition) { return static_cast<size_t>(partition.number()); }

// Rows that cannot be read.
class DamagedRows final : public RowReader {
 public:
  explicit DamagedRows(absl::Status status) : status_(std::move(status)) {}
  absl::StatusOr<bool> Get(std::string_view /*key*/, std::string* /*value*/) const override {
    return status_;
  }
  absl::Status Scan(
      std::string_view /*first*/, std::string_view /*limit*/,
      absl::FunctionRef<bool(std::string_view, std::string_view)> /*visit*/) const override {
    return status_;
  }

 private:
  absl::Status status_;
};

}  // namespace

TestNode::TestNode(const MemoryLogOptions& options)
    : now(*ParseInstant("2025-06-30T12:00:00Z")),
      log_(options),
      built_in_(std::make_shared<const PolicyBook>(PolicyBook::BuiltIn())),
      policies_(built_in_) {
  MutexLock lock(&mutex_);
  for (Partition partition(0); partition < Partition(log_.partitions());
       partition = partition.Plus(1)) {
    auto cell = Cell::Open(&log_, partition, std::make_unique<MemoryStore>(), CellOptions());
    REQUIRE(cell.ok());
    (*cell)->NoteChanges();
    cells_.push_back(*std::move(cell));
    held_.push_back({{CellStatus::State::kServing, ""}, address(), nullptr, now});
  }
}

TestNode::~TestNode() = default;

MemoryLogOptions TestNode::FourPartitions() {
  MemoryLogOptions options;
  options.partitions = 4;
  return options;
}

void TestNode::Fold() {
  for (const std::unique_ptr<Cell>& cell : cells_) {
    REQUIRE(cell->CatchUp(*log_.EndOffset(cell->partition()), [](const CellRow&) {}).ok());
    auto view = std::make_shared<CellView>();
    view->position = cell->position();
    view->rows = cell->store().Snapshot();
    view->policies = built_in_;
    view->changes = cell->NoteChanges();
    MutexLock lock(&mutex_);
    held_[Index(cell->partition())].view = std::move(view);
    held_[Index(cell->partition())].fresh_at = now;
  }
}

void TestNode::Lose(Partition partition, CellStatus status, std::optional<std::string> owner) {
  MutexLock lock(&mutex_);
  held_[Index(partition)] = {std::move(status), std::move(owner), nullptr, Instant()};
}

void TestNode::SetRows(Partition partition, std::shared_ptr<const RowReader> rows) {
  MutexLock lock(&mutex_);
  auto view = std::make_shared<CellView>(*held_[Index(partition)].view);
  view->rows = std::move(rows);
  held_[Index(partition)].view = std::move(view);
}

void TestNode::Damage(Partition partition, const absl::Status& status) {
  SetRows(partition, std::make_shared<DamagedRows>(status));
}

void TestNode::SetPolicies(std::shared_ptr<const PolicyBook> policies) {
  MutexLock lock(&mutex_);
  policies_ = std::move(policies);
}

std::shared_ptr<const PolicyBook> TestNode::policies() const {
  MutexLock lock(&mutex_);
  return policies_;
}

void TestNode::Publish(const std::string& lines) {
  std::vector<OfferedEvent> batch;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) batch.push_back({1, EventFromJson(line)});
  Publisher publisher(&log_, [this] { return built_in_; }, [this] { return now; });
  for (const PublishOutcome& outcome : publisher.Publish(batch)) {
    REQUIRE(outcome.kind == PublishOutcome::Kind::kAccepted);
  }
}

std::vector<std::string> TestNode::EventIdsOf(Partition partition) {
  ReadLimits all;
  all.max_records = 1'000'000;
  all.max_bytes = size_t{1} << 30;
  const auto batch = log_.Read(partition, Offset(0), all);
  REQUIRE(batch.ok());
  std::vector<std::string> ids;
  for (const LogRecord& record : batch->records) {
    RecordView view;
    REQUIRE(ScanRecord(record.bytes, &view) == ScanResult::kOk);
    ids.emplace_back(std::get<EventView>(view.body).event_id);
  }
  return ids;
}

std::vector<const RowReader*> TestNode::stores() const {
  std::vector<const RowReader*> stores;
  for (const std::unique_ptr<Cell>& cell : cells_) stores.push_back(&cell->store());
  return stores;
}

std::shared_ptr<const CellView> TestNode::View(Partition partition) const {
  MutexLock lock(&mutex_);
  return held_[Index(partition)].view;
}

CellStatus TestNode::StateOf(Partition partition) const {
  MutexLock lock(&mutex_);
  return held_[Index(partition)].status;
}

Freshness TestNode::FreshnessOf(Partition partition) const {
  const absl::StatusOr<Offset> end = log_.EndOffset(partition);
  MutexLock lock(&mutex_);
  const Held& held = held_[Index(partition)];
  Freshness freshness;
  if (held.view == nullptr || !end.ok()) return freshness;
  freshness.end = *end;
  freshness.lag_events = end->number() - held.view->position.next.number();
  freshness.fresh_at = held.fresh_at;
  if (freshness.lag_events > 0) {
    freshness.lag = absl::Milliseconds(now.number() - held.fresh_at.number());
  }
  return freshness;
}

std::optional<std::string> TestNode::OwnerOf(Partition partition) const {
  MutexLock lock(&mutex_);
  return held_[Index(partition)].owner;
}

bool TestNode::Ready(std::string* why) const {
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < held_.size(); ++i) {
    if (held_[i].status.state != CellStatus::State::kRestoring) continue;
    *why = "partition " + std::to_string(i) + " is being restored";
    return false;
  }
  return true;
}

RowsOnDisk::RowsOnDisk(const RowReader& rows) {
  auto opened = OpenRocksStore(files_.Path("rows"), memory_);
  REQUIRE(opened.ok());
  store_ = *std::move(opened);
  const auto copied = store_->WriteDurably([&](RowBatch* batch) {
    REQUIRE(rows.Scan("", "\xff",
                      [&](std::string_view key, std::string_view value) {
                        batch->Put(key, value);
                        return true;
                      })
                .ok());
  });
  REQUIRE(copied.ok());
}

void RowsOnDisk::DamageTables() const {
  const auto tables = damage::FilesIn(files_.Path("rows"), ".sst");
  REQUIRE(!tables.empty());
  for (const auto& table : tables) damage::FlipBits(table, /*in_place=*/true);
}

std::unique_ptr<HttpDoors> StartDoors(TestNode& node, const HttpDoorsOptions& options) {
  HttpDoorsOptions patient = options;
  // Machines that run tests are slow: what waits for its turn is not refused.
  patient.server.max_queue_delay = absl::ZeroDuration();
  auto doors = HttpDoors::Start(&node, patient);
  REQUIRE(doors.ok());
  return *std::move(doors);
}

}  // namespace flywheel
