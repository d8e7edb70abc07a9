// JSON lines of events for the tests.
#ifndef FLYWHEEL_TESTS_APP_EVENTS_H_
#define FLYWHEEL_TESTS_APP_EVENTS_H_

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace flywheel {

// An event of seller "anna" in PL; each call gives another event_id.
inline std::string EventLine(std::string_view occurred_at, std::string_view payload,
                             std::string_view seller = "anna", std::string_view market = "PL") {
  static int number = 0;
  return fmt::format(
      R"({{"eventId":"0190b2c4-0000-7000-8000-{:012}","occurredAt":"{}","sellerId":"{}",)"
      R"("market":"{}","source":"test",{}}})"
      "\n",
      ++number, occurred_at, seller, market, payload);
}

inline std::string Placed(std::string_view order, std::string_view buyer) {
  return fmt::format(
      R"("orderPlaced":{{"orderId":"{}","buyerId":"{}","lines":[{{"lineId":"1","offerId":"o",)"
      R"("quantity":1,"unitPrice":{{"amountMinor":"1000","currency":"PLN"}}}}],)"
      R"("total":{{"amountMinor":"1000","currency":"PLN"}},"delivery":{{"method":"COURIER"}}}})",
      order, buyer);
}

inline std::string Reviewed(std::string_view order, std::string_view buyer, bool recommended,
                            int service = 0) {
  return fmt::format(
      R"("reviewPosted":{{"orderId":"{}","reviewId":"r-{}","buyerId":"{}","recommended":{},)"
      R"("rates":{{"service":{}}}}})",
      order, order, buyer, recommended, service);
}

inline std::string Answered(std::string_view order) {
  return fmt::format(R"("reviewAnswered":{{"orderId":"{}","reviewId":"r-{}","text":"thanks"}})",
                     order, order);
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_APP_EVENTS_H_
