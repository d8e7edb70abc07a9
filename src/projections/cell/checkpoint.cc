#include "projections/cell/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "base/name_character.h"
#include "base/status.h"
#include "projections/cell/checkpoint_copy.h"
#include "projections/cell/checkpoint_manifest.h"
#include "projections/facts/cell_row.h"
#include "projections/store/durable_files.h"
#include "projections/store/read_cell_row.h"
#include "projections/store/rocks_store.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".tmp";
constexpr std::string_view kDamaged = ".damaged.tmp";
constexpr size_t kVersionDigits = 16;

std::string PartitionFolder(const std::string& shared, Partition partition) {
  return (fs::path(shared) / std::to_string(partition.number())).string();
}

std::string NameOf(Offset position, uint64_t fold_version) {
  return fmt::format("{}-{:016x}", position.number(), fold_version);
}

std::optional<CheckpointPlace> ParseName(std::string_view name) {
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos || name.size() - dash - 1 != kVersionDigits) {
    return std::nullopt;
  }
  int64_t position = 0;
  uint64_t fold_version = 0;
  const char* end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), name.data() + dash, position);
  const auto second = std::from_chars(name.data() + dash + 1, end, fold_version, 16);
  CheckpointPlace place;
  place.position = Offset(position);
  place.fold_version = fold_version;
  // The one way to write it: no signs, no zeros before, no capital letters.
  if (first.ec != std::errc() || second.ec != std::errc() ||
      NameOf(place.position, fold_version) != name || position < 0) {
    return std::nullopt;
  }
  return place;
}

std::string Unfinished(const std::string& folder, const CheckpointOptions& options) {
  return fmt::format("{}.{}{}", folder, options.writer, kUnfinished);
}

absl::Status CheckOptions(const CheckpointOptions& options) {
  if (options.shared.empty()) return absl::InvalidArgumentError("no folder for checkpoints");
  if (options.writer.empty() ||
      !std::all_of(options.writer.begin(), options.writer.end(), IsNameCharacter))
    return absl::InvalidArgumentError(
        fmt::format("the writer of checkpoints \"{}\" is not of letters, digits, '.', '_' and '-'",
                    options.writer));
  if (options.keep < 1) return absl::InvalidArgumentError("at least one checkpoint must stay");
  return absl::OkStatus();
}

// How long ago the folder's entries changed last; nothing where that cannot be told.
absl::Duration AgeOf(const fs::path& folder) {
  std::error_code error;
  const auto changed = fs::last_write_time(folder, error);
  if (error) return absl::ZeroDuration();
  return absl::FromChrono(std::chrono::duration_cast<std::chrono::milliseconds>(
      fs::file_time_type::clock::now() - changed));
}

// The names in a folder; none where it is not there.
absl::StatusOr<std::vector<std::string>> FoldersIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::exists(folder, error) && !error) return names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone)) names.push_back(entry->path().filename().string());
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("cannot list the checkpoints in {}: {}", folder, error.message()));
  }
  return names;
}

absl::StatusOr<CheckpointManifest> ReadManifest(const CheckpointPlace& place) {
  const std::string path = (fs::path(place.folder) / CheckpointManifest::kFileName).string();
  const auto text = ReadFile(path, CheckpointManifest::kMaxBytes);
  if (absl::IsNotFound(text.status()) && fs::exists(place.folder)) {
    return absl::DataLossError(fmt::format("{} is missing", path));
  }
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(CheckpointManifest manifest, CheckpointManifest::Parse(*text));
  if (manifest.partition != place.partition || manifest.position != place.position ||
      manifest.fold_version != place.fold_version) {
    return absl::DataLossError("the manifest is that of another checkpoint");
  }
  return manifest;
}

absl::Status CompareDigest(const CheckpointManifest::File& file,
                           const absl::StatusOr<FileDigest>& found) {
  if (absl::IsNotFound(found.status())) {
    return absl::DataLossError(fmt::format("{} is missing", file.name));
  }
  RETURN_IF_ERROR(found.status());
  if (found->bytes != file.digest.bytes) {
    return absl::DataLossError(
        fmt::format("{} has {} bytes instead of {}", file.name, found->bytes, file.digest.bytes));
  }
  if (found->hex != file.digest.hex) {
    return absl::DataLossError(fmt::format("the bytes of {} have changed", file.name));
  }
  return absl::OkStatus();
}

