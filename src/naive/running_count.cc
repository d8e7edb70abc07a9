#include "naive/running_count.h"

namespace flywheel::naive {

// Brings the sums up to whether the thing counts at at_.
void RunningCount::Count(Thing& thing) {
  const bool counts = thing.from <= at_ && at_ < thing.until;
  if (counts == thing.counted) return;
  thing.counted = counts;
  all_ += counts ? 1 : -1;
  if (thing.good) good_ += counts ? 1 : -1;
}

void RunningCount::Put(const std::string& id, int64_t from, int64_t until, bool good) {
  Remove(id);
  Thing& thing = things_[id] = {from, until, good, false};
  Count(thing);
  for (const int64_t edge : {from, until}) {
    if (edge > at_) edges_.emplace(edge, id);
  }
}

void RunningCount::Remove(const std::string& id) {
  const auto found = things_.find(id);
  if (found == things_.end()) return;
  const Thing& thing = found->second;
  edges_.erase({thing.from, id});
  edges_.erase({thing.until, id});
  if (thing.counted) --all_;
  if (thing.counted && thing.good) --good_;
  things_.erase(found);
}

void RunningCount::MoveTo(int64_t at) {
  at_ = at;
  while (!edges_.empty() && edges_.begin()->first <= at_) {
    Thing& thing = things_.at(edges_.begin()->second);
    edges_.erase(edges_.begin());
    const bool counted = thing.counted;
    Count(thing);
    if (!counted && thing.counted) last_began_ = thing.from;
  }
}

std::optional<int64_t> RunningCount::Next() const {
  if (edges_.empty()) return std::nullopt;
  return edges_.begin()->first;
}

}  // namespace flywheel::naive
