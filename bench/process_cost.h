// What a benchmark measures of its own process.
#ifndef FLYWHEEL_BENCH_PROCESS_COST_H_
#define FLYWHEEL_BENCH_PROCESS_COST_H_

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <fstream>

namespace flywheel {

inline double Seconds(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

// Peak of resident memory so far, in MiB.
inline double PeakRssMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Makes RSS peaks count from now on.
inline void ResetPeakRss() { std::ofstream("/proc/self/clear_refs") << "5"; }

// All threads from now on; a negative core: none.
inline void PinToCore(int core) {
  if (core < 0) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(core), &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

}  // namespace flywheel

#endif  // FLYWHEEL_BENCH_PROCESS_COST_H_
