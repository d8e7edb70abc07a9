// A count of things that count from one instant on, until another.
#ifndef FLYWHEEL_NAIVE_RUNNING_COUNT_H_
#define FLYWHEEL_NAIVE_RUNNING_COUNT_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace flywheel::naive {

// A thing counts at t when from <= t < until.
class RunningCount {
 public:
  // Replaces the thing of that id.
  void Put(const std::string& id, int64_t from, int64_t until, bool good);
  void Remove(const std::string& id);

  // REQUIRES: not before any earlier instant.
  void MoveTo(int64_t at);

  // At the instant that was moved to last.
  int64_t all() const { return all_; }
  int64_t good() const { return good_; }
  // Whether something began to count at that very instant.
  bool BeganNow() const { return last_began_ == at_; }

  // The next instant at which something begins or ends to count.
  std::optional<int64_t> Next() const;

 private:
  struct Thing {
    int64_t from = 0;
    int64_t until = 0;
    bool good = false;
    bool counted = false;
  };
  void Count(Thing& thing);

  int64_t at_ = std::numeric_limits<int64_t>::min();
  std::optional<int64_t> last_began_;
  int64_t all_ = 0;
  int64_t good_ = 0;
  std::map<std::string, Thing> things_;
  std::set<std::pair<int64_t, std::string>> edges_;  // after at_: (from or until, id)
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_RUNNING_COUNT_H_
