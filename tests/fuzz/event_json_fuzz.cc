// Any text as the JSON of an event: it is refused with a reason, or what it gives is an event that
// prints and reads back the same.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "events/event_json.h"
#include "flywheel/events/v1/event.pb.h"
#include "fuzz/demand.h"

namespace flywheel {
namespace {

void CheckText(std::string_view text) {
  const auto read = EventFromJson(text);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&read)) {
    Demand(!refusal->sentence.empty(), "a refusal says why");
    Demand(refusal->code == RefusalCode::kInvalid || refusal->code == RefusalCode::kUndecodable,
           "a refusal has a code of intake");
    return;
  }
  const std::string& bytes = std::get<std::string>(read);
  events::v1::Event event;
  Demand(event.ParseFromString(bytes), "what JSON gives parses");
  const absl::StatusOr<std::string> printed = EventToJson(bytes);
  Demand(printed.ok(), "what JSON gives prints");
  const auto again = EventFromJson(*printed);
  Demand(std::holds_alternative<std::string>(again), "what is printed is read");
  Demand(std::get<std::string>(again) == bytes, "what is printed reads as the same event");
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flywheel::CheckText(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
