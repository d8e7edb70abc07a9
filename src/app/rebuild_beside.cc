#include "app/rebuild_beside.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/cell_folder.h"
#include "app/data_folder.h"
#include "app/folder_lock.h"
#include "app/progress.h"
#include "app/rows_comparison.h"
#include "app/serve/command_channel.h"
#include "app/serve/command_client.h"
#include "app/table.h"
#include "base/mutex.h"
#include "base/status.h"
#include "projections/cell/cell_opening.h"
#include "projections/cell/fold.h"
#include "projections/cell/rows_beside.h"
#include "projections/store/durable_files.h"

namespace flywheel {
namespace {

// Rows are durable after so many records, and an interrupt is heeded.
constexpr int64_t kStride = 500'000;
// How often a line tells the progress where no terminal does.
constexpr std::chrono::seconds kSayInterval{10};
// Of rows that fold a short tail.
constexpr size_t kTailCacheBytes = size_t{64} << 20;

std::string VersionName() { return fmt::format("{:016x}", FoldVersion()); }

std::string FolderOf(const std::string& data, Partition partition) {
  return RowsBeside(OwnRowsBeside(data), FoldVersion(), partition);
}

absl::StatusOr<std::unique_ptr<FolderLock>> LockBeside(const std::string& data) {
  const std::string folder = RowsBeside(OwnRowsBeside(data), FoldVersion());
  RETURN_IF_ERROR(MakeFolder(folder));
  absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(folder);
  if (lock.ok()) return lock;
  return absl::Status(lock.status().code(),
                      fmt::format("{}: {}", folder, MessageOf(lock.status())));
}

// The rows beside, opened; what is damaged is made anew, which loses nothing.
absl::StatusOr<std::unique_ptr<Cell>> OpenBeside(const Context& context, EventLog* log,
                                                 const std::string& data, Partition partition,
                                                 const RocksMemory& memory, size_t cache_bytes) {
  CellHome home;
  home.folder = FolderOf(data, partition);
  CellOptions options;
  options.cache_bytes = cache_bytes;
  ASSIGN_OR_RETURN(OpenedCell opened, OpenCell(log, partition, home, memory, options));
  for (const std::string& message : opened.messages) context.Say(message);
  RETURN_IF_ERROR(DropSetAside(home.folder));
  return std::move(opened.cell);
}

// The sum over the partitions that are folded at once, told on a terminal or now and then in a
// line.
class FoldingTold {
 public:
  FoldingTold(const Context& context, size_t partitions)
      : context_(context), bar_(context, "folding beside"), folded_(partitions, 0) {}

  void Expect(uint64_t records) { total_ += records; }
  void Tell(size_t partition, uint64_t folded) {
    MutexLock lock(&mutex_);
    sum_ += folded - folded_[partition];
    folded_[partition] = folded;
    bar_.Show(sum_, total_);
    if (context_.err_is_a_terminal) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + kSayInterval;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    context_.Say(ProgressLine("folding beside", sum_, total_, seconds));
  }

