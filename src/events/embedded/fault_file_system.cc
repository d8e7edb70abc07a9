#include "events/embedded/fault_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr uint64_t kSector = 512;

using Bytes = std::vector<char>;

constexpr std::string_view kRoot = ".";

// "a/b" and "c" of "a/b/c"; the root and "a" of "a".
std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {std::string(kRoot), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

class MemoryWindow final : public FileWindow {
 public:
  MemoryWindow(std::shared_ptr<const Bytes> bytes, uint64_t position, size_t length)
      : FileWindow(std::string_view(bytes->data() + position, length)), bytes_(std::move(bytes)) {}

 private:
  std::shared_ptr<const Bytes> bytes_;
};

void CopySector(const Bytes& from, uint64_t sector, Bytes* to) {
  const uint64_t begin = sector * kSector;
  if (begin >= from.size()) return;
  const uint64_t end = std::min<uint64_t>(from.size(), begin + kSector);
  if (to->size() < end) to->resize(end);
  std::memcpy(to->data() + begin, from.data() + begin, end - begin);
}

}  // namespace

// Guarded by the file system's mutex, but that windows read `bytes` without it, where nobody
// writes.
struct FaultFileSystem::Inode {
  std::shared_ptr<Bytes> bytes = std::make_shared<Bytes>();
  Bytes synced;
  std::set<uint64_t> dirty;  // sectors
};

class FaultFileSystem::File final : public WritableFile {
 public:
  File(FaultFileSystem* files, InodePointer inode) : files_(files), inode_(std::move(inode)) {}

  absl::StatusOr<size_t> WriteAt(uint64_t position, std::string_view bytes) override {
    return files_->Write(*inode_, position, bytes);
  }
  absl::Status Reserve(uint64_t bytes) override { return files_->Reserve(*inode_, bytes); }
  absl::Status Sync() override { return files_->Sync(*inode_); }

 private:
  FaultFileSystem* files_;
  InodePointer inode_;
};

class FaultFileSystem::Held final : public FileLock {
 public:
  Held(FaultFileSystem* files, std::string path) : files_(files), path_(std::move(path)) {}
  ~Held() override {
    MutexLock lock(&files_->mutex_);
    files_->locked_.erase(path_);
  }

 private:
  FaultFileSystem* files_;
  std::string path_;
};

FaultFileSystem::FaultFileSystem() {
  folders_[std::string(kRoot)];
  synced_folders_[std::string(kRoot)];
}

FaultFileSystem::~FaultFileSystem() = default;

absl::Status FaultFileSystem::Count(bool* torn) {
  if (crashed_) return absl::UnavailableError("the machine is down");
  if (read_only_) return absl::FailedPreconditionError("Read-only file system");
  ++calls_;
  if (!crash_at_.has_value() || calls_ <= *crash_at_) return absl::OkStatus();
  crashed_ = true;
  if (torn != nullptr && random_() % 2 == 0) {
    *torn = true;
    return absl::OkStatus();
  }
  return absl::UnavailableError("the machine goes down");
}

FaultFileSystem::InodePointer FaultFileSystem::Find(const std::string& path) {
  const auto [folder, name] = Split(path);
  const auto files = folders_.find(folder);
  if (files == folders_.end()) return nullptr;
  const auto file = files->second.find(name);
  return file == files->second.end() ? nullptr : file->second;
}

