// A file system in memory that fails on demand, and that can lose power.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_FAULT_FILE_SYSTEM_H_
#define FLYWHEEL_EVENTS_EMBEDDED_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "events/embedded/file_system.h"

namespace flywheel {

// The twin of PosixFileSystem for tests. Paths are relative.
//
// Operation: knows of every file what was written and what of it was synced, of every folder which
// names were. AfterPowerLoss gives what a disk may hold then: all that was synced, and of the rest
// any part (sectors of 512 bytes in any order; changes of a folder in their order). Everything is
// deterministic by seed, as far as the callers' threads are.
//
// Concurrency: any thread. Windows see later writes, as with mmap.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                             OpenMode mode) override;
  absl::StatusOr<std::shared_ptr<const FileWindow>> Map(const std::string& path, uint64_t position,
                                                        size_t length) override;
  absl::StatusOr<uint64_t> FileBytes(const std::string& path) override;
  absl::Status SyncForReader(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override;
  absl::Status CreateFolder(const std::string& folder) override;
  absl::Status SyncFolder(const std::string& folder) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  // Faults.

  // Of the calls that change or sync something, the first `calls` from now on work; the next one
  // does (by the seed) a part of its work or none, and from then on nothing works (Unavailable).
  void CrashAfter(int64_t calls, uint64_t seed);
  bool crashed();
  // Calls so far that change or sync something.
  int64_t calls();
  // The next Sync of a file fails; what it should have synced counts as clean, as on Linux.
  void FailNextSync();
  // The next WriteAt fails after the first `written` bytes of it (at most all) were written.
  void FailNextWrite(absl::Status status, size_t written);
  // Every WriteAt writes at most so many bytes; 0: no limit.
  void LimitWrites(size_t bytes);
  // Files together take at most so many bytes.
  void SetCapacity(uint64_t bytes);
  void SetReadOnly(bool read_only);

  // What is left.
  std::unique_ptr<FaultFileSystem> AfterPowerLoss(uint64_t seed);
  // The same files, as a process finds them that comes after one that was killed.
  std::unique_ptr<FaultFileSystem> AfterKill();

  // For tests that look at files or damage them.
  std::string Contents(const std::string& path);
  void Overwrite(const std::string& path, uint64_t position, std::string_view bytes);

 private:
  class File;
  class Held;
  struct Inode;
  using InodePointer = std::shared_ptr<Inode>;
  using Folder = std::map<std::string, InodePointer>;
  // One step of a folder's life: names that come (a file) or go (nullptr) together.
  using Change = std::vector<std::pair<std::string, InodePointer>>;

  // Counts the call; an error where it must fail. `torn` (may be null) is set where it is the one
  // that does a part of its work.
  absl::Status Count(bool* torn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  InodePointer Find(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ApplyChange(const std::string& folder, Change change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<size_t> Write(Inode& inode, uint64_t position, std::string_view bytes);
  absl::Status Reserve(Inode& inode, uint64_t bytes);
  absl::Status Sync(Inode& inode);
  uint64_t UsedBytes() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::map<std::string, Folder> folders_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Folder> synced_folders_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<Change>> unsynced_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> locked_ ABSL_GUARDED_BY(mutex_);
  int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<int64_t> crash_at_ ABSL_GUARDED_BY(mutex_);
  bool crashed_ ABSL_GUARDED_BY(mutex_) = false;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  bool fail_next_sync_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> fail_next_write_ ABSL_GUARDED_BY(mutex_);
  size_t written_by_failing_write_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t write_limit_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t capacity_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;
  bool read_only_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_FAULT_FILE_SYSTEM_H_
