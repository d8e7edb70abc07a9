// How an embedded log is opened.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_OPTIONS_H_
#define FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "base/clock_watch.h"

namespace flywheel {

struct EmbeddedLogOptions {
  // How many partitions a new log gets, 1 to 1024; fixed from then on. An existing log must have as
  // many. 0: the folder must hold a log, and its count is taken.
  int32_t partitions = 0;

  // Without the lock and without changing anything, beside the process that appends, which it
  // follows. Damage does not keep the log from being opened: reads give what is before it, then
  // DataLoss.
  bool read_only = false;

  // Bytes of a segment, 4 KiB to 1 GiB. Larger: fewer files and rolls. Smaller: a faster open (the
  // newest segment is scanned) and less disk taken in advance.
  uint64_t segment_bytes = uint64_t{64} << 20;

  // Bytes of a partition's first segment, 4 KiB to 1 GiB; each following one is twice as large
  // until segment_bytes is reached. So a log of few records takes little disk.
  uint64_t first_segment_bytes = uint64_t{1} << 20;

  // Bytes per partition that are queued or being written before AppendAsync blocks, 4 KiB to
  // 1 GiB; also the limit of one Append, with 24 to 31 bytes added to each record.
  size_t max_bytes_in_flight = size_t{16} << 20;

  // Bytes of a file that are mapped for reading at a time, 3 MiB to 1 GiB. A partition keeps up to
  // four such windows, and each batch keeps the one that it points into.
  size_t read_window_bytes = size_t{4} << 20;

  // The next segment is made by a background thread once the newest is half full; false: by the
  // append that needs it, which then takes longer.
  bool prepare_ahead = true;

  // How often a read-only log that waits looks for new records; above zero.
  absl::Duration poll_interval = absl::Milliseconds(5);

  // Where the clocks are read that say whether a stamp is to be trusted (StampGuard). For tests.
  std::function<std::optional<ClockLook>()> clocks = LookAtClocks;

  // The salt of a new log's checksums; absent: random. For tests.
  std::optional<uint64_t> salt;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_OPTIONS_H_
