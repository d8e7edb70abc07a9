// What the preloaded library does to a process, in memory that the driver shares with it.
#ifndef FLYWHEEL_TESTS_ENDURANCE_FAULTS_PAGE_H_
#define FLYWHEEL_TESTS_ENDURANCE_FAULTS_PAGE_H_

#include <atomic>
#include <cstdint>

namespace flywheel {

// Names the file of the page to the library.
inline constexpr const char* kFaultsVariable = "FLYWHEEL_FAULTS";

// A whole file of zeros is one without faults.
struct FaultsPage {
  // How far the wall clock is ahead of the machine's.
  std::atomic<int64_t> clock_ahead_millis;
  // Not 0: files take no more bytes.
  std::atomic<int32_t> disk_is_full;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_FAULTS_PAGE_H_
