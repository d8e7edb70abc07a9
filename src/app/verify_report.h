// Holding the engine's rows against the naive implementation of the same log.
#ifndef FLYWHEEL_APP_VERIFY_REPORT_H_
#define FLYWHEEL_APP_VERIFY_REPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/store/row_store.h"

namespace flywheel {

// The differences that were found; only the first are kept in words.
class Differences {
 public:
  static constexpr size_t kMaxKept = 20;

  void Add(std::string sentence) {
    ++count_;
    if (kept_.size() < kMaxKept) kept_.push_back(std::move(sentence));
  }
  uint64_t count() const { return count_; }
  const std::vector<std::string>& kept() const { return kept_; }

 private:
  uint64_t count_ = 0;
  std::vector<std::string> kept_;
};

// How an answer is asked for.
struct VerifyPoint {
  Instant as_of;
  std::optional<Instant> known_at;
};
// "as of ... known at ...", for a sentence about a difference.
std::string TextOf(const VerifyPoint& point);

struct VerifyOptions {
  // Empty: the log clock with all and with half of what is known, three instants before it and one
  // after it, all of them functions of the log.
  std::vector<VerifyPoint> points;
  // The daily history is compared of every row where there are at most so many sellers, else of as
  // many sellers, evenly chosen, and of the total.
  size_t sellers_with_history = 200;
  // Called now and then: what is done, how much of it, of how much (0: not known). May be empty.
  std::function<void(std::string_view phase, uint64_t done, uint64_t total)> progress;
};

// How many things of each kind were compared.
struct VerifyCounts {
  uint64_t records = 0;     // read from the log
  uint64_t partitions = 0;  // with their counts of records by outcome
  uint64_t orders = 0;
  uint64_t facts = 0;
  uint64_t sellers = 0;
  uint64_t standings = 0;
  uint64_t quarantine = 0;
  uint64_t ratings = 0;       // rows, each at each instant
  uint64_t history_rows = 0;  // days
  uint64_t sla = 0;           // rows, each at each instant
  uint64_t queued = 0;        // clocks that run, at each instant
  uint64_t smart = 0;         // rows with their announced changes, each at each instant

  uint64_t in_all() const {
    return partitions + orders + facts + sellers + standings + quarantine + ratings + history_rows +
           sla + queued + smart;
  }
};

struct VerifyReport {
  Differences differences;
  VerifyCounts counts;
  std::vector<VerifyPoint> points;  // those that were compared
  std::vector<RowsDigest> digests;  // by partition
  std::string digest;               // over those of the partitions
};

// Feeds the log, up to the position of each store, to the naive implementation, and compares all
// that both know: what became of the records; each order's version, accepted and waiting events;
// sellers and their standings; the quarantine; the rating and the SLA of every seller, market and
// total, the queue and Smart! at each point, both as what is stored gives them and evaluated from
// the rows.
//
// `stores` are those of all partitions, by partition, and must not be written meanwhile. Errors:
// those of the log and the stores; a row that cannot be decoded is one (DataLoss).
//
// Limits: holds every order and event of the log in memory, about 0.6 KB an event.
absl::StatusOr<VerifyReport> Verify(EventLog& log, const std::vector<const RowReader*>& stores,
                                    const VerifyOptions& options);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_REPORT_H_
