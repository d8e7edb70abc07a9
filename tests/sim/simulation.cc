#include "sim/simulation.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "app/operator_record.h"
#include "events/event_json.h"
#include "flywheel/log/v1/record.pb.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "property/narration.h"
#include "sim/answers.h"
#include "sim/file_rows.h"
#include "sim/memory_rows.h"

namespace flywheel {
namespace {

MemoryLogOptions LogOptionsOf(const Story& story, uint64_t seed) {
  MemoryLogOptions options;
  options.partitions = story.partitions;
  options.seed = seed;
  options.gaps_per_thousand = story.gaps ? 200 : 0;
  return options;
}

// Up to so many steps besides the story's prologue.
constexpr int kSteps = 60;
constexpr size_t kNodes = 2;
constexpr size_t kMaxRemembered = 6;

}  // namespace

Simulation::Simulation(uint64_t seed, bool on_files, SimCounts* counts)
    : dice_(seed),
      counts_(counts),
      on_files_(on_files),
      story_(TellStory(seed, kSteps)),
      log_(LogOptionsOf(story_, seed), &dice_) {
  clock_.wall = story_.begin;
  if (on_files_) {
    rows_ = std::make_unique<FileRowsWorld>(&dice_, counts_);
    ++counts_->on_files;
  } else {
    rows_ = std::make_unique<MemoryRowsWorld>(&dice_, counts_);
  }
  SetFaults();
  for (size_t i = 0; i < kNodes; ++i) {
    nodes_.push_back(std::make_unique<Node>(
        i, SimWorld{&log_, &refused_, rows_.get(), &clock_, &dice_, counts_}));
  }
}

// Some histories are quiet, in some everything fails all the time.
void Simulation::SetFaults() {
  const auto rate = [this] { return dice_.Half() ? 0 : dice_.Below(300); };
  LogFaults faults;
  faults.failed_appends = rate();
  faults.late_reports = rate();
  faults.late_appends = rate();
  faults.failed_reads = rate();
  if (dice_.Below(4) == 0) faults.damaged_reads = dice_.Below(20);
  faults.short_reads = dice_.Below(1000);
  faults.failed_ends = rate() / 2;
  log_.SetFaults(faults);
}

std::string Simulation::Run() {
  ++counts_->histories;
  while (told_ < story_.items.size() && trouble_.empty()) Step();
  if (trouble_.empty()) Heal();
  for (const std::unique_ptr<Node>& node : nodes_) trouble_ += node->trouble();
  if (!trouble_.empty()) return trouble_;
  CheckAcknowledged();
  CheckInbox();
  CheckRows();
  if (dice_.Below(8) == 0) CheckTwin();
  for (const std::unique_ptr<Node>& node : nodes_) trouble_ += node->trouble();
  return trouble_;
}

void Simulation::Step() {
  if (dice_.Below(3) == 0) TellNext();
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (dice_.Below(3) == 0) continue;
    node->Follow(AnyPartition());
  }
  if (dice_.Below(3) == 0) log_.CompleteOne();
  if (dice_.Below(4) == 0) Deliver(AnyNode());
  if (dice_.Below(8) == 0) MoveClock();
  if (dice_.Below(8) == 0) AnyNode().Flush(AnyPartition());
  if (dice_.Below(20) == 0) Remember(AnyNode());
  if (!publications_.empty() && dice_.Below(6) == 0) {
    Continue(publications_[dice_.Below(publications_.size())]);
  }
  if (!again_.empty() && dice_.Below(4) == 0) {
    std::vector<std::string> events = std::move(again_);
    again_.clear();
    Offer(std::move(events));
  }
  if (dice_.Below(12) == 0) Trouble();
  if (on_files_ && dice_.Below(12) == 0) TroubleWithFiles();
}

void Simulation::Trouble() {
  Node& node = AnyNode();
  const Partition partition = AnyPartition();
  switch (dice_.Below(10)) {
    case 0:
    case 1:
      node.Crash();
      ++counts_->crashes;
      return;
    case 2:
      node.LoseRows(partition);
      ++counts_->lost_rows;
      return;
    case 3:
    case 4:
      return node.FailStoreSoon(partition);
    case 5:
      return node.Checkpoint(partition);
    case 6:
      node.Revoke(partition);
      ++counts_->moves;
      return;
    case 7:
      // The other may believe that it has the partition still.
      return node.Assign(partition);
    case 8: {
      constexpr int64_t kJumps[] = {-2 * kMillisPerHour, -700, 600, 90 * kMillisPerSecond,
                                    3 * kMillisPerDay};
      node.JumpClock(kJumps[dice_.Below(std::size(kJumps))]);
      ++counts_->clock_jumps;
      return;
    }
    default:
      if (dice_.Half()) rows_->LoseCheckpoint(partition);
      if (dice_.Half()) node.Reopen(partition);
      log_.LoseOne();
  }
}

