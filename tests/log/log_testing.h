// What the tests of the log share.
#ifndef FLYWHEEL_TESTS_LOG_LOG_TESTING_H_
#define FLYWHEEL_TESTS_LOG_LOG_TESTING_H_

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "events/event_log.h"

namespace flywheel {

// A folder that goes with its object: in memory where there is such a place, since most tests are
// about what is in files and not about the disk's pace.
class TemporaryFolder {
 public:
  enum class On : uint8_t { kMemory, kDisk };

  explicit TemporaryFolder(On on = On::kMemory) {
    const bool memory = on == On::kMemory && ::access("/dev/shm", W_OK) == 0;
    std::string pattern =
        (memory ? std::string("/dev/shm") : std::filesystem::temp_directory_path().string()) +
        "/flywheel_log_XXXXXX";
    const char* const made = ::mkdtemp(pattern.data());
    FLYWHEEL_CHECK(made != nullptr, "a temporary folder can be made");
    path_ = made;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline absl::StatusOr<std::vector<Offset>> AppendAll(EventLog& log, Partition partition,
                                                     const std::vector<std::string>& records) {
  const std::vector<std::string_view> views(records.begin(), records.end());
  return log.Append(partition, views);
}

inline absl::StatusOr<Offset> AppendOne(EventLog& log, Partition partition,
                                        std::string_view record) {
  absl::StatusOr<std::vector<Offset>> offsets = log.Append(partition, {record});
  if (!offsets.ok()) return offsets.status();
  return offsets->front();
}

struct StoredText {
  Offset offset;
  std::string bytes;

  friend bool operator==(const StoredText&, const StoredText&) = default;
};

// Everything from an offset to the end, in as many reads as it takes.
inline absl::StatusOr<std::vector<StoredText>> ReadFrom(EventLog& log, Partition partition,
                                                        Offset from, ReadLimits limits = {}) {
  std::vector<StoredText> all;
  for (;;) {
    absl::StatusOr<RecordBatch> batch = log.Read(partition, from, limits);
    if (!batch.ok()) return batch.status();
    if (batch->records.empty()) return all;
    for (const LogRecord& record : batch->records) {
      all.push_back({record.offset, std::string(record.bytes)});
    }
    from = batch->next;
  }
}

inline std::vector<std::string> TextsOf(const std::vector<StoredText>& records) {
  std::vector<std::string> texts;
  for (const StoredText& record : records) texts.push_back(record.bytes);
  return texts;
}

// A text that differs by number in content and length.
inline std::string NumberedRecord(int64_t number) {
  std::string text = "record " + std::to_string(number) + ": ";
  text.append(static_cast<size_t>(number * 7 % 150), static_cast<char>('a' + number % 26));
  return text;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_LOG_LOG_TESTING_H_
