// What every question over HTTP goes through: which views it is answered from, how late they are,
// who has those that are not here, and on which thread it is answered.
#ifndef FLYWHEEL_QUERY_QUESTION_FRAME_H_
#define FLYWHEEL_QUERY_QUESTION_FRAME_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json_writer.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "query/answer_cache.h"
#include "query/http/http_exchange.h"
#include "query/http/http_message.h"
#include "query/http/http_routes.h"
#include "query/position_waiters.h"
#include "query/question_parameters.h"
#include "query/service.h"
#include "query/work_queue.h"

namespace flywheel {

// What a question is answered from.
struct QuestionViews {
  CellViews views;  // by partition; of those that are not needed what is at hand
  Instant wall;
  AnswerCache* answers = nullptr;  // none: every answer is made

  // The instant that the question asks for. Errors: those of the rows.
  absl::StatusOr<Instant> AsOf(const QuestionTime& time) const;
};

// An answer as it was made from the views.
struct MadeAnswer {
  HttpResponse response;
  // It may be given again for an instant up to this one while the rows stay as they are; nullopt:
  // it may not.
  std::optional<Instant> holds_until;
};

// The answer to a question about one seller, as it was given before where that still holds, else
// made by `make`. Its body holds no other instant of the question than as "asOf". Errors: those of
// `make`.
absl::StatusOr<HttpResponse> AnswerOnce(const QuestionViews& views, const CachedQuestion& question,
                                        const QuestionTime& time, Instant as_of,
                                        absl::FunctionRef<absl::StatusOr<MadeAnswer>()> make);

// What a door has made of a request.
struct Question {
  QuestionTime time;
  // Those that the answer comes from, rising, each once; at least one.
  std::vector<Partition> partitions;
  // Whether evaluating may keep a thread busy, or waits for a disk.
  bool takes_long = false;
  // Evaluates; on an I/O thread, or one for what takes long. Needs nothing of the request. Errors:
  // those of the rows and of the log.
  std::function<absl::StatusOr<HttpResponse>(const QuestionViews&)> answer;
};

struct QuestionFrameOptions {
  // How long a question waits for its min_position, and how many may wait, from 1.
  std::chrono::milliseconds position_wait{10'000};
  size_t max_waiting_positions = 1024;
  // Of answers that are kept to be given again; 0: none are.
  size_t answer_cache_bytes = kMaxAnswerCacheBytes;
};

// Operation: an answer's header says how late it may be: Flywheel-Position, the place of the first
// record that is not in it for each partition that it comes from; Flywheel-Lag-Events,
// Flywheel-Lag-Seconds and Flywheel-Fresh-At. What takes long goes through the work queue. A
// question whose min_position is not reached waits without a thread.
//
// Answers besides the question's own: 307, another node owns the one partition (its address as
// "owner" and in Location); 421, some of several partitions are another node's; 429 with
// Retry-After, as many questions wait as may; 503 with Retry-After: a partition is being restored,
// has stopped, or nobody is known to own it, or the position was not reached in time.
//
// Concurrency: any thread. The service and the queue must outlive it and the requests.
class QuestionFrame {
 public:
  QuestionFrame(const QueryService* service, WorkQueue* work, const QuestionFrameOptions& options);

  AnswerCache& answers() { return answers_; }

  // A question that is asked again and again; nullptr: it makes no sense, which Take answers. The
  // frame must outlive it.
  std::shared_ptr<const HttpPrepared> Prepare(const HttpRequest& request,
                                              absl::StatusOr<Question> asked);

  // An error is InvalidArgument, which names the parameter: 400.
  void Take(const HttpRequest& request, HttpExchange& exchange, absl::StatusOr<Question> asked);

  // Questions that wait for a position.
  size_t waiting() const { return waiters_.waiting(); }

 private:
  struct Collected;
  struct Waiting;
  class Prepared;

  void TakeChecked(const std::shared_ptr<const Question>& question, std::string_view target,
                   HttpExchange& exchange);

  // The views that the question needs, and how fresh they are; else the answer that says why they
  // are not at hand.
  std::optional<HttpResponse> Collect(const Question& question, std::string_view target,
                                      Collected* collected) const;
  HttpResponse Elsewhere(std::string_view target, Partition partition) const;
  HttpResponse NotAllAtHand(const std::vector<Partition>& missing) const;
  HttpResponse NotThereYet(const Question& question, const Collected& collected) const;

  // Now, or through the work queue.
  void Evaluate(std::shared_ptr<const Question> question, Collected collected,
                const std::shared_ptr<HttpDeferred>& answer);
  void WaitForPosition(std::shared_ptr<Waiting> waiting);
  void GoOn(const std::shared_ptr<Waiting>& waiting);

  const QueryService* const service_;
  WorkQueue* const work_;
  const std::chrono::milliseconds position_wait_;
  mutable AnswerCache answers_;
  PositionWaiters waiters_;
};

// The partition of a seller; of "*" all.
std::vector<Partition> PartitionsOf(std::string_view seller, const QueryService& service);

// 404: the seller has no row in the market.
HttpResponse NoSuchRow(std::string_view seller, std::string_view market, Instant as_of);
// Lists come in pages of so many.
inline constexpr int64_t kMaxPage = 1000;
inline constexpr int64_t kDefaultPage = 100;

// A line of JSON as a value within another.
void WriteLine(std::string_view line, JsonWriter* json);
// An answer of one row, a line of JSON.
HttpResponse RowAnswer(std::string line);
// An answer of several rows, each a line of JSON: {"rows":[...]}.
HttpResponse RowsAnswer(const std::vector<std::string>& lines);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUESTION_FRAME_H_
