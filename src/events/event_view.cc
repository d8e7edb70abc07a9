#include "events/event_view.h"

namespace flywheel {

std::string_view OrderOf(const EventView& event) {
  return std::visit(
      [](const auto& payload) -> std::string_view {
        if constexpr (requires { payload.order_id; }) {
          return payload.order_id;
        } else {
          return {};
        }
      },
      event.payload);
}

}  // namespace flywheel