// What became of a checkpoint that was removed while it was read is no damage.
absl::Status Concerning(const CheckpointPlace& place, const absl::Status& status) {
  if (status.ok()) return status;
  std::error_code error;
  const bool gone = !fs::exists(place.folder, error);
  const std::string text = fmt::format("the checkpoint {}: {}", place.folder, MessageOf(status));
  return gone ? absl::NotFoundError(text) : absl::Status(status.code(), text);
}

// Tables are never changed by the database that opens them; its other files may be.
bool NeverChanges(std::string_view file) { return file.ends_with(".sst"); }

// The checkpoint that the next one builds upon.
struct Predecessor {
  std::string folder;
  std::map<std::string, FileDigest, std::less<>> tables;
};

// The newest that can be read; none is as good, and only costs time.
Predecessor FindPredecessor(const std::string& shared, Partition partition) {
  const absl::StatusOr<std::vector<CheckpointPlace>> places = ListCheckpoints(shared, partition);
  if (!places.ok()) return {};
  for (const CheckpointPlace& place : *places) {
    const absl::StatusOr<CheckpointManifest> manifest = ReadManifest(place);
    if (!manifest.ok()) continue;
    Predecessor found{place.folder, {}};
    for (const CheckpointManifest::File& file : manifest->files) {
      if (NeverChanges(file.name)) found.tables.emplace(file.name, file.digest);
    }
    return found;
  }
  return {};
}

// Links a table from the checkpoint before, where that has it. A file that is the store's own is
// known by that, and its digest is still the one of the day when it was written: a bit that has
// flipped since is found, not blessed.
absl::StatusOr<std::optional<FileDigest>> TakeFromPredecessor(const Predecessor& before,
                                                              const fs::path& source,
                                                              const std::string& target) {
  const auto known = before.tables.find(source.filename().string());
  if (known == before.tables.end()) return std::nullopt;
  const std::string there = (fs::path(before.folder) / source.filename()).string();
  std::error_code error;
  if (fs::file_size(there, error) != known->second.bytes || error) return std::nullopt;
  if (!IsSameFile(source.string(), there)) {
    ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(source.string()));
    if (digest != known->second) return std::nullopt;
  }
  if (!LinkFile(there, target).ok()) return std::nullopt;
  return known->second;
}

absl::StatusOr<FileDigest> PutFile(const fs::path& source, const std::string& target,
                                   const Predecessor& before, const CheckpointOptions& options) {
  const std::string name = source.filename().string();
  if (NeverChanges(name)) {
    ASSIGN_OR_RETURN(std::optional<FileDigest> taken, TakeFromPredecessor(before, source, target));
    if (taken) return *std::move(taken);
  }
  return options.copies ? CopyFile(source.string(), target)
                        : LinkOrCopyFile(source.string(), target);
}

// Links or copies the files of the cut into `to`, and writes the manifest.
absl::Status WriteCheckpoint(const CutRows& cut, Partition partition, const std::string& to,
                             const CheckpointOptions& options) {
  CheckpointManifest manifest;
  manifest.partition = partition;
  manifest.position = cut.position;
  manifest.fold_version = cut.fold_version;
  const Predecessor before = FindPredecessor(options.shared, partition);
  std::error_code error;
  for (fs::directory_iterator entry(cut.folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!entry->is_regular_file(error)) continue;
    ASSIGN_OR_RETURN(FileDigest digest,
                     PutFile(entry->path(), (fs::path(to) / name).string(), before, options));
    manifest.files.push_back({name, std::move(digest)});
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("cannot list the rows that were cut in {}: {}", cut.folder, error.message()));
  }
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  RETURN_IF_ERROR(
      WriteFile((fs::path(to) / CheckpointManifest::kFileName).string(), manifest.ToText()));
  return SyncFolder(to);
}

// A folder that others see is first renamed, so that nobody reads one that is half removed.
absl::Status Withdraw(const std::string& folder, const CheckpointOptions& options) {
  const std::string away = Unfinished(folder, options);
  RETURN_IF_ERROR(RemoveFolder(away));
  const absl::Status moved = MoveFolder(folder, away);
  if (absl::IsNotFound(moved)) return absl::OkStatus();  // another node was faster
  RETURN_IF_ERROR(moved);
  return RemoveFolder(away);
}

