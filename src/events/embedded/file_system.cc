#include "events/embedded/file_system.h"

#include <algorithm>

#include "base/status.h"

namespace flywheel {

absl::Status WriteAll(WritableFile& file, uint64_t position, std::string_view bytes) {
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(const size_t written, file.WriteAt(position, bytes));
    position += written;
    bytes.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::Status WriteZeros(WritableFile& file, uint64_t from, uint64_t to) {
  static const std::string zeros(size_t{256} << 10, '\0');
  while (from < to) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(zeros.size(), to - from));
    RETURN_IF_ERROR(WriteAll(file, from, std::string_view(zeros).substr(0, part)));
    from += part;
  }
  return absl::OkStatus();
}

}  // namespace flywheel
