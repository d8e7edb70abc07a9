// Where reading a partition of the inbox starts.
#ifndef FLYWHEEL_EVENTS_KAFKA_INBOX_START_H_
#define FLYWHEEL_EVENTS_KAFKA_INBOX_START_H_

#include <cstdint>
#include <optional>

namespace flywheel {

// What has happened to messages that intake had not read yet.
enum class InboxLoss : uint8_t {
  kNone,
  kExpired,    // the topic has deleted them: they outlived its retention
  kTruncated,  // the topic ends before what was read: it was cut or made anew
};

struct InboxStart {
  int64_t offset = 0;
  InboxLoss loss = InboxLoss::kNone;
  int64_t lost = 0;  // offsets of kExpired, an upper bound of the messages; 0: not known
};

// `next`: the message that is to be read next, absent where the group has read none; `low` and
// `high`: the offsets of the first message that is there and of the one after the last. What is
// lost is passed over, and after a truncation everything there is counts as unread: messages that
// come twice do no harm, those that are passed over do.
constexpr InboxStart StartOf(std::optional<int64_t> next, int64_t low, int64_t high) {
  if (!next.has_value()) return {low, InboxLoss::kNone, 0};
  if (*next < low) return {low, InboxLoss::kExpired, low - *next};
  if (*next > high) return {low, InboxLoss::kTruncated, 0};
  return {*next, InboxLoss::kNone, 0};
}

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_INBOX_START_H_
