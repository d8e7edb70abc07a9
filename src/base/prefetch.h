// Bringing memory into the processor's cache before it is needed.
#ifndef FLYWHEEL_BASE_PREFETCH_H_
#define FLYWHEEL_BASE_PREFETCH_H_

#include <cstddef>

namespace flywheel {

inline constexpr size_t kCacheLine = 64;

// Starts loading the line of memory that holds the address, which need not be a valid one.
inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  // A function that only prefetches is without effects for GCC, which leaves its calls out.
  asm volatile("" : : "r"(address));
}

// The same with all lines of `bytes` from there on.
inline void Prefetch(const void* begin, size_t bytes) {
  for (size_t at = 0; at < bytes; at += kCacheLine) Prefetch(static_cast<const char*>(begin) + at);
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_PREFETCH_H_
