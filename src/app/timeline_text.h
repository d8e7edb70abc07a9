// An order's timeline for a person.
#ifndef FLYWHEEL_APP_TIMELINE_TEXT_H_
#define FLYWHEEL_APP_TIMELINE_TEXT_H_

#include <string>

#include "flywheel/events/v1/event.pb.h"
#include "projections/views/order_timeline.h"

namespace flywheel {

// "10.00 PLN": the digits that the currency has after the point.
std::string MoneyText(const events::v1::Money& money);
// What the event says, in one line without the texts: "complaint c1 opened: NOT_AS_DESCRIBED, wants
// REFUND".
std::string SentenceOf(const events::v1::Event& event);
// The words in it, in the order of its fields, joined by " / "; line ends become blanks.
std::string WordsOf(const events::v1::Event& event);

// The whole: the order, its entries with the words below each, what is due.
std::string TimelineText(const OrderTimeline& timeline);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_TIMELINE_TEXT_H_
