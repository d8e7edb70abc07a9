// The parameters of a question: read one by one, each wrong one named; and those that every
// question may have.
#ifndef FLYWHEEL_QUERY_QUESTION_PARAMETERS_H_
#define FLYWHEEL_QUERY_QUESTION_PARAMETERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "projections/views/cell_reading.h"
#include "query/http/http_message.h"
#include "query/log_position.h"
#include "query/query_clock.h"

namespace flywheel {

// Operation: each call takes the parameter of its name where it is given and leaves *into alone
// where it is not. Finish tells the first thing that is wrong: InvalidArgument that begins with the
// parameter's name; also of one that is given twice, and of one that nothing has asked for.
//
// Concurrency: not thread-safe. The parameters must outlive it.
class ParameterReader {
 public:
  explicit ParameterReader(const std::vector<HttpParameter>& parameters);

  void Text(std::string_view name, std::string* into);
  void Time(std::string_view name, std::optional<Instant>* into);
  // "true" and "" are true, "false" is not.
  void Flag(std::string_view name, bool* into);
  // A whole number from `least` to `most`.
  void Number(std::string_view name, int64_t least, int64_t most, std::optional<int64_t>* into);
  void Position(std::string_view name, int32_t partitions, std::optional<LogPosition>* into);
  // One of the names, as what stands beside it.
  template <class Value, class Into>
  void OneOf(std::string_view name, absl::Span<const std::pair<std::string_view, Value>> choices,
             Into* into) {
    Take(name, [&](std::string_view value) {
      std::string names;
      for (const auto& [choice, means] : choices) {
        if (value == choice) {
          *into = means;
          return absl::OkStatus();
        }
        names.append(names.empty() ? "" : ", ").append(choice);
      }
      return NoneOf(value, names);
    });
  }
  // `read` says what is wrong with the value.
  void Take(std::string_view name, absl::FunctionRef<absl::Status(std::string_view value)> read);

  absl::Status Finish();

 private:
  static absl::Status NoneOf(std::string_view value, std::string_view names);

  const std::vector<HttpParameter>& parameters_;
  std::vector<bool> taken_;
  std::vector<std::string_view> names_;
  absl::Status first_;
};

// As of when, and from which part of the log, a question is to be answered.
struct QuestionTime {
  std::optional<Instant> as_of;
  std::optional<Instant> known_at;
  QueryClock clock = QueryClock::kDefault;
  // What the answer must contain at least.
  std::optional<LogPosition> min_position;
  // Where the log is taken to end.
  std::optional<LogPosition> at_position;

  // Whether rows are evaluated one by one.
  bool is_past() const { return as_of || known_at || at_position; }
  // at_position as readers take it; empty where there is none.
  std::map<Partition, Offset> before() const {
    return at_position ? at_position->places() : std::map<Partition, Offset>();
  }
  // What the answer must contain of the partition; nullopt: whatever there is.
  std::optional<Offset> MustHold(Partition partition) const;
  // InvalidArgument: what is given does not go together, or at_position lacks a partition.
  absl::Status Check(const std::vector<Partition>& needed) const;
};
// What these are called, in a target or in a body.
struct TimeNames {
  std::string_view as_of = "as_of";
  std::string_view known_at = "known_at";
  std::string_view clock = "clock";
  std::string_view min_position = "min_position";
  std::string_view at_position = "at_position";
};
inline constexpr TimeNames kTimeMembers = {"asOf", "knownAt", "clock", "minPosition", "atPosition"};

// What a reader of rows is to answer: at the instant, from the part of the log that the question
// names. Query has `as_of` and `known_at`, and `before` where its answer can be cut by places.
template <class Query>
Query QueryAt(Instant as_of, const QuestionTime& time) {
  Query query;
  query.as_of = as_of;
  query.known_at = time.known_at;
  if constexpr (requires { query.before; }) query.before = time.before();
  return query;
}

// A question for the figure of one seller (or "*") in one market (or all), with its history or
// without.
struct FigureAsked {
  std::string seller;
  std::string market{kAll};
  bool history = false;
  QuestionTime time;
};
// The seller is the request's first path value. InvalidArgument as ParameterReader::Finish.
absl::StatusOr<FigureAsked> ReadFigure(const HttpRequest& request, int32_t partitions);

void ReadTime(ParameterReader& parameters, int32_t partitions, QuestionTime* time,
              const TimeNames& names = {});

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUESTION_PARAMETERS_H_
