#include "integration/simulated_events.h"

#include <stdexcept>
#include <variant>

#include "events/event_json.h"
#include "sources/simulator.h"

namespace flywheel {

std::string SimulatedEvent::JsonLine() const {
  const auto json = EventToJson(bytes);
  if (!json.ok()) throw std::runtime_error(std::string(json.status().message()));
  return *json + "\n";
}

std::string SimulatedEvent::BinaryFrame() const {
  std::string frame;
  for (uint64_t left = bytes.size(); left > 0 || frame.empty(); left >>= 7) {
    frame.push_back(static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0)));
  }
  return frame + bytes;
}

std::vector<SimulatedEvent> SimulatedEvents(uint32_t sellers, uint32_t orders, uint64_t seed) {
  SimulatorOptions options;
  options.sellers = sellers;
  options.orders = orders;
  options.days = 60;
  options.seed = seed;
  options.late_ppm = 50'000;
  options.out_of_order_ppm = 100'000;
  std::vector<SimulatedEvent> events;
  SimulatorSummary summary;
  const absl::Status made = Simulate(
      options,
      [&](const events::v1::Event& event) {
        events.push_back({event.event_id(), event.SerializeAsString()});
        return absl::OkStatus();
      },
      &summary);
  if (!made.ok()) throw std::runtime_error(std::string(made.message()));
  return events;
}

std::string JsonLines(const std::vector<SimulatedEvent>& events) {
  std::string lines;
  for (const SimulatedEvent& event : events) lines += event.JsonLine();
  return lines;
}

}  // namespace flywheel
