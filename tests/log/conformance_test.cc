// The adapters in memory and on files that the suite is held against.
#include "log/conformance.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "events/embedded/embedded_log.h"
#include "events/embedded/fault_file_system.h"
#include "events/memory/memory_log.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

class MemorySubject : public ConformingLog {
 public:
  explicit MemorySubject(const MemoryLogOptions& options, bool foreign_writer = false)
      : log_(options), pump_([this, foreign_writer] {
          while (!ending_) {
            log_.CompletePending();
            if (foreign_writer) {
              for (int32_t p = 0; p < log_.partitions(); ++p) {
                if (log_.AppendForeign(Partition(p), {"foreign"}).ok()) continue;
              }
            }
            std::this_thread::sleep_for(std::chrono::microseconds(300));
          }
        }) {}
  ~MemorySubject() override {
    ending_ = true;
    pump_.join();
  }
  EventLog& log() override { return log_; }

 private:
  MemoryLog log_;
  std::atomic<bool> ending_{false};
  std::thread pump_;
};

class EmbeddedSubject : public ConformingLog {
 public:
  explicit EmbeddedSubject(EmbeddedLogOptions options, FileSystem* files = PosixFileSystem(),
                           TemporaryFolder::On on = TemporaryFolder::On::kMemory)
      : folder_(on) {
    options.partitions = 3;
    absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(
        files == PosixFileSystem() ? folder_ / "log" : std::string("log"), options, files);
    INFO(log.status());
    REQUIRE(log.ok());
    log_ = *std::move(log);
  }
  EventLog& log() override { return *log_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<EmbeddedLog> log_;
};

class FaultFilesSubject : public ConformingLog {
 public:
  explicit FaultFilesSubject(const EmbeddedLogOptions& options) {
    files_.LimitWrites(700);  // every write comes back short
    log_ = std::make_unique<EmbeddedSubject>(options, &files_);
  }
  EventLog& log() override { return log_->log(); }

 private:
  FaultFileSystem files_;
  std::unique_ptr<EmbeddedSubject> log_;
};

MemoryLogOptions Memory(int32_t gaps, bool late, int64_t begin = 0) {
  MemoryLogOptions options;
  options.partitions = 3;
  options.gaps_per_thousand = gaps;
  options.complete_late = late;
  options.begin = Offset(begin);
  return options;
}

EmbeddedLogOptions SmallSegments() {
  EmbeddedLogOptions options;
  options.segment_bytes = options.first_segment_bytes = 8192;
  return options;
}

}  // namespace

std::vector<ConformingAdapter> ConformingAdapters() {
  return {
      {"memory", false, [] { return std::make_unique<MemorySubject>(Memory(0, false)); }},
      {"memory with gaps", false,
       [] { return std::make_unique<MemorySubject>(Memory(400, false)); }},
      {"memory, late", false, [] { return std::make_unique<MemorySubject>(Memory(200, true)); }},
      {"memory that begins later", false,
       [] { return std::make_unique<MemorySubject>(Memory(100, false, 500)); }},
      {"memory, late, with gaps and others", true,
       [] { return std::make_unique<MemorySubject>(Memory(200, true), true); }},
      {"embedded", false,
       [] {
         return std::make_unique<EmbeddedSubject>(EmbeddedLogOptions(), PosixFileSystem(),
                                                  TemporaryFolder::On::kDisk);
       }},
      {"embedded with small segments", false,
       [] { return std::make_unique<EmbeddedSubject>(SmallSegments()); }},
      {"embedded with small segments and short writes", false,
       [] { return std::make_unique<FaultFilesSubject>(SmallSegments()); }},
  };
}

}  // namespace flywheel