// Puts what was written in place. One that is there already holds the same rows (ARCHITECTURE
// invariant 6): it stays if it is whole.
absl::Status PutInPlace(const std::string& written, const CheckpointPlace& place,
                        const CheckpointOptions& options) {
  absl::Status moved = MoveFolder(written, place.folder);
  if (!absl::IsAlreadyExists(moved)) return moved;
  if (VerifyCheckpoint(place).ok()) return RemoveFolder(written);
  const std::string damaged = fmt::format("{}.{}{}", place.folder, options.writer, kDamaged);
  RETURN_IF_ERROR(RemoveFolder(damaged));
  RETURN_IF_ERROR(MoveFolder(place.folder, damaged));
  RETURN_IF_ERROR(MoveFolder(written, place.folder));
  return RemoveFolder(damaged);
}

// Removes what this node has left unfinished, and what others have long ago.
absl::Status RemoveUnfinished(const std::string& folder, const CheckpointOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FoldersIn(folder));
  for (const std::string& name : names) {
    const size_t dot = std::min(name.find('.'), name.size());
    if (!name.ends_with(kUnfinished) || !ParseName(name.substr(0, dot))) continue;
    const std::string tail = name.substr(dot);
    const bool own = tail == fmt::format(".{}{}", options.writer, kUnfinished) ||
                     tail == fmt::format(".{}{}", options.writer, kDamaged);
    const fs::path path = fs::path(folder) / name;
    if (own || AgeOf(path) > options.keep_unfinished) {
      RETURN_IF_ERROR(RemoveFolder(path.string()));
    }
  }
  return absl::OkStatus();
}

absl::Status RemoveSurplus(const CheckpointPlace& newest, const CheckpointOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places,
                   ListCheckpoints(options.shared, newest.partition));
  size_t kept = 0;
  for (const CheckpointPlace& place : places) {
    const bool same = place.fold_version == newest.fold_version;
    const bool stays =
        same ? kept++ < options.keep : AgeOf(place.folder) <= options.keep_other_versions;
    if (!stays) RETURN_IF_ERROR(Withdraw(place.folder, options));
  }
  return absl::OkStatus();
}

absl::Status CopyVerified(const CheckpointPlace& place, const CheckpointManifest& manifest,
                          const std::string& to, bool links) {
  for (const CheckpointManifest::File& file : manifest.files) {
    const std::string source = (fs::path(place.folder) / file.name).string();
    const std::string target = (fs::path(to) / file.name).string();
    RETURN_IF_ERROR(CompareDigest(file, links && NeverChanges(file.name)
                                            ? LinkOrCopyFile(source, target)
                                            : CopyFile(source, target)));
  }
  return SyncFolder(to);
}

}  // namespace

absl::StatusOr<CutRows> CutCheckpoint(const RowStore& store, const std::string& folder) {
  ASSIGN_OR_RETURN(const std::optional<CellRow> row, ReadCellRow(store));
  if (!row) {
    return absl::FailedPreconditionError("nothing is folded yet, there is nothing to keep");
  }
  RETURN_IF_ERROR(RemoveFolder(folder));
  RETURN_IF_ERROR(MakeFolder(fs::path(folder).parent_path().string()));
  RETURN_IF_ERROR(CopyRocksStore(store, folder));
  return CutRows{folder, row->next, row->fold_version};
}

absl::StatusOr<CheckpointPlace> PublishCheckpoint(const CutRows& cut, Partition partition,
                                                  const CheckpointOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  const std::string parent = PartitionFolder(options.shared, partition);
  CheckpointPlace place{partition, cut.position, cut.fold_version,
                        (fs::path(parent) / NameOf(cut.position, cut.fold_version)).string()};
  RETURN_IF_ERROR(MakeFolder(parent));
  RETURN_IF_ERROR(RemoveUnfinished(parent, options));
  const std::string written = Unfinished(place.folder, options);
  RETURN_IF_ERROR(MakeFolder(written));
  absl::Status made = WriteCheckpoint(cut, partition, written, options);
  if (made.ok()) made = PutInPlace(written, place, options);
  if (!made.ok()) {
    RemoveFolder(written).IgnoreError();  // frees the disk, which may be what is missing
    return made;
  }
  RETURN_IF_ERROR(RemoveFolder(cut.folder));
  RETURN_IF_ERROR(RemoveSurplus(place, options));
  return place;
}

absl::StatusOr<CheckpointPlace> CreateCheckpoint(const RowStore& store, Partition partition,
                                                 const std::string& cut_folder,
                                                 const CheckpointOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const CutRows cut, CutCheckpoint(store, cut_folder));
  return PublishCheckpoint(cut, partition, options);
}

