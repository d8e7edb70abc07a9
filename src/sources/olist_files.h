// The rows of the Olist files as values: the readable ones, with everything else counted.
#ifndef FLYWHEEL_SOURCES_OLIST_FILES_H_
#define FLYWHEEL_SOURCES_OLIST_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "sources/olist.h"

namespace flywheel {

struct OlistOrderRow {
  std::string order_id;
  std::string customer_id;
  bool cancelled = false;  // canceled or unavailable
  Instant purchase;
  std::optional<Instant> approved;
  std::optional<Instant> carrier;
  std::optional<Instant> customer;
  std::optional<Instant> estimated_end;  // end of the local day of the estimated date
};

struct OlistItemRow {
  std::string order_id;
  std::string item_id;
  std::string product_id;
  std::string seller_id;
  std::optional<Instant> shipping_limit;
  int64_t price = 0;    // centavos
  int64_t freight = 0;  // centavos
};

struct OlistReviewRow {
  std::string review_id;
  std::string order_id;
  int32_t score = 0;  // 1..5
  std::string comment;
  Instant creation;
  std::optional<Instant> answer;
};

struct OlistCustomerRow {
  std::string customer_id;
  std::string unique_id;
};

// The readable rows of all files, in the order of the files.
struct OlistFiles {
  std::vector<OlistOrderRow> orders;
  std::vector<OlistItemRow> items;
  std::vector<OlistReviewRow> reviews;
  std::vector<OlistCustomerRow> customers;
  std::vector<std::string> sellers;         // seller_id of each row
  std::vector<std::string> payment_orders;  // order_id of each row
};

// Index in OlistSummary::files.
enum class OlistFile : uint8_t { kOrders, kItems, kReviews, kCustomers, kSellers, kPayments };

// Reads all files. Each row read is counted in its file's summary; a row that is not readable is
// counted as skipped there and reported. Errors as ImportOlist.
absl::Status ReadOlistFiles(const std::string& directory, const TimeZone& zone, OlistFiles* files,
                            OlistSummary* summary);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_OLIST_FILES_H_
