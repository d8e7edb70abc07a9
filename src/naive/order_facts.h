// What the accepted events of one order say, kept in the order of their acceptance.
#ifndef FLYWHEEL_NAIVE_ORDER_FACTS_H_
#define FLYWHEEL_NAIVE_ORDER_FACTS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flywheel/events/v1/event.pb.h"
#include "naive/place.h"

namespace flywheel::naive {

// An accepted event of an order.
struct Fact {
  Place place;
  int32_t index = 0;  // within a decision; else 0
  Kind kind = Kind::PAYLOAD_NOT_SET;
  std::string act;     // with the kind and the order: what is the same act
  std::string market;  // of the envelope
  int64_t occurred_at = 0;
  int64_t recorded_at = 0;
};

// What a review says. Marks in the order delivery, delivery cost, description, service; 0: not
// given.
struct Opinion {
  bool recommended = false;
  std::array<int32_t, 4> marks = {0, 0, 0, 0};
};

struct PostedReview {
  std::string review_id;
  int64_t posted_at = 0;
  Opinion opinion;
};
struct ReviewEdit {
  std::string review_id;
  int64_t edited_at = 0;
  Opinion opinion;
};
struct ReviewAnswer {
  std::string review_id;
  int64_t answered_at = 0;
};
struct ReviewRemoval {
  std::string review_id;
  int64_t removed_at = 0;
  events::v1::RemovedBy::Value by = events::v1::RemovedBy::UNSPECIFIED;
};

struct RegisteredParcel {
  std::string parcel_id;
  int64_t registered_at = 0;
  events::v1::Direction::Value direction = events::v1::Direction::UNSPECIFIED;
  std::string return_id;  // empty: it names none
};
struct ParcelScan {
  std::string parcel_id;
  int64_t scanned_at = 0;
  events::v1::ScanCode::Value code = events::v1::ScanCode::UNSPECIFIED;
};

struct OpenedComplaint {
  std::string complaint_id;
  int64_t opened_at = 0;
  events::v1::ComplaintKind::Value kind = events::v1::ComplaintKind::UNSPECIFIED;
};
// A message, a resolution or a reopening.
struct ComplaintStep {
  std::string complaint_id;
  int64_t at = 0;
  events::v1::Actor::Value by = events::v1::Actor::UNSPECIFIED;
};

struct FiledReturn {
  std::string return_id;
  int64_t filed_at = 0;
  std::map<std::string, int64_t> items;  // pieces by line
};
struct ReturnDecision {
  std::string return_id;
  int64_t decided_at = 0;
  bool rejected = false;
};
struct ReturnClosure {
  std::string return_id;
  int64_t closed_at = 0;
};
// Of kind ORDER.
struct OrderRefund {
  std::string return_id;     // empty: it names none
  std::string complaint_id;  // likewise
  int64_t issued_at = 0;
  int64_t amount = 0;
  std::string currency;
};

// One order, from the first record that names it; most of it is empty until OrderPlaced is accepted
// (`known`).
struct Order {
  uint64_t version = 0;  // records so far that name it, whatever became of them
  bool known = false;
  std::vector<Fact> facts;  // in the order of their acceptance
  std::set<std::string> decisions;
  std::set<int64_t> waiting;  // offsets

  std::string market;
  std::string buyer_id;
  int64_t placed_at = 0;
  std::map<std::string, int64_t> bought;  // pieces by line
  int64_t total = 0;
  std::string currency;
  std::optional<int64_t> promised_dispatch_by;
  std::optional<int64_t> cancelled_at;

  std::optional<PostedReview> review;
  std::vector<ReviewEdit> edits;
  std::vector<ReviewAnswer> answers;
  std::vector<ReviewRemoval> removals;
  std::vector<RegisteredParcel> parcels;
  std::vector<ParcelScan> scans;
  std::vector<OpenedComplaint> complaints;
  std::vector<ComplaintStep> messages;
  std::vector<ComplaintStep> resolutions;
  std::vector<ComplaintStep> reopenings;
  std::vector<FiledReturn> returns;
  std::vector<ReturnDecision> return_decisions;
  std::vector<ReturnClosure> return_closures;
  std::vector<OrderRefund> refunds;
};

// The pieces of each line that a return names.
std::map<std::string, int64_t> ItemsOf(const events::v1::ReturnFiled& filed);

// Adds what an accepted event says; `facts` is not touched.
void Apply(Order& order, const events::v1::Event& event);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_ORDER_FACTS_H_
