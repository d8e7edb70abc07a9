// Holds what an engine has against what was acknowledged, and against its naive twin.
#ifndef FLYWHEEL_TESTS_ENDURANCE_JUDGE_H_
#define FLYWHEEL_TESTS_ENDURANCE_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "endurance/event_pool.h"
#include "endurance/findings.h"
#include "endurance/outside_list.h"
#include "integration/data_folder.h"

namespace flywheel {

// What lies in a log: its events and how often each came.
struct LoggedRecords {
  std::map<OutsidePlace, std::string> events;  // serialized, without their stamps
  std::map<std::string, size_t> times;         // by event id
  size_t resubmitted = 0;
  size_t records = 0;
};
// Reads all of it. Throws std::runtime_error where it cannot be read to its end.
LoggedRecords ReadLog(const DataFolder& folder);

// The events of the inbox that are not in the log (yet).
size_t MissingOfInbox(const LoggedRecords& log, const Acknowledged& acknowledged,
                      const EventPool& pool);

// Operation: each check adds what it finds. REQUIRES: nothing publishes or serves meanwhile.
//
// Concurrency: one thread.
class Judge {
 public:
  Judge(const EventPool* pool, Findings* findings) : pool_(*pool), findings_(*findings) {}

  // Every acknowledged event stands where it was told, as it was published; what the inbox took is
  // somewhere; nothing is there that nobody published.
  void CheckEvents(const LoggedRecords& log, const Acknowledged& acknowledged);
  // Each act of the log counts at most once in the rows of the folder; they are folded to its end.
  void CheckCounts(const DataFolder& folder, const LoggedRecords& log);
  // The versions hold on every partition, the entries are closed.
  void CheckActs(const DataFolder& folder, const Acknowledged& acknowledged);

  enum class Rows : uint8_t { kRight, kUnreadable, kWrong };
  // The naive twin has the same answers. `may_be_damaged`: rows that cannot be read are no finding.
  // `digest` gets that of the rows.
  Rows CheckTwin(const DataFolder& folder, bool may_be_damaged, std::string* digest);

 private:
  const EventPool& pool_;
  Findings& findings_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_JUDGE_H_