 private:
  const Context& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point next_ = start_ + kSayInterval;
  uint64_t total_ = 0;
  Mutex mutex_;
  Progress bar_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint64_t> folded_ ABSL_GUARDED_BY(mutex_);
  uint64_t sum_ ABSL_GUARDED_BY(mutex_) = 0;
};

absl::Status FoldTo(const Context& context, Cell& cell, Offset end, size_t index,
                    FoldingTold& told) {
  const Offset start = cell.position().next;
  while (cell.next_read() < end) {
    if (context.interrupt->raised()) return absl::CancelledError("interrupted");
    RETURN_IF_ERROR(
        cell.CatchUp(std::min(end, cell.next_read().Plus(kStride)), [&](const CellRow& position) {
          told.Tell(index, static_cast<uint64_t>(position.next.number() - start.number()));
        }));
  }
  return absl::OkStatus();
}

// Folds every partition to where its log ended, and makes the rows ready.
absl::Status MakeRows(const Context& context, EventLog& log, size_t cache_bytes) {
  const RocksMemory memory;
  const auto partitions = static_cast<size_t>(log.partitions());
  std::vector<std::unique_ptr<Cell>> cells;
  std::vector<Offset> ends;
  cells.reserve(partitions);
  ends.reserve(partitions);
  FoldingTold told(context, partitions);
  uint64_t there = 0;
  uint64_t left = 0;
  for (size_t index = 0; index < partitions; ++index) {
    const Partition partition(static_cast<int32_t>(index));
    ASSIGN_OR_RETURN(
        std::unique_ptr<Cell> cell,
        OpenBeside(context, &log, context.folder, partition, memory, cache_bytes / partitions));
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(partition));
    there += static_cast<uint64_t>(cell->position().next.number());
    left +=
        static_cast<uint64_t>(std::max<int64_t>(0, end.number() - cell->position().next.number()));
    cells.push_back(std::move(cell));
    ends.push_back(end);
  }
  told.Expect(left);
  context.Say(fmt::format("{} of {} records are folded beside already", GroupedNumber(there),
                          GroupedNumber(there + left)));
  std::vector<absl::Status> outcomes(partitions);
  std::vector<std::thread> threads;
  threads.reserve(partitions);
  for (size_t index = 0; index < partitions; ++index) {
    threads.emplace_back(
        [&, index] { outcomes[index] = FoldTo(context, *cells[index], ends[index], index, told); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& outcome : outcomes) RETURN_IF_ERROR(InFolder(context, outcome));
  for (size_t index = 0; index < partitions; ++index) {
    cells[index].reset();
    RETURN_IF_ERROR(MarkReady(FolderOf(context.folder, Partition(static_cast<int32_t>(index)))));
  }
  return absl::OkStatus();
}

absl::Status CheckReady(const std::string& data, int32_t partitions) {
  for (int32_t number = 0; number < partitions; ++number) {
    if (IsReady(FolderOf(data, Partition(number)))) continue;
    return absl::NotFoundError(fmt::format(
        "no rows of partition {} are ready beside; run flywheel rebuild --beside", number));
  }
  return absl::OkStatus();
}

// The digest of the rows beside once they hold what lies before `end`, and no more.
absl::StatusOr<RowsDigest> DigestBeside(const Context& context, EventLog* log,
                                        const std::string& data, Partition partition, Offset end) {
  const RocksMemory memory;
  ASSIGN_OR_RETURN(const std::unique_ptr<Cell> cell,
                   OpenBeside(context, log, data, partition, memory, kTailCacheBytes));
  if (cell->position().next > end) {
    return absl::UnavailableError(
        fmt::format("the rows beside are folded up to offset {} of partition {}, those in use up "
                    "to {}",
                    cell->position().next.number(), partition.number(), end.number()));
  }
  RETURN_IF_ERROR(cell->CatchUpExactly(end, [](const CellRow&) {}));
  return DigestRows(cell->store());
}

absl::StatusOr<ExitCode> SwapInServer(const Context& context, const RebuildOptions& options) {
  ServedFolder& served = *context.served;
  const std::string data = served.log_options().folder;
  const int32_t partitions = served.log().partitions();
  RETURN_IF_ERROR(CheckReady(data, partitions));
  if (options.dry_run) return ExitCode::kOk;
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, LockBeside(data));
  RowsComparison digests;
  {
    ASSIGN_OR_RETURN(const CellViews views, served.FoldedViews());
    for (int32_t number = 0; number < partitions; ++number) {
      if (context.interrupt->raised()) return absl::CancelledError("interrupted");
      const CellView& view = *views[static_cast<size_t>(number)];
      ASSIGN_OR_RETURN(RowsDigest before, DigestRows(*view.rows));
      ASSIGN_OR_RETURN(RowsDigest after, DigestBeside(context, &served.log(), data,
                                                      Partition(number), view.position.next));
      digests.before.push_back(std::move(before));
      digests.after.push_back(std::move(after));
    }
  }  // a view keeps its rows open
  for (int32_t number = 0; number < partitions; ++number) {
    RETURN_IF_ERROR(served.TakeOverRows(Partition(number)));
  }
  RETURN_IF_ERROR(served.FoldedViews().status());
  return Report(context, digests);
}

// The rows in use at the log's end; none where they are of another version or cannot be read.
absl::StatusOr<RowsComparison> CompareHere(const Context& context) {
  RowsComparison digests;
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(context, /*heal=*/false);
  if (!engine.ok()) {
    context.Say(fmt::format("not compared: {}", MessageOf(engine.status())));
    return digests;
  }
  if (const absl::Status folded = CatchUp(context, **engine); !folded.ok()) {
    context.Say(fmt::format("not compared: {}", MessageOf(folded)));
    return digests;
  }
  ASSIGN_OR_RETURN(digests.before, DigestAll(**engine));
  for (int32_t number = 0; number < (*engine)->partitions(); ++number) {
    const Partition partition(number);
    ASSIGN_OR_RETURN(RowsDigest after,
                     DigestBeside(context, &(*engine)->log(), context.folder, partition,
                                  (*engine)->position(partition).next));
    digests.after.push_back(std::move(after));
  }
  return digests;
}

absl::Status TakeOverHere(const Context& context) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, FolderLock::Take(context.folder));
  ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenLog(LogOptionsOf(context)));
  const RocksMemory memory;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    const Partition partition(number);
    CellHome home;
    home.folder = CellFolder(context.folder, partition).string();
    home.beside = OwnRowsBeside(context.folder);
    home.take_over = true;
    ASSIGN_OR_RETURN(const OpenedCell opened,
                     OpenCell(log.get(), partition, home, memory, CellOptions()));
    for (const std::string& message : opened.messages) context.Say(message);
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> SwapHere(const Context& context, const RebuildOptions& options) {
  {
    const absl::StatusOr<std::unique_ptr<FolderLock>> held = FolderLock::Take(context.folder);
    RETURN_IF_ERROR(InFolder(context, held.status()));
    ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenLogToRead(context));
    RETURN_IF_ERROR(CheckReady(context.folder, log->partitions()));
  }
  if (options.dry_run) return ExitCode::kOk;
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, LockBeside(context.folder));
  ASSIGN_OR_RETURN(RowsComparison digests, CompareHere(context));
  RETURN_IF_ERROR(InFolder(context, TakeOverHere(context)));
  if (digests.after.empty()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEngine(context));
    RETURN_IF_ERROR(CatchUp(context, *engine));
    ASSIGN_OR_RETURN(digests.after, DigestAll(*engine));
  }
  return Report(context, digests);
}

