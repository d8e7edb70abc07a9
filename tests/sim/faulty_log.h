// The log of a simulated history: the one in memory, with faults as the dice fall.
#ifndef FLYWHEEL_TESTS_SIM_FAULTY_LOG_H_
#define FLYWHEEL_TESTS_SIM_FAULTY_LOG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "events/event_log.h"
#include "events/memory/memory_log.h"
#include "sim/dice.h"

namespace flywheel {

// Of a thousand calls.
struct LogFaults {
  uint64_t failed_appends = 0;  // half of them leave their records in the log
  uint64_t late_reports = 0;    // the records are there, their append is reported later
  uint64_t late_appends = 0;    // the records come later, perhaps after others
  uint64_t failed_reads = 0;
  uint64_t damaged_reads = 0;  // that say that the log is damaged
  uint64_t short_reads = 0;
  uint64_t failed_ends = 0;  // EndOffset and BeginOffset
};

// Operation: nothing waits, since there is nobody to wait for. What is late comes when it is told
// to.
//
// Concurrency: one thread.
class FaultyLog final : public EventLog {
 public:
  FaultyLog(const MemoryLogOptions& options, Dice* dice) : log_(options), dice_(dice) {}

  void SetFaults(const LogFaults& faults) { faults_ = faults; }
  // Whether appends are reported before AppendAsync returns: for doors that wait for that.
  void SetPrompt(bool prompt) { prompt_ = prompt; }

  int32_t partitions() const override { return log_.partitions(); }
  void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                   AppendDone done) override;
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override;
  absl::StatusOr<Offset> BeginOffset(Partition partition) override;
  absl::StatusOr<Offset> EndOffset(Partition partition) override;

  // One of the late appends comes or is reported, any of them; false: there is none.
  bool CompleteOne();
  // One of the late appends is given up: what was still to come never does.
  void LoseOne();
  // How often records were given to it, and how often a read has said that it is damaged.
  uint64_t appends() const { return appends_; }
  uint64_t damages() const { return damages_; }
  // The log without faults.
  MemoryLog& plain() { return log_; }

 private:
  struct Late {
    Partition partition;
    std::vector<std::string> records;  // that are still to come
    absl::StatusOr<std::vector<Offset>> outcome;
    AppendDone done;
  };

  MemoryLog log_;
  Dice* const dice_;
  LogFaults faults_;
  bool prompt_ = false;
  std::vector<Late> late_;
  uint64_t appends_ = 0;
  uint64_t damages_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_FAULTY_LOG_H_
