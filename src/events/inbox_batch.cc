#include "events/inbox_batch.h"

#include <utility>
#include <variant>

namespace flywheel {

void InboxBatch::Add(int32_t partition, int64_t offset, const InboxMessage& message,
                     std::shared_ptr<const void> owner) {
  InboxEntry& entry = entries_.emplace_back();
  entry.partition = partition;
  entry.offset = offset;
  entry.value = message.value.value_or(std::string_view());
  entry.owner = std::move(owner);
  std::variant<std::string, IntakeRefusal> event = EventFromInbox(message);
  if (auto* refusal = std::get_if<IntakeRefusal>(&event)) {
    entry.refusal = std::move(*refusal);
  } else {
    entry.event = std::get<std::string>(std::move(event));
  }
  bytes_ += entry.value.size() + sizeof(InboxEntry);
}

}  // namespace flywheel
