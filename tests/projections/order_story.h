// An order told event by event, for the tests of what is computed from its row.
#ifndef FLYWHEEL_TESTS_PROJECTIONS_ORDER_STORY_H_
#define FLYWHEEL_TESTS_PROJECTIONS_ORDER_STORY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "projections/build.h"
#include "projections/facts/order_row.h"

namespace flywheel::build {

// Events of order "o" of seller "s", buyer "b", in PL, in the order in which they are told.
// Instants are RFC 3339 texts. Each call gives the event, too.
class OrderStory {
 public:
  pb::Event& Placed(std::string_view at, std::string_view promised = "") {
    pb::Event& event = Tell(build::Placed("o", "b", At(at)));
    if (!promised.empty()) {
      Set(event.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by(),
          At(promised));
    }
    return event;
  }
  pb::Event& Cancelled(std::string_view at) {
    pb::Event& event = Tell(Event(At(at)));
    event.mutable_order_cancelled()->set_order_id("o");
    event.mutable_order_cancelled()->set_by(pb::Actor::BUYER);
    return event;
  }
  pb::Event& Registered(std::string_view parcel, std::string_view at,
                        std::string_view return_id = "") {
    pb::Event& event = Tell(Event(At(at)));
    auto* registered = event.mutable_parcel_registered();
    registered->set_order_id("o");
    registered->set_parcel_id(std::string(parcel));
    registered->set_direction(return_id.empty() ? pb::Direction::OUTBOUND : pb::Direction::RETURN);
    registered->set_return_id(std::string(return_id));
    return event;
  }
  pb::Event& Scanned(std::string_view parcel, std::string_view at,
                     pb::ScanCode::Value code = pb::ScanCode::IN_TRANSIT) {
    return Tell(build::Scanned("o", parcel, code, At(at)));
  }
  pb::Event& Opened(std::string_view complaint, std::string_view at,
                    pb::ComplaintKind::Value kind = pb::ComplaintKind::DISPUTE) {
    pb::Event& event = Tell(Event(At(at)));
    auto* opened = event.mutable_complaint_opened();
    opened->set_order_id("o");
    opened->set_complaint_id(std::string(complaint));
    opened->set_buyer_id("b");
    opened->set_kind(kind);
    return event;
  }
  pb::Event& Message(std::string_view complaint, std::string_view at, pb::Actor::Value author) {
    pb::Event& event = Tell(Event(At(at)));
    auto* message = event.mutable_complaint_message_posted();
    message->set_order_id("o");
    message->set_complaint_id(std::string(complaint));
    message->set_message_id(std::to_string(events_.size()));
    message->set_author(author);
    return event;
  }
  pb::Event& Resolved(std::string_view complaint, std::string_view at, pb::Actor::Value by) {
    pb::Event& event = Tell(Event(At(at)));
    auto* resolved = event.mutable_complaint_resolved();
    resolved->set_order_id("o");
    resolved->set_complaint_id(std::string(complaint));
    resolved->set_outcome(pb::Outcome::REJECTED);
    resolved->set_by(by);
    return event;
  }
  pb::Event& Reopened(std::string_view complaint, std::string_view at) {
    pb::Event& event = Tell(Event(At(at)));
    auto* reopened = event.mutable_complaint_reopened();
    reopened->set_order_id("o");
    reopened->set_complaint_id(std::string(complaint));
    reopened->set_by(pb::Actor::BUYER);
    return event;
  }
  pb::Event& Filed(std::string_view id, std::string_view at) {
    return Tell(build::Filed("o", id, "b", 1, At(at)));
  }
  pb::Event& Accepted(std::string_view id, std::string_view at) {
    pb::Event& event = Tell(Event(At(at)));
    event.mutable_return_accepted()->set_order_id("o");
    event.mutable_return_accepted()->set_return_id(std::string(id));
    return event;
  }
  pb::Event& Rejected(std::string_view id, std::string_view at) {
    return Tell(build::Rejected("o", id, At(at)));
  }
  pb::Event& Closed(std::string_view id, std::string_view at) {
    pb::Event& event = Tell(Event(At(at)));
    event.mutable_return_closed()->set_order_id("o");
    event.mutable_return_closed()->set_return_id(std::string(id));
    return event;
  }
  pb::Event& Refunded(std::string_view return_id, std::string_view at,
                      pb::RefundKind::Value kind = pb::RefundKind::ORDER) {
    pb::Event& event =
        Tell(build::Refunded("o", "refund" + std::to_string(events_.size()), 100, At(at)));
    event.mutable_refund_issued()->set_return_id(std::string(return_id));
    event.mutable_refund_issued()->set_kind(kind);
    return event;
  }

  const std::vector<pb::Event>& events() const { return events_; }

  // The row of the facts told, each accepted, at offsets 0, 1, ...; REQUIRES: the placing is first.
  OrderRow Row() const {
    OrderRow row;
    for (size_t i = 0; i < events_.size(); ++i) {
      const View view(events_[i]);
      const Fact fact = view.fact(static_cast<int64_t>(i), *view.view.occurred_at);
      if (i == 0) {
        row.Place(fact);
      } else {
        row.Append(fact, row.FindAct(fact));
      }
    }
    return row;
  }

 private:
  pb::Event& Tell(pb::Event event) { return events_.emplace_back(std::move(event)); }

  std::vector<pb::Event> events_;
};

}  // namespace flywheel::build

#endif  // FLYWHEEL_TESTS_PROJECTIONS_ORDER_STORY_H_
