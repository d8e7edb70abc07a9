// Runs a property over random histories.
//
// The histories are the same in every run: the seed of rapidcheck is fixed below, so that what
// fails for one fails for all. To look elsewhere, or longer, or at one failing case again:
//
//   RC_PARAMS="seed=42" build/release/test_property
//   RC_PARAMS="seed=42 max_success=100000" build/release/test_property "name of the test case"
//   RC_PARAMS="reproduce=..." as a failure prints it
//
// A failure prints its seed and the smallest history that shrinking has found, as records. With
// FLYWHEEL_TEST_EFFORT=short a fraction of the histories is tried.
#ifndef FLYWHEEL_TESTS_PROPERTY_CHECK_H_
#define FLYWHEEL_TESTS_PROPERTY_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "property/history.h"

namespace flywheel {

// Number of histories a property holds for: in full, and with short effort.
inline constexpr int kHistories = 800;
inline constexpr int kHistoriesShort = 60;

// Whether a history that fails is made smaller: hundreds of tries.
enum class Shrinking : uint8_t { kYes, kNo };

// Fails the test case when `contradiction` gives a text for a history: what does not hold.
void CheckForHistories(const std::string& name,
                       const std::function<std::string(const History&)>& contradiction,
                       int histories = kHistories, int histories_short = kHistoriesShort,
                       Shrinking shrinking = Shrinking::kYes);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_CHECK_H_