void Simulation::TroubleWithFiles() {
  Node& node = AnyNode();
  const Partition partition = AnyPartition();
  switch (dice_.Below(8)) {
    case 0:
    case 1:
      return node.DamageRows(partition);
    case 2:
      return node.FindOlderRows(partition);
    case 3:
    case 4:
    case 5:
      if (!rows_->RotTable(partition)) return;
      ++counts_->damaged_rows;
      for (const std::unique_ptr<Node>& each : nodes_) each->NoteRotten(partition);
      return;
    default:
      return rows_->DamageCheckpoint(partition);
  }
}

void Simulation::MoveClock() {
  constexpr int64_t kSteps[] = {1, 40, 1500, 61 * kMillisPerSecond, kMillisPerHour, kMillisPerDay};
  const int64_t by = kSteps[dice_.Below(std::size(kSteps))];
  clock_.wall = clock_.wall.Plus(by);
  clock_.monotonic += absl::Milliseconds(by);
}

// Time is at least what the story says.
void Simulation::TellNext() {
  const StoryItem& item = story_.items[told_++];
  if (item.at > clock_.wall) {
    clock_.monotonic += absl::Milliseconds(item.at.number() - clock_.wall.number());
    clock_.wall = item.at;
  }
  switch (item.kind) {
    case StoryItem::Kind::kEvent: {
      if (dice_.Below(3) == 0) {
        inbox_.push_back(item.bytes);
        ++counts_->messages;
        return;
      }
      std::vector<std::string> events{item.bytes};
      while (told_ < story_.items.size() && events.size() < 5 && dice_.Half() &&
             story_.items[told_].kind == StoryItem::Kind::kEvent &&
             story_.items[told_].at <= clock_.wall) {
        events.push_back(story_.items[told_++].bytes);
      }
      return Offer(std::move(events));
    }
    case StoryItem::Kind::kRecord: {
      const std::string_view bytes = item.bytes;
      if (bytes.empty()) return;
      Demand(log_.plain().AppendForeign(item.partition, absl::MakeConstSpan(&bytes, 1)).ok(),
             "another writer appends");
      return;
    }
    case StoryItem::Kind::kPolicy:
      publications_.push_back({item.bytes, Partition(0)});
      return Continue(publications_.back());
    case StoryItem::Kind::kResubmit:
    case StoryItem::Kind::kDiscard:
      return ActAsOperator(item);
  }
}

// ---------------------------------------------------------------- doors

void Simulation::Offer(std::vector<std::string> events) {
  Node& node = AnyNode();
  if (!node.takes_events()) {
    again_.insert(again_.end(), events.begin(), events.end());
    return;
  }
  std::vector<OfferedEvent> batch;
  for (const std::string& event : events) {
    batch.push_back({static_cast<int64_t>(batch.size()) + 1, event});
  }
  const int life = node.lives();
  node.publisher().PublishAsync(
      batch, [this, &node, life, events](const std::vector<PublishOutcome>& outcomes) {
        TakeOutcomes(node, life, events, outcomes);
      });
}

// Publishers that heard of no success try again, as a rule.
void Simulation::TakeOutcomes(const Node& node, int life, const std::vector<std::string>& events,
                              const std::vector<PublishOutcome>& outcomes) {
  Demand(outcomes.size() == events.size(), "every event has an outcome");
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const PublishOutcome& outcome = outcomes[i];
    if (outcome.kind == PublishOutcome::Kind::kRefused) continue;
    const bool heard = node.lives() == life;
    if (heard && outcome.kind == PublishOutcome::Kind::kAccepted) {
      Demand(acknowledged_events_.emplace(outcome.place, events[i]).second,
             "a place is acknowledged once");
      ++counts_->acknowledged;
    } else if (dice_.Below(4) > 0) {
      again_.push_back(events[i]);
    }
  }
}

// What was not committed is delivered again, to any node.
void Simulation::Deliver(Node& node) {
  if (!node.takes_events() || committed_ == inbox_.size()) return;
  const size_t end = std::min(inbox_.size(), committed_ + 1 + dice_.Below(5));
  InboxBatch batch;
  for (size_t i = committed_; i < end; ++i) {
    batch.Add(0, static_cast<int64_t>(i), {inbox_[i], {}}, nullptr);
  }
  for (int tries = 1 + static_cast<int>(dice_.Below(3)); tries > 0; --tries) {
    if (dice_.Below(6) == 0) {
      refused_.FailNextPut(dice_.Half() ? absl::UnavailableError("the store is away")
                                        : absl::PermissionDeniedError("the store is closed"));
    }
    if (!node.inbox().Prepare(batch).ok()) continue;
    if (dice_.Below(20) == 0) return;  // killed here
    log_.SetPrompt(true);
    const absl::Status appended = node.inbox().Append(batch, [] { return true; });
    log_.SetPrompt(false);
    if (!appended.ok()) continue;
    if (dice_.Below(4) > 0) {
      committed_ = end;
    } else {
      ++counts_->redelivered;
    }
    return;
  }
}

