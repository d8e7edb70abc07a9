#include "sim/file_rows.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "projections/cell/cell_opening.h"
#include "projections/store/durable_files.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

// Rows with so many tables may soon be merged: some more come with every step.
constexpr size_t kFewTables = 8;

// Without a cache of blocks what a disk has done to a table is read at once.
RocksMemory::Options MemoryWith(size_t block_cache_bytes) {
  RocksMemory::Options options;
  options.block_cache_bytes = block_cache_bytes;
  options.write_buffer_bytes = size_t{64} << 20;
  return options;
}

std::vector<fs::path> FilesIn(const fs::path& folder, std::string_view ending = "") {
  std::vector<fs::path> files;
  std::error_code none;
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end;
       entry.increment(none)) {
    const bool wanted = entry->path().filename().string().ends_with(ending);
    std::error_code gone;  // merged, in the database's own thread
    const bool file = entry->is_regular_file(gone) && entry->file_size(gone) > 0;
    if (wanted && file && !gone) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// In place every link of the file has it; else this one alone. Rows are in the first part of a
// table.
void FlipByte(const fs::path& path, bool in_place, Dice& dice) {
  std::string bytes = ReadFile(path.string(), SIZE_MAX / 2).value();
  const size_t place = dice.Below(bytes.size()) / (dice.Half() ? 4 : 1);
  bytes[place] ^= static_cast<char>(1 + dice.Below(255));
  if (!in_place) fs::remove(path);
  std::fstream out(path, in_place ? std::ios::in | std::ios::out | std::ios::binary
                                  : std::ios::out | std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void Copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

}  // namespace

// The rows of a partition on a node: the cell's own folder and what stands beside it.
class FileRowsWorld::Home final : public RowsHome {
 public:
  Home(FileRowsWorld* world, size_t node, Partition partition)
      : world_(*world),
        partition_(partition),
        options_(world->OptionsOf(node)),
        folder_(world->files_.Path(options_.writer) + "/" + std::to_string(partition.number())) {
    fs::create_directories(fs::path(folder_).parent_path());
  }

  absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, const CellOptions& options) override {
    CellHome home;
    home.folder = folder_;
    home.checkpoints = options_.shared;
    home.worth_restoring = world_.worth_restoring_;
    const bool there = fs::exists(folder_);
    to_be_read_ = tampered_;
    ASSIGN_OR_RETURN(OpenedCell opened, OpenCell(log, partition_, home, world_.memory_, options));
    if (!there) NoteMerged(false);
    for (const std::string& message : opened.messages) NoteMessage(message);
    if (opened.restored_from) NoteRestored(*opened.restored_from, *opened.cell);
    Look();
    return std::move(opened.cell);
  }

  // The second half may come later, or never.
  absl::Status AddCheckpoint(const RowStore& rows, const CellRow& position) override {
    if (cut_) {
      RETURN_IF_ERROR(Publish());
      return absl::UnavailableError("the one before is still being written");
    }
    ASSIGN_OR_RETURN(cut_, CutCheckpoint(rows, folder_ + ".cut"));
    if (cut_->position != position.next) trouble_ += "a cut is of another position\n";
    return dice().Below(4) > 0 ? Publish() : absl::OkStatus();
  }
  absl::Status NoteDamage(const absl::Status& damage) override {
    return MarkDamaged(folder_, MessageOf(damage));
  }
  absl::Status CaughtUp() override { return DropSetAside(folder_); }

  void Crash() override {
    cut_.reset();
    if (fs::exists(folder_) && dice().Below(3) == 0) KeepOlder();
    if (dice().Below(3) == 0) LeaveHalfMade();
  }
  // Or an opening was killed between two moves.
  void LoseRows() override {
    constexpr std::array<std::string_view, 4> kBeside = {".candidate", ".restoring", ".damaged",
                                                         ".replaced"};
    const std::string beside = folder_ + std::string(kBeside[dice().Below(std::size(kBeside))]);
    const bool moved = dice().Half();
    if (moved && fs::exists(folder_)) {
      fs::remove_all(beside);
      fs::rename(folder_, beside);
    }
    fs::remove_all(folder_);
    NoteMerged(false);
    tampered_ = to_be_read_ = false;
  }
  bool DamageRows() override {
    const std::vector<fs::path> tables = FilesIn(folder_, ".sst");
    const uint64_t chosen = dice().Below(1000);
    const uint64_t how = dice().Below(8);
    if (merged() || tables.empty()) return false;
    const fs::path& table = tables[chosen % tables.size()];
    if (how == 0) {
      fs::remove(table);
    } else if (how == 1) {
      fs::remove(fs::path(folder_) / "CURRENT");
    } else if (how == 2) {
      Copy(table.string(), folder_ + ".cutting");
      fs::resize_file(folder_ + ".cutting", fs::file_size(table) / 2);
      fs::rename(folder_ + ".cutting", table);
    } else {
      FlipByte(table, /*in_place=*/false, dice());
    }
    tampered_ = to_be_read_ = true;
    return true;
  }
  bool FindOlderRows() override {
    if (!fs::exists(older())) return false;
    Copy(older(), folder_);
    NoteMerged(world_.merged_.contains(older()));
    tampered_ = to_be_read_ = tampered_older_;
    return true;
  }

  bool tampered() const override { return tampered_; }
  bool to_be_read() const override { return to_be_read_; }
  void NoteRead() override { to_be_read_ = false; }
  void Look() override {
    if (!merged() && FilesIn(folder_, ".sst").size() >= kFewTables) NoteMerged(true);
  }

  Partition partition() const { return partition_; }
  const std::string& folder() const { return folder_; }
  bool merged() const { return world_.merged_.contains(folder_); }
  void NoteTampered() { tampered_ = to_be_read_ = true; }

 private:
  Dice& dice() { return *world_.dice_; }
  std::string older() const { return folder_ + ".older"; }
  std::string half_checkpoint() const {
    return options_.shared + "/" + std::to_string(partition_.number()) + "/7-0123456789abcdef." +
           options_.writer + ".tmp";
  }
  void NoteMerged(bool merged) { Note(folder_, merged); }
  void Note(const std::string& folder, bool merged) {
    if (merged) {
      world_.merged_.insert(folder);
    } else {
      world_.merged_.erase(folder);
    }
  }

  void NoteMessage(std::string_view message) {
    if (message.starts_with("skipped ")) ++world_.counts_->skipped_checkpoints;
    if (message.find("made anew") == std::string_view::npos) return;
    if (!tampered_)
      trouble_ += "rows are made anew that nobody damaged: " + std::string(message) + "\n";
    tampered_ = to_be_read_ = false;
    ++world_.counts_->heals;
    NoteMerged(false);
  }

  void NoteRestored(const CheckpointPlace& place, const Cell& cell) {
    ++world_.counts_->restores;
    tampered_ = to_be_read_ = world_.doubtful_.contains(place.folder);
    NoteMerged(world_.merged_.contains(place.folder));
    if (world_.damaged_.contains(place.folder)) {
      trouble_ += "a checkpoint is used that is damaged: " + place.folder + "\n";
    }
    if (cell.position().next != place.position) {
      trouble_ += "a checkpoint holds the rows of another position: " + place.folder + "\n";
    }
  }

  absl::Status Publish() {
    const CutRows cut = *cut_;
    cut_.reset();
    ASSIGN_OR_RETURN(const CheckpointPlace place, PublishCheckpoint(cut, partition_, options_));
    ++world_.counts_->checkpoints;
    Note(place.folder, merged());
    if (tampered_) world_.doubtful_.insert(place.folder);
    if (fs::exists(half_checkpoint())) trouble_ += "half a checkpoint is not cleaned up\n";
    if (world_.damaged_.contains(place.folder)) NoteAgain(place);
    return absl::OkStatus();
  }

  // One that was damaged is made anew, or removed at once where it is an old one; a table that has
  // rotten in the store itself may be in it.
  void NoteAgain(const CheckpointPlace& place) {
    const absl::Status verified = VerifyCheckpoint(place);
    if (verified.ok() || absl::IsNotFound(verified)) {
      world_.damaged_.erase(place.folder);
    } else if (!world_.rotten_.contains(partition_)) {
      trouble_ += "a checkpoint that was damaged stays in place of a new one\n";
    }
  }

  void KeepOlder() {
    Copy(folder_, older());
    Note(older(), merged());
    tampered_older_ = tampered_;
  }

  // What a crash in the middle of an opening or of a checkpoint leaves.
  void LeaveHalfMade() {
    const std::array<std::string, 5> folders = {folder_ + ".candidate", folder_ + ".restoring",
                                                folder_ + ".replaced", folder_ + ".cut",
                                                half_checkpoint()};
    const std::string& folder = folders[dice().Below(folders.size())];
    fs::remove_all(folder);  // whose files may be links
    fs::create_directories(folder);
    for (const char* file : {"/CURRENT", "/000012.sst"}) std::ofstream(folder + file) << "half";
    ++world_.counts_->half_made;
  }

  FileRowsWorld& world_;
  const Partition partition_;
  const CheckpointOptions options_;
  const std::string folder_;
  std::optional<CutRows> cut_;  // that is still to be published
  bool tampered_ = false;
  bool to_be_read_ = false;
  bool tampered_older_ = false;
};

FileRowsWorld::FileRowsWorld(Dice* dice, SimCounts* counts)
    : dice_(dice),
      counts_(counts),
      memory_(MemoryWith(dice->Half() ? 0 : size_t{1} << 20)),
      copies_(dice->Half()),
      keep_(1 + dice->Below(3)),
      worth_restoring_(dice->Half() ? 2'000'000 : 1 + static_cast<int64_t>(dice->Below(20))) {}

std::unique_ptr<RowsHome> FileRowsWorld::HomeOf(size_t node, Partition partition) {
  auto home = std::make_unique<Home>(this, node, partition);
  homes_.push_back(home.get());
  return home;
}

CheckpointOptions FileRowsWorld::OptionsOf(size_t node) const {
  CheckpointOptions options;
  options.shared = shared();
  options.writer = "node" + std::to_string(node);
  options.keep = keep_;
  options.copies = copies_;
  return options;
}

std::vector<CheckpointPlace> FileRowsWorld::Checkpoints(Partition partition) const {
  return ListCheckpoints(shared(), partition).value();
}

void FileRowsWorld::LoseCheckpoint(Partition partition) {
  const std::vector<CheckpointPlace> places = Checkpoints(partition);
  if (places.empty()) return;
  fs::remove_all(places[dice_->Below(places.size())].folder);
}

void FileRowsWorld::DamageCheckpoint(Partition partition) {
  const std::vector<CheckpointPlace> places = Checkpoints(partition);
  if (places.empty()) return;
  const CheckpointPlace& place = places[dice_->Below(places.size())];
  const std::vector<fs::path> files = FilesIn(place.folder);
  const fs::path& file = files[dice_->Below(1000) % files.size()];
  if (dice_->Below(6) == 0) {
    fs::remove(file);
  } else {
    FlipByte(file, /*in_place=*/false, *dice_);
  }
  damaged_.insert(place.folder);
  ++counts_->damaged_checkpoints;
}

bool FileRowsWorld::RotTable(Partition partition) {
  std::vector<Home*> homes;
  for (Home* home : homes_) {
    if (home->partition() == partition) homes.push_back(home);
  }
  const uint64_t chosen = dice_->Below(1000);
  const std::vector<fs::path> tables = FilesIn(homes[chosen % homes.size()]->folder(), ".sst");
  const bool merged =
      std::any_of(homes.begin(), homes.end(), [](const Home* home) { return home->merged(); });
  if (tables.empty() || merged) return false;
  const fs::path& table = tables[chosen % tables.size()];
  FlipByte(table, /*in_place=*/true, *dice_);
  for (const CheckpointPlace& place : Checkpoints(partition)) {
    const std::string same = place.folder + "/" + table.filename().string();
    if (IsSameFile(same, table.string())) damaged_.insert(place.folder);
  }
  rotten_.insert(partition);
  for (Home* home : homes) home->NoteTampered();
  return true;
}

}  // namespace flywheel
