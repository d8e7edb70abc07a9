// The public Olist data set (orders of a Brazilian marketplace, 2016 to 2018) as events, after
// DOMAIN.md section 7. Where that is silent:
//   - a row that cannot be read (fields, dates, amounts, score, ids) is reported and skipped, and
//     the rest is read as if it were not there;
//   - of rows that say the same thing twice (an order, an order's item, a customer, a seller) the
//     first stands;
//   - an order whose customer is missing is skipped, with its items and reviews;
//   - the comment of a review is its title, an empty line and its message, or what there is of
//   them;
//   - the parcel's carrier is the order's, `olist`;
//   - event_id: SHA-256 over payload name, seller_id, the ids of order and thing where there are,
//     the name of the scan code, and milliseconds since 1970, each followed by a line feed;
//   - ids that are empty, over 80 bytes, or hold a control character or a colon are no ids (a colon
//     joins ids here);
//   - the envelope's actor: the buyer places, pays and reviews, the seller registers, sends and
//     answers, the carrier scans, the marketplace changes standings, the system cancels;
//   - the files of sellers and payments are read for the summary alone: nothing on them becomes an
//     event (a payment's instant is the order's approval).
#ifndef FLYWHEEL_SOURCES_OLIST_H_
#define FLYWHEEL_SOURCES_OLIST_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sources/event_sink.h"

namespace flywheel {

// What became of the rows of one file. Every row is counted once, in `published` or in `skipped`.
struct OlistFileSummary {
  std::string file;      // its name without the folder
  bool present = false;  // sellers and payments may be absent
  int64_t rows = 0;      // without the header
  // By what the row became, e.g. "one order", "an order for each seller".
  std::map<std::string, int64_t, std::less<>> published;
  // By reason, e.g. "no items".
  std::map<std::string, int64_t, std::less<>> skipped;
};

// A row that could not be read.
struct OlistRowProblem {
  std::string file;
  int64_t line = 0;
  std::string sentence;
};

// What an import did, accounted for to the last row.
struct OlistSummary {
  // At most this many problems are kept one by one; all are counted in their file's `skipped`.
  static constexpr size_t kMaxProblems = 1000;

  std::vector<OlistFileSummary> files;  // orders, items, reviews, customers, sellers, payments
  std::map<std::string, int64_t, std::less<>> events;  // by payload, e.g. "OrderPlaced"
  int64_t orders = 0;                                  // ours: one for each order and seller
  int64_t lines = 0;                                   // of OrderPlaced events
  int64_t sellers = 0;                                 // that sold something
  std::vector<OlistRowProblem> problems;

  int64_t EventCount() const;
  // Internal where the sums do not add up: rows of each file, and events against what the files'
  // rows became. ImportOlist has checked it.
  absl::Status CheckSums() const;
  // For a person: a line for each count, the problems last.
  std::string ToText() const;
};

// An amount of the files in centavos, exactly: "99.9" is 9990. InvalidArgument for anything but
// digits with at most two decimals, and for more than 10^15 centavos.
absl::StatusOr<int64_t> ParseCentavos(std::string_view text);

// Reads the files in `directory` and hands the events to the sink by time, equal times as DOMAIN.md
// orders them. `*summary` is filled when the result is OK. The same files give the same events.
//
// Errors: NotFound (a file other than sellers and payments is missing), Unavailable (disk),
// InvalidArgument (a column is missing), whatever the sink returns, which ends the import.
// Limits: fields of 64 KiB, ids of 80 bytes; memory holds the files' needed columns, about 2 KB an
// order.
absl::Status ImportOlist(const std::string& directory, EventSink sink, OlistSummary* summary);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_OLIST_H_
