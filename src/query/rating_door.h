// GET /v1/sellers/{id}/rating: a seller's rating from the views that are at hand.
#ifndef FLYWHEEL_QUERY_RATING_DOOR_H_
#define FLYWHEEL_QUERY_RATING_DOOR_H_

#include <optional>
#include <string_view>

#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "query/http/http_exchange.h"
#include "query/http/http_message.h"
#include "query/service.h"
#include "query/work_queue.h"

namespace flywheel {

// Operation: the answer's body is the line of `flywheel query rating --json`. Its header says how
// late it may be: Flywheel-Position (PARTITION@OFFSET of the first record that is not in it),
// Flywheel-Lag-Events, Flywheel-Lag-Seconds and Flywheel-Fresh-At. What is answered from stored
// sums is answered at once, on the I/O thread; what is evaluated from rows (an instant or a
// knowledge in the past, "*" for all sellers) goes through the work queue.
//
// Answers besides 200: 400, a parameter; 404, no such row; 307, another node owns the partition
// (its address as "owner" and in Location); 421, "*" where partitions are another node's; 503 with
// Retry-After, the partition is being restored, has stopped, or nobody is known to own it, or the
// work queue is full; 500, the rows cannot be read.
//
// Concurrency: any thread. The service and the queue must outlive the requests.
class RatingDoor {
 public:
  RatingDoor(const QueryService* service, WorkQueue* work) : service_(service), work_(work) {}

  void Take(const HttpRequest& request, HttpExchange& exchange) const;

 private:
  struct Question;

  // Adds the views that the question needs, and how fresh they are; else gives the answer that says
  // why they are not at hand.
  std::optional<HttpResponse> Collect(const HttpRequest& request, Question* question) const;
  HttpResponse Elsewhere(std::string_view target, Partition partition) const;
  HttpResponse NotAllAtHand(const CellViews& views) const;

  // Evaluates. Needs no more than the question.
  static HttpResponse AnswerTo(const Question& question);

  const QueryService* service_;
  WorkQueue* work_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_RATING_DOOR_H_
