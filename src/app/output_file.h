// Where a command's data goes when --out names a file.
#ifndef FLYWHEEL_APP_OUTPUT_FILE_H_
#define FLYWHEEL_APP_OUTPUT_FILE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "app/context.h"

namespace flywheel {

// Operation: what is written stands in a file beside the named one until Commit makes it durable
// and gives it its name; without Commit nothing is left behind. "-" is standard output.
//
// Concurrency: one thread. Errors: ResourceExhausted (disk full), PermissionDenied, Unavailable.
class OutputFile {
 public:
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const Context& context,
                                                          const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  absl::Status Write(std::string_view text);
  absl::Status Commit();

 private:
  OutputFile(const Context& context, std::string path)
      : context_(context), path_(std::move(path)) {}

  absl::Status WriteBuffer();

  const Context& context_;
  const std::string path_;
  std::string temporary_;
  int fd_ = -1;  // -1: standard output
  std::string buffer_;
};

// The status of a system call that failed on a file: "PATH: what: reason".
absl::Status FileError(int error, const std::string& path, std::string_view what);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_OUTPUT_FILE_H_