absl::Status FaultFileSystem::ApplyChange(const std::string& folder, Change change) {
  const auto files = folders_.find(folder);
  if (files == folders_.end()) return absl::NotFoundError("no folder " + folder);
  for (const auto& [name, inode] : change) {
    if (inode == nullptr) {
      files->second.erase(name);
    } else {
      files->second[name] = inode;
    }
  }
  unsynced_[folder].push_back(std::move(change));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultFileSystem::OpenForWrite(const std::string& path,
                                                                            OpenMode mode) {
  MutexLock lock(&mutex_);
  InodePointer inode = Find(path);
  if (mode == OpenMode::kExisting) {
    if (crashed_) return absl::UnavailableError("the machine is down");
    if (inode == nullptr) return absl::NotFoundError("no file " + path);
    return std::make_unique<File>(this, std::move(inode));
  }
  if (inode != nullptr) return absl::AlreadyExistsError("there is a file " + path);
  RETURN_IF_ERROR(Count(nullptr));
  inode = std::make_shared<Inode>();
  const auto [folder, name] = Split(path);
  RETURN_IF_ERROR(ApplyChange(folder, {{name, inode}}));
  return std::make_unique<File>(this, std::move(inode));
}

absl::StatusOr<std::shared_ptr<const FileWindow>> FaultFileSystem::Map(const std::string& path,
                                                                       uint64_t position,
                                                                       size_t length) {
  MutexLock lock(&mutex_);
  const InodePointer inode = Find(path);
  if (inode == nullptr) return absl::NotFoundError("no file " + path);
  const uint64_t size = inode->bytes->size();
  if (position >= size) return absl::OutOfRangeError(absl::StrCat(path, " ends at byte ", size));
  length = static_cast<size_t>(std::min<uint64_t>(length, size - position));
  return std::make_shared<const MemoryWindow>(inode->bytes, position, length);
}

absl::StatusOr<uint64_t> FaultFileSystem::FileBytes(const std::string& path) {
  MutexLock lock(&mutex_);
  const InodePointer inode = Find(path);
  if (inode == nullptr) return absl::NotFoundError("no file " + path);
  return inode->bytes->size();
}

absl::Status FaultFileSystem::SyncForReader(const std::string& path) {
  InodePointer inode;
  {
    MutexLock lock(&mutex_);
    inode = Find(path);
  }
  if (inode == nullptr) return absl::NotFoundError("no file " + path);
  return Sync(*inode);
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(&mutex_);
  const InodePointer inode = Find(from);
  if (inode == nullptr) return absl::NotFoundError("no file " + from);
  RETURN_IF_ERROR(Count(nullptr));
  const auto [folder, name] = Split(from);
  const auto [to_folder, to_name] = Split(to);
  FLYWHEEL_CHECK(folder == to_folder, "files are renamed within their folder");
  return ApplyChange(folder, {{name, nullptr}, {to_name, inode}});
}

absl::Status FaultFileSystem::Remove(const std::string& path) {
  MutexLock lock(&mutex_);
  if (Find(path) == nullptr) return absl::NotFoundError("no file " + path);
  RETURN_IF_ERROR(Count(nullptr));
  const auto [folder, name] = Split(path);
  return ApplyChange(folder, {{name, nullptr}});
}

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& folder) {
  MutexLock lock(&mutex_);
  const auto files = folders_.find(folder);
  if (files == folders_.end()) return absl::NotFoundError("no folder " + folder);
  std::vector<std::string> names;
  for (const auto& [name, inode] : files->second) names.push_back(name);
  for (const auto& [path, unused] : folders_) {
    const auto [parent, name] = Split(path);
    if (parent == folder && path != kRoot) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status FaultFileSystem::CreateFolder(const std::string& folder) {
  MutexLock lock(&mutex_);
  if (folders_.contains(folder)) return absl::AlreadyExistsError("there is a folder " + folder);
  if (!folders_.contains(Split(folder).first)) {
    return absl::NotFoundError("no folder " + Split(folder).first);
  }
  RETURN_IF_ERROR(Count(nullptr));
  folders_[folder];
  return absl::OkStatus();
}

absl::Status FaultFileSystem::SyncFolder(const std::string& folder) {
  MutexLock lock(&mutex_);
  const auto files = folders_.find(folder);
  if (files == folders_.end()) return absl::NotFoundError("no folder " + folder);
  RETURN_IF_ERROR(Count(nullptr));
  synced_folders_[folder] = files->second;
  unsynced_.erase(folder);
  for (const auto& [path, unused] : folders_) {
    if (Split(path).first == folder && path != folder) synced_folders_[path];
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) {
  MutexLock lock(&mutex_);
  if (locked_.contains(path)) {
    return absl::FailedPreconditionError(path + " is held by another process");
  }
  if (Find(path) == nullptr) {
    RETURN_IF_ERROR(Count(nullptr));
    const auto [folder, name] = Split(path);
    RETURN_IF_ERROR(ApplyChange(folder, {{name, std::make_shared<Inode>()}}));
  }
  locked_.insert(path);
  return std::make_unique<Held>(this, path);
}

uint64_t FaultFileSystem::UsedBytes() {
  uint64_t used = 0;
  for (const auto& [folder, files] : folders_) {
    for (const auto& [name, inode] : files) used += inode->bytes->size();
  }
  return used;
}

absl::StatusOr<size_t> FaultFileSystem::Write(Inode& inode, uint64_t position,
                                              std::string_view bytes) {
  MutexLock lock(&mutex_);
  bool torn = false;
  RETURN_IF_ERROR(Count(&torn));
  const bool failing = fail_next_write_.has_value();
  if (torn) bytes = bytes.substr(0, random_() % (bytes.size() + 1));
  if (failing) bytes = bytes.substr(0, written_by_failing_write_);
  if (write_limit_ > 0) bytes = bytes.substr(0, write_limit_);
  const uint64_t end = position + bytes.size();
  if (end > inode.bytes->size()) {
    if (UsedBytes() + end - inode.bytes->size() > capacity_) {
      return absl::ResourceExhaustedError("No space left on device");
    }
    auto longer = std::make_shared<Bytes>(*inode.bytes);
    longer->resize(end);
    inode.bytes = std::move(longer);
  }
  std::memcpy(inode.bytes->data() + position, bytes.data(), bytes.size());
  for (uint64_t sector = position / kSector; sector * kSector < end; ++sector) {
    inode.dirty.insert(sector);
  }
  if (torn) return absl::UnavailableError("the machine goes down");
  if (failing) {
    return *std::exchange(fail_next_write_, std::nullopt);
  }
  return bytes.size();
}

absl::Status FaultFileSystem::Reserve(Inode& inode, uint64_t bytes) {
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(nullptr));
  const uint64_t size = inode.bytes->size();
  if (bytes <= size) return absl::OkStatus();
  if (UsedBytes() + bytes - size > capacity_) {
    return absl::ResourceExhaustedError("No space left on device");
  }
  auto longer = std::make_shared<Bytes>(*inode.bytes);
  longer->resize(bytes);
  inode.bytes = std::move(longer);
  for (uint64_t sector = size / kSector; sector * kSector < bytes; ++sector) {
    inode.dirty.insert(sector);
  }
  return absl::OkStatus();
}

absl::Status FaultFileSystem::Sync(Inode& inode) {
  MutexLock lock(&mutex_);
  bool torn = false;
  RETURN_IF_ERROR(Count(&torn));
  if (std::exchange(fail_next_sync_, false)) {
    inode.dirty.clear();
    return absl::UnavailableError("Input/output error");
  }
  for (const uint64_t sector : inode.dirty) {
    if (torn && random_() % 2 == 0) continue;
    CopySector(*inode.bytes, sector, &inode.synced);
  }
  if (torn) return absl::UnavailableError("the machine goes down");
  inode.synced.resize(inode.bytes->size());
  inode.dirty.clear();
  return absl::OkStatus();
}

void FaultFileSystem::CrashAfter(int64_t calls, uint64_t seed) {
  MutexLock lock(&mutex_);
  crash_at_ = calls_ + calls;
  random_.seed(seed);
}

bool FaultFileSystem::crashed() {
  MutexLock lock(&mutex_);
  return crashed_;
}

int64_t FaultFileSystem::calls() {
  MutexLock lock(&mutex_);
  return calls_;
}

void FaultFileSystem::FailNextSync() {
  MutexLock lock(&mutex_);
  fail_next_sync_ = true;
}

void FaultFileSystem::FailNextWrite(absl::Status status, size_t written) {
  MutexLock lock(&mutex_);
  written_by_failing_write_ = written;
  fail_next_write_ = std::move(status);
}

void FaultFileSystem::LimitWrites(size_t bytes) {
  MutexLock lock(&mutex_);
  write_limit_ = bytes;
}

void FaultFileSystem::SetCapacity(uint64_t bytes) {
  MutexLock lock(&mutex_);
  capacity_ = bytes;
}

void FaultFileSystem::SetReadOnly(bool read_only) {
  MutexLock lock(&mutex_);
  read_only_ = read_only;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::AfterPowerLoss(uint64_t seed) {
  auto left = std::make_unique<FaultFileSystem>();
  std::mt19937_64 random(seed);
  std::map<const Inode*, InodePointer> copies;
  const auto copy_of = [&](const InodePointer& inode) {
    InodePointer& copy = copies[inode.get()];
    if (copy != nullptr) return copy;
    copy = std::make_shared<Inode>();
    copy->synced = inode->synced;
    for (const uint64_t sector : inode->dirty) {
      if (random() % 2 == 0) CopySector(*inode->bytes, sector, &copy->synced);
    }
    *copy->bytes = copy->synced;
    return copy;
  };
  MutexLock lock(&mutex_);
  MutexLock left_lock(&left->mutex_);
  for (const auto& [path, unused] : folders_) {
    const auto synced = synced_folders_.find(path);
    if (synced == synced_folders_.end() && random() % 2 == 0) continue;
    // A folder whose parent is gone is gone too; parents come first in the order of paths.
    if (path != kRoot && !left->folders_.contains(Split(path).first)) continue;
    Folder files = synced == synced_folders_.end() ? Folder() : synced->second;
    const std::vector<Change>& changes = unsynced_[path];
    const size_t kept = random() % (changes.size() + 1);
    for (size_t i = 0; i < kept; ++i) {
      for (const auto& [name, inode] : changes[i]) {
        if (inode == nullptr) {
          files.erase(name);
        } else {
          files[name] = inode;
        }
      }
    }
    for (auto& [name, inode] : files) inode = copy_of(inode);
    left->synced_folders_[path] = files;
    left->folders_[path] = std::move(files);
  }
  return left;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::AfterKill() {
  auto left = std::make_unique<FaultFileSystem>();
  std::map<const Inode*, InodePointer> copies;
  const auto copy_of = [&](const InodePointer& inode) {
    InodePointer& copy = copies[inode.get()];
    if (copy == nullptr) {
      copy = std::make_shared<Inode>();
      *copy->bytes = *inode->bytes;
      copy->synced = inode->synced;
      copy->dirty = inode->dirty;
    }
    return copy;
  };
  MutexLock lock(&mutex_);
  MutexLock left_lock(&left->mutex_);
  const auto copy_all = [&](const std::map<std::string, Folder>& from) {
    std::map<std::string, Folder> to = from;
    for (auto& [path, files] : to) {
      for (auto& [name, inode] : files) inode = copy_of(inode);
    }
    return to;
  };
  left->folders_ = copy_all(folders_);
  left->synced_folders_ = copy_all(synced_folders_);
  left->unsynced_ = unsynced_;
  for (auto& [path, changes] : left->unsynced_) {
    for (Change& change : changes) {
      for (auto& [name, inode] : change) {
        if (inode != nullptr) inode = copy_of(inode);
      }
    }
  }
  return left;
}

std::string FaultFileSystem::Contents(const std::string& path) {
  MutexLock lock(&mutex_);
  const InodePointer inode = Find(path);
  return inode == nullptr ? std::string() : std::string(inode->bytes->begin(), inode->bytes->end());
}

void FaultFileSystem::Overwrite(const std::string& path, uint64_t position,
                                std::string_view bytes) {
  MutexLock lock(&mutex_);
  const InodePointer inode = Find(path);
  FLYWHEEL_CHECK(inode != nullptr, "the file is there");
  FLYWHEEL_CHECK(position + bytes.size() <= inode->bytes->size(), "what is overwritten is there");
  std::memcpy(inode->bytes->data() + position, bytes.data(), bytes.size());
  for (uint64_t s = position / kSector; s * kSector < position + bytes.size(); ++s) {
    CopySector(*inode->bytes, s, &inode->synced);
  }
}

}  // namespace flywheel
