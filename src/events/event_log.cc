#include "events/event_log.h"

#include <utility>

#include "absl/synchronization/notification.h"

namespace flywheel {

absl::StatusOr<std::vector<Offset>> EventLog::Append(Partition partition,
                                                     absl::Span<const std::string_view> records) {
  absl::StatusOr<std::vector<Offset>> result = absl::UnknownError("append not done");
  absl::Notification done;
  AppendAsync(partition, records, [&](absl::StatusOr<std::vector<Offset>> outcome) {
    result = std::move(outcome);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

}  // namespace flywheel
