#include "sim/node.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "projections/store/read_cell_row.h"
#include "projections/store/read_policies.h"
#include "projections/store/rows_damage.h"
#include "property/folding.h"

namespace flywheel {
namespace {

constexpr absl::Duration kFlushInterval = absl::Seconds(30);

// Positions of answers never fall, and nothing that was counted is taken back.
bool IsOlder(const CellRow& now, const CellRow& before) {
  return now.next < before.next || now.counts.records < before.counts.records ||
         now.counts.accepted < before.counts.accepted || now.log_clock < before.log_clock ||
         now.last_recorded_at < before.last_recorded_at || now.tick_clock < before.tick_clock;
}

std::string BytesOf(const CellRow& row) {
  std::string bytes;
  row.Encode(&bytes);
  return bytes;
}

}  // namespace

Node::Node(size_t number, const SimWorld& world) : number_(number), world_(world) {
  held_.resize(static_cast<size_t>(world.log->partitions()));
  for (int32_t partition = 0; partition < world.log->partitions(); ++partition) {
    held(Partition(partition)).home = world.rows->HomeOf(number_, Partition(partition));
  }
  Begin();
}

void Node::Begin() {
  ++lives_;
  const auto policies = [this] { return this->policies(); };
  const auto wall_clock = [this] { return wall(); };
  publisher_ = std::make_unique<Publisher>(world_.log, policies, wall_clock);
  InboxWriter::Options options;
  options.source = kSimInbox;
  options.budget.burst_bytes = 2'000;
  options.budget.bytes_per_second = 10;
  inbox_ = std::make_unique<InboxWriter>(world_.log, world_.refused, policies, wall_clock, options);
}

Instant Node::wall() const {
  return std::clamp(world_.clock->wall.Plus(skew_ms_), kEarliestInstant, kLatestInstant);
}

std::string Node::trouble() const {
  std::string all = trouble_;
  for (const Held& at : held_) all += at.home->trouble();
  return all;
}

std::shared_ptr<const PolicyBook> Node::policies() const {
  std::shared_ptr<const PolicyBook> newest;
  for (const std::shared_ptr<const CellView>& view : Views()) {
    if (view == nullptr) continue;
    if (newest == nullptr || view->policies->size() > newest->size()) newest = view->policies;
  }
  return newest;
}

std::shared_ptr<const CellView> Node::Serving(Partition partition) const {
  const Held& at = held(partition);
  if (at.follower == nullptr) return nullptr;
  const CellStanding& standing = at.follower->standing();
  return standing.progress.state == CellProgress::State::kServing ? standing.view : nullptr;
}

CellViews Node::Views() const {
  CellViews views;
  for (int32_t number = 0; number < world_.log->partitions(); ++number) {
    views.push_back(Serving(Partition(number)));
  }
  return views;
}

// ---------------------------------------------------------------- following

CellFollower& Node::Follower(Partition partition) {
  Held& at = held(partition);
  if (at.follower != nullptr) return *at.follower;
  Dice& dice = *world_.dice;
  CellFollowerOptions options;
  options.cell = RandomCellOptions(dice.random());
  options.read_wait = absl::ZeroDuration();
  options.flush_interval = kFlushInterval;
  options.first_pause = absl::Milliseconds(30);
  options.ticks = true;
  options.checkpoint_interval = dice.Half() ? absl::Hours(1) : absl::InfiniteDuration();
  options.checkpoint = [&at](const RowStore& rows, const CellRow& position) {
    return at.home->AddCheckpoint(rows, position);
  };
  options.rows_damaged = [&at](const absl::Status& damage) { return at.home->NoteDamage(damage); };
  options.caught_up = [&at] { return at.home->CaughtUp(); };
  const CellFollower::Clocks clocks{[this] { return wall(); },
                                    [this] { return world_.clock->monotonic; }};
  at.follower = std::make_unique<CellFollower>(
      world_.log, partition,
      [this, partition, cell = options.cell] { return OpenRows(partition, cell); }, clocks, options,
      [this, &at](const CellStanding& standing) { NoteShown(at, standing); });
  at.resumes = absl::InfinitePast();
  return *at.follower;
}

absl::StatusOr<std::unique_ptr<Cell>> Node::OpenRows(Partition partition,
                                                     const CellOptions& options) {
  Held& at = held(partition);
  at.damage_known = false;
  if (at.home->tampered()) at.durable = Offset(-1);
  ASSIGN_OR_RETURN(std::unique_ptr<Cell> cell, at.home->Open(world_.log, options));
  Demand(cell->position().next >= at.durable, "what was durable is there after a crash");
  return cell;
}

void Node::Follow(Partition partition) {
  Held& at = held(partition);
  if (at.follower == nullptr && !at.assigned) return;
  for (uint64_t steps = 1 + world_.dice->Below(4); steps > 0; --steps) {
    Follower(partition).SetOwner(at.assigned);
    if (world_.clock->monotonic < at.resumes) return;
    Step(at);
    if (at.follower == nullptr) return;
  }
}

void Node::Step(Held& at) {
  const CellFollower& follower = *at.follower;
  const CellProgress before = follower.standing().progress;
  const bool followed = follower.follows();
  const bool damage_known = at.damage_known;
  const uint64_t appended = world_.log->appends();
  const uint64_t log_damages = world_.log->damages();
  at.follower->Step();
  const CellStanding& now = follower.standing();
  Demand(world_.log->appends() == appended || now.viewed >= before.end,
         "a tick comes once everything is folded");
  Demand(world_.log->appends() == appended || at.assigned, "a tick is the owner's");
  Demand(!followed || world_.log->damages() == log_damages || follower.stopped(),
         "a cell stops where its log is damaged");
  Demand(!followed || !damage_known || !follower.follows(),
         "a cell does not go on with rows that a reader found damaged");
  if (now.progress.heals > before.heals) {
    Demand(now.view == nullptr, "rows that are damaged have no view");
    if (damage_known) ++world_.counts->heals_by_reader;
    at.durable = Offset(-1);
  }
  Judge(at, log_damages);
}

void Node::Do(Held& at, const CellFollower::Work& work) {
  if (at.follower == nullptr || !at.follower->follows()) return;
  const uint64_t log_damages = world_.log->damages();
  if (at.follower->Do(work).ok()) {
    at.durable = std::max(at.durable, at.follower->standing().view->position.next);
  }
  Judge(at, log_damages);
}

// After whatever may have met an error.
void Node::Judge(Held& at, uint64_t log_damages) {
  const CellFollower& follower = *at.follower;
  at.home->Look();
  NoteDurable(at);
  if (follower.stopped()) {
    Demand(world_.log->damages() > log_damages,
           "a cell stops for what does not pass alone: " + follower.standing().progress.trouble);
    ++world_.counts->log_damages;
    // Somebody has seen to the log.
    return Drop(at);
  }
  if (follower.pause() == absl::ZeroDuration()) return;
  at.resumes = world_.clock->monotonic + follower.pause();
  // The process may die of it: of what it was writing, only what was durable is there.
  if (world_.dice->Below(3) > 0) return;
  Drop(at);
  at.home->Crash();
}

// Rows are due to be durable when the interval is over after they were folded, at a step that goes
// well.
void Node::NoteDurable(Held& at) {
  if (!at.follower->follows()) return at.folded.clear();
  const absl::Time now = world_.clock->monotonic;
  at.folded.emplace_back(now, at.follower->standing().view->position.next);
  while (!at.folded.empty() && at.folded.front().first + kFlushInterval <= now) {
    at.durable = std::max(at.durable, at.folded.front().second);
    at.folded.pop_front();
  }
}

void Node::NoteShown(Held& at, const CellStanding& standing) {
  if (standing.view.get() == at.shown) return;
  at.shown = standing.view.get();
  if (standing.view != nullptr) CheckView(at, *standing.view);
}

// As somebody who asks for everything.
void Node::Read(Held& at, const CellView& view) {
  at.home->NoteRead();
  if (absl::IsDataLoss(DigestRows(*view.rows).status())) NoteDamage(at);
}

void Node::NoteDamage(Held& at) {
  Demand(at.home->tampered(), "rows are damaged that nobody damaged");
  at.damage_known = true;
}

void Node::CheckView(Held& at, const CellView& view) {
  const absl::StatusOr<std::optional<CellRow>> row = ReadCellRow(*view.rows);
  if (absl::IsDataLoss(row.status())) {
    NoteDamage(at);
  } else if (at.home->to_be_read()) {
    Read(at, view);
  }
  if (row.ok()) {
    Demand(*row ? BytesOf(**row) == BytesOf(view.position) : view.position.last < Offset(0),
           "the rows of a view are those of its position");
  }
  const absl::StatusOr<PolicyBook> policies = ReadPolicies(*view.rows, kLatestInstant);
  Demand(!policies.ok() || policies->size() == view.policies->size(),
         "the policies of a view are those of its rows");
  Demand(!IsOlder(view.position, at.last_served), "an answer is older than none before it");
  at.last_served = view.position;
}

void Node::Flush(Partition partition) {
  Do(held(partition), [](const RowStore&, const CellRow&) { return absl::OkStatus(); });
}

void Node::Checkpoint(Partition partition) {
  Held& at = held(partition);
  Do(at, [&at](const RowStore& rows, const CellRow& position) {
    return position.last < Offset(0) ? absl::OkStatus() : at.home->AddCheckpoint(rows, position);
  });
}

void Node::Reopen(Partition partition) {
  Held& at = held(partition);
  if (at.follower == nullptr || !at.follower->follows()) return;
  const uint64_t log_damages = world_.log->damages();
  at.follower->Reopen();
  Judge(at, log_damages);
}

void Node::CatchUp(Partition partition) {
  constexpr int kMaxSteps = 100'000;
  Held& at = held(partition);
  at.assigned = true;
  at.home->Heal();
  const Offset end = world_.log->plain().EndOffset(partition).value();
  const auto caught_up = [&at, end] {
    return at.follower != nullptr && at.follower->follows() && !at.damage_known &&
           at.follower->standing().viewed >= end;
  };
  // Flushed last, since a flush may meet what a fold could not read.
  for (int steps = 0; steps < kMaxSteps && trouble().empty(); ++steps) {
    Follower(partition);
    Step(at);
    if (!caught_up()) continue;
    Flush(partition);
    if (caught_up()) return;
  }
  Demand(!trouble().empty(), "a cell reaches the end of the log");
}

// ---------------------------------------------------------------- its life

void Node::Drop(Held& at) {
  at.follower.reset();
  at.shown = nullptr;
  at.damage_known = false;
  at.folded.clear();
}

void Node::Assign(Partition partition) { held(partition).assigned = true; }

void Node::Revoke(Partition partition) {
  Held& at = held(partition);
  at.assigned = false;
  if (at.follower == nullptr || world_.dice->Half()) return;
  const bool followed = at.follower->follows();
  at.follower->End();
  const CellStanding& end = at.follower->standing();
  if (followed && end.progress.trouble.empty()) {
    at.durable = std::max(at.durable, end.view->position.next);
  }
  Drop(at);
}

void Node::Crash() {
  for (Held& at : held_) {
    Drop(at);
    at.home->Crash();
  }
  Begin();
}

void Node::LoseRows(Partition partition) {
  Crash();
  held(partition).home->LoseRows();
  held(partition).durable = Offset(-1);
}

void Node::DamageRows(Partition partition) {
  Crash();
  if (!held(partition).home->DamageRows()) return;
  held(partition).durable = Offset(-1);
  ++world_.counts->damaged_rows;
}

void Node::FindOlderRows(Partition partition) {
  Crash();
  if (!held(partition).home->FindOlderRows()) return;
  held(partition).durable = Offset(-1);
  ++world_.counts->older_rows;
}

void Node::NoteRotten(Partition partition) {
  Held& at = held(partition);
  at.durable = Offset(-1);
  const std::shared_ptr<const CellView> view = Serving(partition);
  if (view != nullptr) Read(at, *view);
}

void Node::FailStoreSoon(Partition partition) {
  if (held(partition).home->FailSoon()) ++world_.counts->store_faults;
}

}  // namespace flywheel
