// Random histories of a marketplace, for the property tests.
//
// A history is generated as a short description: where in the calendar it plays, and a list of
// steps, each a handful of small numbers with zero as the plainest. That shrinks well: steps are
// left out, numbers become smaller. Narrate (narration.h) tells it as records of a log.
#ifndef FLYWHEEL_TESTS_PROPERTY_HISTORY_H_
#define FLYWHEEL_TESTS_PROPERTY_HISTORY_H_

#include <rapidcheck.h>

#include <cstdint>
#include <iosfwd>
#include <vector>

namespace flywheel {

enum class StepKind : uint8_t {
  kOrderPlaced,
  kReviewPosted,
  kReviewEdited,
  kReviewRemoved,
  kReviewAnswered,
  kReviewRemovalRequested,
  kReturnFiled,
  kReturnAccepted,
  kReturnRejected,
  kReturnClosed,
  kRefundIssued,
  kOrderPaid,
  kOrderCancelled,
  kParcelRegistered,
  kParcelScanned,
  kComplaintOpened,
  kComplaintMessagePosted,
  kComplaintResolved,
  kComplaintReopened,
  kComplaintEscalated,
  kSellerRegistered,
  kSellerStandingChanged,
  kRepeat,  // an earlier event once more, under another event_id
  kDecision,
  kRefused,
  kResubmitted,
  kDiscarded,
  kTimePassed,
  kBuyerErased,
  kPolicyPublished,
  kBrokenEvent,  // one that intake would not have let through
  kNoRecord,     // bytes that are no record
};

// Numbers whose meaning Narrate knows; each is below 16.
struct Step {
  StepKind kind = StepKind::kOrderPlaced;
  uint8_t seller = 0;
  uint8_t order = 0;
  uint8_t buyer = 0;            // 0: the one who bought, as a rule
  uint8_t market = 0;           // 0: the order's
  uint8_t day = 0;              // of occurred_at: days after the history's first day
  uint8_t time = 0;             // of occurred_at: where in that local day
  uint8_t advance = 0;          // how far recorded_at is after that of the step before
  uint8_t target = 0;           // which earlier record is meant
  uint8_t a = 0, b = 0, c = 0;  // the content
};

struct History {
  uint8_t first_day = 0;   // one of the nasty days of the calendar
  uint8_t partitions = 1;  // 1 or 2
  bool gaps = false;       // in the offsets
  uint32_t seed = 0;       // of what a test varies besides: batch sizes, instants asked for
  std::vector<Step> steps;
};

// Histories of up to `size` steps, as rapidcheck says.
rc::Gen<History> AnyHistory();

// The records as a log would hold them, one a line.
std::ostream& operator<<(std::ostream& stream, const History& history);

}  // namespace flywheel

template <>
struct rc::Arbitrary<flywheel::History> {
  static Gen<flywheel::History> arbitrary() { return flywheel::AnyHistory(); }
};

#endif  // FLYWHEEL_TESTS_PROPERTY_HISTORY_H_