// The same options and other words, for the server.
std::vector<std::string> SwapArguments(const Context& context) {
  std::vector<std::string> arguments = {"--data", context.folder};
  if (!context.log.empty()) arguments.insert(arguments.end(), {"--log", context.log});
  if (context.json) arguments.emplace_back("--json");
  arguments.insert(arguments.end(), {"rebuild", "--swap", "--of", VersionName()});
  return arguments;
}

// Whether the server is of this fold version: an older program does not even know the question, and
// what it says to that is nobody's concern.
absl::StatusOr<bool> ServerCanSwap(const Context& context) {
  const OwnedFd nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  Context silent = context;
  silent.out_fd = silent.err_fd = nowhere.get();
  std::vector<std::string> arguments = SwapArguments(context);
  arguments.emplace_back("--dry-run");
  ASSIGN_OR_RETURN(const std::optional<ExitCode> code, RunInServer(silent, arguments));
  return code == ExitCode::kOk;
}

// By who holds the folder, or later; nullopt: nobody holds it.
absl::StatusOr<std::optional<ExitCode>> SwapElsewhere(const Context& context) {
  ASSIGN_OR_RETURN(const std::optional<OwnedFd> server, ConnectForCommands(context.folder));
  if (server) {
    ASSIGN_OR_RETURN(const bool can, ServerCanSwap(context));
    if (can) {
      ASSIGN_OR_RETURN(const std::optional<ExitCode> code,
                       RunInServer(context, SwapArguments(context)));
      if (code) return code;
    }
    context.Say(
        fmt::format("the server is of another fold version than this program ({}): stop it "
                    "and start this one, which takes the rows over",
                    VersionName()));
    return ExitCode::kOk;
  }
  const absl::StatusOr<std::unique_ptr<FolderLock>> held = FolderLock::Take(context.folder);
  if (absl::IsFailedPrecondition(held.status())) {
    context.Say(
        fmt::format("{}; whatever opens the folder next with this program takes the rows "
                    "over, if those there are of another fold version; else run flywheel "
                    "rebuild --swap",
                    MessageOf(InFolder(context, held.status()))));
    return ExitCode::kOk;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ExitCode> RebuildBeside(const Context& context, const RebuildOptions& options) {
  context.interrupt->Listen();
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenLogToRead(context));
    ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, LockBeside(context.folder));
    RETURN_IF_ERROR(DropOldVersions(OwnRowsBeside(context.folder), FoldVersion()));
    RETURN_IF_ERROR(MakeRows(context, *log, static_cast<size_t>(options.cache_mib) << 20));
  }
  context.Say("the rows are ready");
  ASSIGN_OR_RETURN(const std::optional<ExitCode> elsewhere, SwapElsewhere(context));
  return elsewhere ? *elsewhere : SwapHere(context, RebuildOptions());
}

absl::StatusOr<ExitCode> SwapRows(const Context& context, const RebuildOptions& options) {
  if (!options.of_version.empty() && options.of_version != VersionName()) {
    return absl::FailedPreconditionError(
        fmt::format("this program folds by version {}, not {}", VersionName(), options.of_version));
  }
  return context.served != nullptr ? SwapInServer(context, options) : SwapHere(context, options);
}

}  // namespace flywheel
