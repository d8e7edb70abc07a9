// The port to what a node has at hand: cells, the log, and what is known of the other nodes.
#ifndef FLYWHEEL_QUERY_SERVICE_H_
#define FLYWHEEL_QUERY_SERVICE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/policy.h"
#include "projections/cell/cell_view.h"

namespace flywheel {

// What a node does with a partition.
struct CellStatus {
  enum class State : uint8_t {
    kAbsent,     // another node's, or nobody's
    kRestoring,  // opened, or folding what is not folded yet; will serve
    kServing,
    kStopped,  // an error ended it; `sentence` says which
  };
  State state = State::kAbsent;
  std::string sentence;  // for a person; may be empty
};

// "serving".
constexpr std::string_view NameOf(CellStatus::State state) {
  switch (state) {
    case CellStatus::State::kAbsent:
      return "absent";
    case CellStatus::State::kRestoring:
      return "restoring";
    case CellStatus::State::kServing:
      return "serving";
    case CellStatus::State::kStopped:
      return "stopped";
  }
  return "";
}

// How far a cell that serves is behind the log.
struct Freshness {
  Offset end;  // of the log, as far as it is known
  int64_t lag_events = 0;
  absl::Duration lag;
  Instant fresh_at;  // when the view was last at the log's end
};

// Concurrency: any thread. Nothing but log() may block: these are called on I/O threads.
class QueryService {
 public:
  virtual ~QueryService() = default;

  virtual int32_t partitions() const = 0;

  // The view to answer from. nullptr: this node cannot answer for the partition now; StateOf and
  // OwnerOf say why and who can. A partial state is never given.
  virtual std::shared_ptr<const CellView> View(Partition partition) const = 0;
  virtual CellStatus StateOf(Partition partition) const = 0;
  // Says something where the partition has a view. A view that is asked for afterwards is at least
  // as fresh.
  virtual Freshness FreshnessOf(Partition partition) const = 0;
  // "http://host:port" of the node that owns the partition, this one's address where it does;
  // nullopt: not known.
  virtual std::optional<std::string> OwnerOf(Partition partition) const = 0;

  // What intake validates with; nullptr while no cell serves.
  virtual std::shared_ptr<const PolicyBook> policies() const = 0;
  virtual EventLog& log() = 0;
  virtual Instant Now() const = 0;

  // Whether every partition that the node is to serve is served; else *why says what is not.
  virtual bool Ready(std::string* why) const = 0;
  virtual std::string node_id() const = 0;
  // "http://host:port" under which others reach this node.
  virtual std::string address() const = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SERVICE_H_
