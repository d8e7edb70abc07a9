#include "app/serve/inbox_metrics.h"

#include <string>
#include <string_view>

namespace flywheel {
namespace {

void WriteCounter(MetricsText& text, std::string_view name, uint64_t value, std::string_view help) {
  text.Family(name, MetricsText::Type::kCounter, help);
  text.Sample({}, static_cast<int64_t>(value));
}

}  // namespace

void WriteInbox(const InboxState& state, MetricsText& text) {
  WriteCounter(text, "flywheel_inbox_messages_total", state.messages, "Messages read.");
  WriteCounter(text, "flywheel_inbox_bytes_total", state.bytes, "Bytes of their values.");
  WriteCounter(text, "flywheel_inbox_accepted_total", state.written.accepted,
               "Events that were appended to the log.");
  WriteCounter(text, "flywheel_inbox_refused_total", state.written.refused,
               "Refusals that were appended to the log.");
  WriteCounter(text, "flywheel_inbox_refused_without_bytes_total",
               state.written.bytes_dropped + state.written.bytes_lost,
               "Refused messages whose bytes the side store does not hold.");
  WriteCounter(text, "flywheel_inbox_failed_appends_total", state.written.failed_appends,
               "Appends that failed and were tried again.");
  WriteCounter(text, "flywheel_inbox_failed_commits_total", state.failed_commits,
               "Commits that failed and were tried again.");
  WriteCounter(text, "flywheel_inbox_losses_total", state.losses,
               "ALARM: times that messages were gone before they were read.");
  WriteCounter(text, "flywheel_inbox_lost_messages_total", state.lost_messages,
               "ALARM: messages that retention took before they were read, at most.");
  WriteCounter(text, "flywheel_inbox_restarts_total", state.restarts,
               "Consumers that had to be made anew.");
  text.Family("flywheel_inbox_in_trouble", MetricsText::Type::kGauge,
              "1 while something is in the inbox's way.");
  text.Sample({}, int64_t{state.status.ok() ? 0 : 1});
  text.Family("flywheel_inbox_lag_messages", MetricsText::Type::kGauge,
              "Messages of the inbox that are not in the log, by partition of this member.");
  for (const InboxPartitionLag& lag : state.lags) {
    text.Sample({{"partition", std::to_string(lag.partition)}}, lag.messages());
  }
}

}  // namespace flywheel
