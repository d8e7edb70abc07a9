#include "query/event_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/status.h"
#include "events/publish_outcome_json.h"
#include "query/event_body.h"
#include "query/http/http_problem.h"
#include "query/log_position.h"

namespace flywheel {
namespace {

// When a client should try again that the log has taken nothing from.
constexpr int kRetrySeconds = 5;

constexpr std::string_view kLinesType = "application/x-ndjson";

}  // namespace

// One request: its events, and what became of those that are through.
class EventDoor::Posting {
 public:
  Posting(EventBody body, HttpDeferred answer)
      : body_(std::move(body)), answer_(std::move(answer)) {}

  EventBody& body() { return body_; }

  // What the log has reported; nothing else touches the posting meanwhile.
  void Report(std::vector<PublishOutcome> outcomes) { reported_ = std::move(outcomes); }

  // Takes in what was reported. False: the log did not take all of it.
  bool TakeIn(EventDoorCounts& counts) {
    for (const PublishOutcome& outcome : reported_) Add(outcome, counts);
    reported_.clear();
    return counts_.not_published == 0;
  }

  // Says of what is left that it was not tried.
  void GiveUpRest(EventDoorCounts& counts) {
    std::vector<OfferedEvent> batch;
    for (body_.NextBatch(&batch); !batch.empty(); body_.NextBatch(&batch)) {
      for (const OfferedEvent& offered : batch) {
        PublishOutcome outcome;
        outcome.number = offered.number;
        outcome.error =
            absl::UnavailableError("not tried, since the log did not take a line before");
        Add(outcome, counts);
      }
    }
  }

  void Answer() {
    HttpResponse response;
    if (counts_.accepted > 0 || counts_.offered == 0) {
      response.status = counts_.accepted == counts_.offered ? 200 : 207;
      response.content_type = kLinesType;
      response.body = std::move(lines_);
      if (!position_.empty()) response.AddHeader("Flywheel-Position", position_.Format());
    } else if (counts_.not_published > 0) {
      response = RetryLater({503, "LOG_TOOK_NONE", first_error_}, kRetrySeconds, Outcomes());
    } else {
      response =
          ProblemResponse({422, "EVENTS_REFUSED", "intake took none of the events"}, Outcomes());
    }
    answer_.Answer(std::move(response));
  }

 private:
  void Add(const PublishOutcome& outcome, EventDoorCounts& counts) {
    counts_.Count(outcome);
    switch (outcome.kind) {
      case PublishOutcome::Kind::kAccepted:
        ++counts.accepted;
        position_.RaiseTo(outcome.place.partition, outcome.place.offset.Plus(1));
        break;
      case PublishOutcome::Kind::kRefused:
        ++counts.refused[static_cast<size_t>(outcome.refusal.code)];
        break;
      case PublishOutcome::Kind::kNotPublished:
        if (first_error_.empty()) first_error_ = MessageOf(outcome.error);
        ++counts.not_published;
        break;
    }
    lines_ += OutcomeLine(outcome, /*dry_run=*/false);
  }

  // The lines as an array.
  WriteMembers Outcomes() {
    lines_.pop_back();
    std::replace(lines_.begin(), lines_.end(), '\n', ',');
    return [this](JsonWriter& json) { json.Key("outcomes").BeginArray().Raw(lines_).EndArray(); };
  }

