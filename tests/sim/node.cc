#include "sim/node.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "property/folding.h"

namespace flywheel {
namespace {

// As LiveCell has it: errors that pass without anybody changing the rows or the log's past.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

}  // namespace

Node::Node(const SimWorld& world) : world_(world) {
  for (int32_t number = 0; number < world.log->partitions(); ++number) {
    held_.emplace_back(RowsHome(Partition(number), world.checkpoints, world.dice));
  }
  Begin();
}

void Node::Begin() {
  ++lives_;
  const auto policies = [this] { return policies_; };
  const auto wall_clock = [this] { return wall(); };
  publisher_ = std::make_unique<Publisher>(world_.log, policies, wall_clock);
  InboxWriter::Options options;
  options.source = kSimInbox;
  options.budget.burst_bytes = 2'000;
  options.budget.bytes_per_second = 10;
  inbox_ = std::make_unique<InboxWriter>(world_.log, world_.refused, policies, wall_clock, options);
  for (int32_t number = 0; number < world_.log->partitions(); ++number) {
    held(Partition(number)).ticker = std::make_unique<Ticker>(
        world_.log, Partition(number), wall_clock, [this] { return world_.clock->monotonic; },
        TickerOptions());
  }
}

Instant Node::wall() const {
  return std::clamp(world_.clock->wall.Plus(skew_ms_), kEarliestInstant, kLatestInstant);
}

void Node::LearnPolicies() {
  const PolicyBook* newest = nullptr;
  for (const Held& held : held_) {
    if (held.cell == nullptr || !held.serving) continue;
    const PolicyBook& book = held.cell->policies();
    if (newest == nullptr || book.size() > newest->size()) newest = &book;
  }
  if (newest == nullptr) {
    policies_ = nullptr;
  } else if (policies_ == nullptr || policies_->size() != newest->size()) {
    policies_ = std::make_shared<const PolicyBook>(*newest);
  }
}

const RowStore* Node::Serving(Partition partition) const {
  const Held& at = held(partition);
  return at.cell != nullptr && at.serving ? &at.cell->store() : nullptr;
}

const CellRow& Node::PositionOf(Partition partition) const { return held(partition).last_served; }

CellViews Node::Views() const {
  CellViews views;
  for (const Held& held : held_) {
    if (held.cell == nullptr || !held.serving) {
      views.push_back(nullptr);
      continue;
    }
    auto view = std::make_shared<CellView>();
    view->position = held.cell->position();
    view->rows = held.cell->shared_store();
    view->policies = policies_;
    views.push_back(std::move(view));
  }
  return views;
}

// ---------------------------------------------------------------- following

absl::Status Node::OpenCell(Partition partition) {
  Held& at = held(partition);
  at.serving = false;
  ASSIGN_OR_RETURN(at.cell, at.home.Open(world_.log, RandomCellOptions(world_.dice->random())));
  ASSIGN_OR_RETURN(at.end, world_.log->EndOffset(partition));
  return absl::OkStatus();
}

absl::Status Node::FollowOnce(Partition partition) {
  Held& at = held(partition);
  if (at.cell == nullptr) RETURN_IF_ERROR(OpenCell(partition));
  ASSIGN_OR_RETURN(const size_t records, at.cell->Step(absl::ZeroDuration()));
  if (at.serving && records == 0) return absl::OkStatus();
  if (at.cell->next_read() < at.end) return absl::OkStatus();
  RETURN_IF_ERROR(at.cell->Write(/*durable=*/false));
  at.serving = true;
  NoteServed(at);
  return absl::OkStatus();
}

void Node::Follow(Partition partition) {
  Held& at = held(partition);
  if (!at.assigned) return;
  const absl::Status status = FollowOnce(partition);
  if (!status.ok()) NoteError(at, status);
}

void Node::NoteError(Held& at, const absl::Status& error) {
  if (!MayPass(error)) trouble_ += "a cell stops: " + error.ToString() + "\n";
  at.cell.reset();
  at.serving = false;
  // The process may die of it: of what it was writing, only what was durable is there.
  if (world_.dice->Half()) at.home.Crash();
  LearnPolicies();
}

// Positions of answers never fall, and nothing that was counted is taken back.
void Node::NoteServed(Held& at) {
  const CellRow& now = at.cell->position();
  const CellRow& before = at.last_served;
  if (now.next < before.next || now.counts.records < before.counts.records ||
      now.counts.accepted < before.counts.accepted || now.log_clock < before.log_clock ||
      now.last_recorded_at < before.last_recorded_at || now.tick_clock < before.tick_clock) {
    trouble_ += "an answer is older than one before it\n";
  }
  at.last_served = now;
  LearnPolicies();
}

void Node::LetTimePass(Partition partition) {
  Held& at = held(partition);
  if (!at.assigned || at.cell == nullptr || !at.serving) return;
  const absl::StatusOr<Offset> end = world_.log->EndOffset(partition);
  if (end.ok() && at.cell->next_read() >= *end) at.ticker->KeepUp(*at.cell);
}

void Node::Flush(Partition partition) {
  Held& at = held(partition);
  if (at.cell == nullptr) return;
  const absl::Status status = at.cell->Write(/*durable=*/true);
  if (!status.ok()) NoteError(at, status);
}

void Node::Checkpoint(Partition partition) {
  Held& at = held(partition);
  Flush(partition);
  if (at.cell != nullptr && at.cell->position().last >= Offset(0)) at.home.AddCheckpoint();
}

void Node::CatchUp(Partition partition) {
  Held& at = held(partition);
  at.assigned = true;
  at.home.Heal();
  // What a fold could not read stays its error.
  if (at.cell != nullptr && !at.cell->Write(/*durable=*/true).ok()) at.cell.reset();
  absl::Status status = at.cell == nullptr ? OpenCell(partition) : absl::OkStatus();
  if (status.ok()) {
    status = at.cell->CatchUp(world_.log->EndOffset(partition).value(), [](const CellRow&) {});
  }
  if (status.ok()) status = at.cell->Write(/*durable=*/true);
  if (!status.ok()) {
    trouble_ += "a cell does not reach the end of the log: " + status.ToString() + "\n";
    return;
  }
  at.serving = true;
  NoteServed(at);
}

// ---------------------------------------------------------------- its life

void Node::Assign(Partition partition) { held(partition).assigned = true; }

void Node::Revoke(Partition partition) {
  Held& at = held(partition);
  at.assigned = false;
  Checkpoint(partition);
  at.cell.reset();
  at.serving = false;
  LearnPolicies();
}

void Node::Crash() {
  for (Held& at : held_) {
    at.cell.reset();
    at.serving = false;
    at.home.Crash();
  }
  LearnPolicies();
  Begin();
}

void Node::LoseRows(Partition partition) {
  Crash();
  held(partition).home.LoseRows();
}

}  // namespace flywheel
