// A position token: how far into the log an answer reaches.
#ifndef FLYWHEEL_QUERY_LOG_POSITION_H_
#define FLYWHEEL_QUERY_LOG_POSITION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/strong.h"

namespace flywheel {

// For some partitions, the offset of the first record that is not meant. As text
// "0@12,3@7": places by commas, in rising partitions.
class LogPosition {
 public:
  // InvalidArgument: another form, or a partition beyond the log's.
  static absl::StatusOr<LogPosition> Parse(std::string_view text, int32_t partitions);
  std::string Format() const;

  // The partition's; nullopt: it is not named.
  std::optional<Offset> Of(Partition partition) const;
  // Keeps the later one where the partition is named already.
  void RaiseTo(Partition partition, Offset next);

  bool empty() const { return places_.empty(); }
  const std::map<Partition, Offset>& places() const { return places_; }

 private:
  std::map<Partition, Offset> places_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_LOG_POSITION_H_