absl::StatusOr<std::vector<CheckpointPlace>> ListCheckpoints(const std::string& shared,
                                                             Partition partition) {
  const std::string folder = PartitionFolder(shared, partition);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FoldersIn(folder));
  std::vector<CheckpointPlace> places;
  for (const std::string& name : names) {
    std::optional<CheckpointPlace> place = ParseName(name);
    if (!place) continue;
    place->partition = partition;
    place->folder = (fs::path(folder) / name).string();
    places.push_back(*std::move(place));
  }
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
    return std::pair(a.position, a.fold_version) > std::pair(b.position, b.fold_version);
  });
  return places;
}

absl::StatusOr<std::optional<CheckpointPlace>> NewestCheckpoint(const std::string& shared,
                                                                Partition partition,
                                                                uint64_t fold_version) {
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places, ListCheckpoints(shared, partition));
  for (const CheckpointPlace& place : places) {
    if (place.fold_version == fold_version) return place;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<CheckpointPlace>> ListAllCheckpoints(const std::string& shared) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FoldersIn(shared));
  std::vector<int32_t> partitions;
  for (const std::string& name : names) {
    int32_t number = -1;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && std::to_string(number) == name && number >= 0) {
      partitions.push_back(number);
    }
  }
  std::sort(partitions.begin(), partitions.end());
  std::vector<CheckpointPlace> all;
  for (const int32_t number : partitions) {
    ASSIGN_OR_RETURN(std::vector<CheckpointPlace> places,
                     ListCheckpoints(shared, Partition(number)));
    all.insert(all.end(), places.begin(), places.end());
  }
  return all;
}

absl::StatusOr<uint64_t> BytesOf(const CheckpointPlace& place) {
  const absl::StatusOr<CheckpointManifest> manifest = ReadManifest(place);
  if (!manifest.ok()) return Concerning(place, manifest.status());
  uint64_t bytes = 0;
  for (const CheckpointManifest::File& file : manifest->files) bytes += file.digest.bytes;
  return bytes;
}

absl::Status DropCheckpoint(const CheckpointPlace& place, const CheckpointOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  return Withdraw(place.folder, options);
}

absl::Status VerifyCheckpoint(const CheckpointPlace& place) {
  const absl::Status verified = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const CheckpointManifest manifest, ReadManifest(place));
    for (const CheckpointManifest::File& file : manifest.files) {
      RETURN_IF_ERROR(
          CompareDigest(file, DigestFile((fs::path(place.folder) / file.name).string())));
    }
    return absl::OkStatus();
  }();
  return Concerning(place, verified);
}

absl::Status CopyCheckpointTo(const CheckpointPlace& place, const std::string& folder) {
  const std::string written = folder + std::string(kUnfinished);
  RETURN_IF_ERROR(RemoveFolder(written));
  RETURN_IF_ERROR(MakeFolder(written));
  const absl::Status copied = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const CheckpointManifest manifest, ReadManifest(place));
    RETURN_IF_ERROR(CopyVerified(place, manifest, written, /*links=*/false));
    RETURN_IF_ERROR(
        WriteFile((fs::path(written) / CheckpointManifest::kFileName).string(), manifest.ToText()));
    return SyncFolder(written);
  }();
  if (copied.ok()) return MoveFolder(written, folder);
  RemoveFolder(written).IgnoreError();
  return Concerning(place, copied);
}

absl::Status RestoreCheckpoint(const CheckpointPlace& place, const std::string& cell_folder) {
  const std::string restoring = cell_folder + ".restoring";
  RETURN_IF_ERROR(RemoveFolder(restoring));
  RETURN_IF_ERROR(MakeFolder(restoring));
  const absl::Status copied = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const CheckpointManifest manifest, ReadManifest(place));
    return CopyVerified(place, manifest, restoring, /*links=*/true);
  }();
  if (!copied.ok()) {
    RemoveFolder(restoring).IgnoreError();
    return Concerning(place, copied);
  }
  absl::Status moved = MoveFolder(restoring, cell_folder);
  if (moved.ok()) return moved;
  RemoveFolder(restoring).IgnoreError();
  if (absl::IsAlreadyExists(moved)) {
    return absl::FailedPreconditionError(
        fmt::format("the cell's folder {} is not empty: it has rows of its own", cell_folder));
  }
  return moved;
}

}  // namespace flywheel