// A publication may stop anywhere and go on later.
void Simulation::Continue(Publication& publication) {
  while (publication.next.number() < story_.partitions) {
    absl::Status outcome;
    const std::string_view record = publication.record;
    log_.SetPrompt(true);
    log_.AppendAsync(publication.next, absl::MakeConstSpan(&record, 1),
                     [&outcome](const absl::StatusOr<std::vector<Offset>>& offsets) {
                       outcome = offsets.status();
                     });
    log_.SetPrompt(false);
    if (!outcome.ok()) return;
    publication.next = publication.next.Plus(1);
    if (dice_.Half()) return;
  }
}

void Simulation::AppendAcknowledged(Partition partition, const std::string& record) {
  const std::string_view bytes = record;
  log_.AppendAsync(partition, absl::MakeConstSpan(&bytes, 1),
                   [this, partition, record](const absl::StatusOr<std::vector<Offset>>& offsets) {
                     if (!offsets.ok()) return;
                     acknowledged_records_.emplace(LogPlace{partition, offsets->front()}, record);
                     ++counts_->acknowledged;
                   });
}

// Takes an entry of the quarantine as a node shows it, and resubmits its event as it was or as the
// story has it, or discards it.
void Simulation::ActAsOperator(const StoryItem& item) {
  const Node& node = AnyNode();
  const Partition partition = AnyPartition();
  const std::shared_ptr<const CellView> view = node.Serving(partition);
  if (view == nullptr) return;
  std::vector<Offset> entries;
  const absl::Status scanned = ScanPrefix(*view->rows, row_keys::Prefix(RowType::kQuarantine),
                                          [&](std::string_view key, std::string_view) {
                                            entries.push_back(row_keys::ParseQuarantine(key));
                                            return true;
                                          });
  if (absl::IsDataLoss(scanned)) return;  // a fault of the disk
  Demand(scanned.ok(), "entries of the quarantine can be read");
  if (entries.empty()) return;
  const Offset entry = entries[dice_.Below(entries.size())];
  if (item.kind == StoryItem::Kind::kDiscard) {
    return AppendAcknowledged(partition, MakeDiscarded(entry, "operator", "", node.wall()));
  }
  std::string event = item.bytes;
  const absl::StatusOr<RecordBatch> read = log_.plain().ReadAt({partition, entry});
  Demand(read.ok() && read->records.size() == 1, "the record of an entry is there");
  log::v1::Record record;
  if (dice_.Half() && record.ParseFromString(std::string(read->records[0].bytes)) &&
      record.has_event()) {
    record.mutable_event()->clear_recorded_at();
    event = record.event().SerializeAsString();
  }
  const auto made =
      MakeResubmitted(entry, "operator", event, node.wall(), *node.policies(), story_.partitions);
  const auto* prepared = std::get_if<PreparedRecord>(&made);
  if (prepared == nullptr || prepared->partition != partition) return;
  AppendAcknowledged(partition, prepared->record_bytes);
  ++counts_->resubmissions;
}

// ---------------------------------------------------------------- the end

void Simulation::Demand(bool holds, const std::string& what) {
  if (!holds) trouble_ += "does not hold: " + what + "\n";
}

// What is asked as of what is known now is answered the same for ever: later records have later
// stamps.
void Simulation::Remember(const Node& node) {
  if (remembered_.size() == kMaxRemembered || story_.instants.empty()) return;
  const std::vector<std::string> sellers = SellersOfHistories();
  Remembered asked;
  asked.seller = sellers[dice_.Below(sellers.size())];
  const Partition partition = PartitionOf(asked.seller, story_.partitions);
  const std::shared_ptr<const CellView> view = node.Serving(partition);
  if (view == nullptr) return;
  asked.known_at = view->position.last_recorded_at.Plus(-1);
  if (asked.known_at < kEarliestInstant) return;
  asked.as_of = story_.instants[dice_.Below(story_.instants.size())];
  absl::StatusOr<std::string> text =
      AnswersOf(node.Views(), asked.seller, asked.as_of, asked.known_at);
  if (!text.ok()) return;  // a fault of the store
  asked.text = *std::move(text);
  remembered_.push_back(std::move(asked));
}

void Simulation::Heal() {
  log_.SetFaults({});
  while (log_.CompleteOne()) {
  }
  for (Publication& publication : publications_) {
    while (publication.next.number() < story_.partitions) Continue(publication);
  }
  for (int32_t number = 0; number < story_.partitions; ++number) {
    nodes_[0]->CatchUp(Partition(number));
  }
  Demand(nodes_[0]->takes_events(), "doors open once everything is folded");
  while (committed_ < inbox_.size() && trouble_.empty()) Deliver(*nodes_[0]);
  // A cell that has caught up may append a tick, for all to fold.
  uint64_t appends = 0;
  do {
    appends = log_.appends();
    for (const std::unique_ptr<Node>& node : nodes_) {
      for (int32_t number = 0; number < story_.partitions; ++number) {
        node->CatchUp(Partition(number));
      }
    }
  } while (log_.appends() != appends);
}

}  // namespace flywheel
