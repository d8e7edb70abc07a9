// Events of a simulated marketplace, one act each, none of them refused.
#ifndef FLYWHEEL_TESTS_INTEGRATION_SIMULATED_EVENTS_H_
#define FLYWHEEL_TESTS_INTEGRATION_SIMULATED_EVENTS_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace flywheel {

struct SimulatedEvent {
  std::string event_id;
  std::string bytes;  // a serialized flywheel.events.v1.Event, without recorded_at

  std::string JsonLine() const;
  std::string BinaryFrame() const;
};

// Distinct acts, in the order of publishing; some come late and out of order.
std::vector<SimulatedEvent> SimulatedEvents(uint32_t sellers, uint32_t orders, uint64_t seed);

std::string JsonLines(const std::vector<SimulatedEvent>& events);

// The same on every machine, unlike std::shuffle.
template <class Element>
void Shuffle(std::vector<Element>& elements, std::mt19937_64& random) {
  for (size_t left = elements.size(); left > 1; --left) {
    std::swap(elements[left - 1], elements[random() % left]);
  }
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_SIMULATED_EVENTS_H_
