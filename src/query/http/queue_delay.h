// Whether a loop has more to do than it can, told by how long requests wait for their turn. Pure.
#ifndef FLYWHEEL_QUERY_HTTP_QUEUE_DELAY_H_
#define FLYWHEEL_QUERY_HTTP_QUEUE_DELAY_H_

#include <chrono>
#include <cstdint>

namespace flywheel {

// Operation: a loop works in passes; what it handles in one came at the earliest when the one
// before began. Requests that may have waited for longer than the bound are to be refused, once
// that has gone on for so long, and with so many of them, that it is no hiccup (a machine that did
// not let the process run); from then on at once, until none has been for a while.
//
// Concurrency: one thread.
class QueueDelay {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Requests over the bound, and for how long, before the first is refused.
  static constexpr uint64_t kRequestsToBegin = 64;
  static constexpr std::chrono::milliseconds kTimeToBegin{100};
  // Without a request over the bound.
  static constexpr std::chrono::seconds kTimeToEnd{1};

  // Zero: nothing is ever refused.
  explicit QueueDelay(std::chrono::nanoseconds bound) : bound_(bound) {}

  // The loop has waited for something to do and now has.
  void BeginAfterIdling(Time now) {
    NoteEndOfPass(now);
    before_ = began_ = now;
  }
  // The loop has done what was ready, and begins with what has become so since.
  void BeginPass(Time now) {
    NoteEndOfPass(now);
    before_ = began_;
    began_ = now;
  }

  // Whether a request whose turn comes now is to be refused.
  bool Refuses(Time now) {
    if (bound_ == std::chrono::nanoseconds::zero() || now - before_ <= bound_) return false;
    over_in_pass_ = true;
    last_over_ = now;
    if (refusing_) return true;
    if (over_ == 0) over_since_ = now;
    ++over_;
    refusing_ = over_ >= kRequestsToBegin && now - over_since_ >= kTimeToBegin;
    return refusing_;
  }
  bool refusing() const { return refusing_; }

 private:
  void NoteEndOfPass(Time now) {
    if (!over_in_pass_) over_ = 0;
    over_in_pass_ = false;
    if (refusing_ && now - last_over_ >= kTimeToEnd) refusing_ = false;
  }

  const std::chrono::nanoseconds bound_;
  Time began_;   // the pass at hand
  Time before_;  // the one before it
  bool over_in_pass_ = false;
  uint64_t over_ = 0;  // requests over the bound in passes one after the other
  Time over_since_;
  Time last_over_;
  bool refusing_ = false;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_QUEUE_DELAY_H_