  EventBody body_;
  HttpDeferred answer_;
  std::vector<PublishOutcome> reported_;
  PublishCounts counts_;
  LogPosition position_;  // after what was accepted
  std::string lines_;
  std::string first_error_;
};

// Postings that want the thread. Concurrency: any thread.
class EventDoor::Queue {
 public:
  void PushNew(std::shared_ptr<Posting> posting) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (!closed_) postings_.push_back(std::move(posting));
    changed_.NotifyOne();
  }
  // What has begun goes first.
  void PushBegun(std::shared_ptr<Posting> posting) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (!closed_) postings_.push_front(std::move(posting));
    changed_.NotifyOne();
  }
  // Waits; nullptr: closed.
  std::shared_ptr<Posting> Pop() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (postings_.empty() && !closed_) changed_.Wait(&mutex_);
    if (closed_) return nullptr;
    std::shared_ptr<Posting> first = std::move(postings_.front());
    postings_.pop_front();
    return first;
  }
  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    std::deque<std::shared_ptr<Posting>> given_up;
    MutexLock lock(&mutex_);
    closed_ = true;
    given_up.swap(postings_);
    changed_.NotifyOne();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Posting>> postings_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

EventDoor::EventDoor(EventLog* log, Publisher::PolicySource policies,
                     std::function<Instant()> wall_clock)
    : policies_(std::move(policies)),
      publisher_(
          log, [this] { return LastPolicies(); }, std::move(wall_clock)),
      queue_(std::make_shared<Queue>()),
      thread_([this] { Run(); }) {}

EventDoor::~EventDoor() {
  queue_->Close();
  thread_.join();
}

// What was taken with policies at hand must not find none when its turn comes.
std::shared_ptr<const PolicyBook> EventDoor::LastPolicies() {
  std::shared_ptr<const PolicyBook> now = policies_();
  MutexLock lock(&policies_mutex_);
  if (now != nullptr) last_policies_ = std::move(now);
  return last_policies_;
}

void EventDoor::Take(HttpRequest& request, HttpExchange& exchange) {
  const std::optional<EventBodyFormat> format = EventBodyFormatOf(request.Header("content-type"));
  if (!format) {
    return exchange.Answer(ProblemResponse(
        {415, "MEDIA_TYPE",
         "events come as application/x-ndjson, application/json or application/protobuf"}));
  }
  if (LastPolicies() == nullptr) {
    return exchange.Answer(
        RetryLater({503, "NOT_READY", "the policies are not known yet, by which events are taken"},
                   kRetrySeconds));
  }
  EventBody body(std::move(request.body), *format);
  if (body.TooManyLines()) {
    return exchange.Answer(ProblemResponse(
        {413, "TOO_MANY_LINES", fmt::format("at most {} lines are taken", kMaxEventBodyLines)}));
  }
  if (std::optional<HttpDeferred> answer = exchange.Defer()) {
    queue_->PushNew(std::make_shared<Posting>(std::move(body), *std::move(answer)));
  }
}

void EventDoor::Run() {
  while (std::shared_ptr<Posting> posting = queue_->Pop()) Advance(posting);
}

void EventDoor::Advance(const std::shared_ptr<Posting>& posting) {
  std::vector<OfferedEvent> batch;
  if (posting->TakeIn(counts_)) {
    posting->body().NextBatch(&batch);
  } else {
    posting->GiveUpRest(counts_);
  }
  if (batch.empty()) return posting->Answer();
  publisher_.PublishAsync(batch, [queue = queue_, posting](std::vector<PublishOutcome> outcomes) {
    posting->Report(std::move(outcomes));
    queue->PushBegun(posting);
  });
}

void EventDoor::WriteTo(MetricsText& text) const {
  text.Family("flywheel_events_accepted_total", MetricsText::Type::kCounter,
              "Events from requests that are in the log.");
  text.Sample({}, counts_.accepted.load());
  text.Family("flywheel_events_refused_total", MetricsText::Type::kCounter,
              "Events from requests that intake refused, by code.");
  for (size_t code = 1; code < counts_.refused.size(); ++code) {
    const int64_t count = counts_.refused[code].load();
    if (count > 0) text.Sample({{"code", NameOf(static_cast<RefusalCode>(code))}}, count);
  }
  text.Family("flywheel_events_not_published_total", MetricsText::Type::kCounter,
              "Events from requests that the log did not take.");
  text.Sample({}, counts_.not_published.load());
}

}  // namespace flywheel
