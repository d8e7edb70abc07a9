// The lock by which one process at a time works with a data folder.
#ifndef FLYWHEEL_APP_FOLDER_LOCK_H_
#define FLYWHEEL_APP_FOLDER_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace flywheel {

// Held from Take until the object goes; the system lets it go when the process ends, however it
// ends. The file `lock` stays in the folder and holds the number of the process.
class FolderLock {
 public:
  // FailedPrecondition where another process holds it (the message names it). The folder must be
  // there.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_FOLDER_LOCK_H_
