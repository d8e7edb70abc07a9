// Waiting for what another thread brings about.
#ifndef FLYWHEEL_TESTS_QUERY_EVENTUALLY_H_
#define FLYWHEEL_TESTS_QUERY_EVENTUALLY_H_

#include <chrono>
#include <thread>

namespace flywheel {

// Whether the condition comes true within a minute.
template <class Condition>
bool Eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_QUERY_EVENTUALLY_H_
