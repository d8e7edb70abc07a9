#include "query/http_doors.h"

#include <utility>

#include "base/status.h"
#include "query/event_body.h"
#include "query/node_door.h"
#include "query/quarantine_door.h"
#include "query/queue_door.h"
#include "query/rating_door.h"
#include "query/search_door.h"
#include "query/sellers_door.h"
#include "query/sla_door.h"
#include "query/smart_door.h"
#include "query/timeline_door.h"

namespace flywheel {

HttpDoors::HttpDoors(QueryService* service, const HttpDoorsOptions& options)
    : service_(service),
      events_(
          &service->log(), [service] { return service->policies(); },
          [service] { return service->Now(); }),
      work_(options.work_threads, options.max_waiting_work),
      questions_(service, &work_, options.questions),
      routes_(MakeRoutes()),
      http_metrics_(*routes_) {
  AddMetrics();
}

HttpDoors::~HttpDoors() = default;

absl::StatusOr<std::unique_ptr<HttpDoors>> HttpDoors::Start(QueryService* service,
                                                            const HttpDoorsOptions& options) {
  if (options.work_threads < 1 || options.work_threads > 64 || options.max_waiting_work < 1 ||
      options.questions.max_waiting_positions < 1) {
    return absl::InvalidArgumentError(
        "the options of the HTTP doors: 1 to 64 threads for long questions, and room for one; room "
        "for one that waits for a position");
  }
  std::unique_ptr<HttpDoors> doors(new HttpDoors(service, options));
  ASSIGN_OR_RETURN(doors->server_,
                   HttpServer::Start(options.server, doors->routes_, &doors->http_metrics_));
  // Only now is there a server to ask.
  doors->metrics_.Add([server = doors->server_.get()](MetricsText& text) {
    HttpMetrics::WriteState(server->state(), text);
  });
  return doors;
}

std::shared_ptr<const HttpRoutes> HttpDoors::MakeRoutes() {
  auto routes = std::make_shared<HttpRoutes>();
  const auto get = [&](std::string pattern, std::function<HttpResponse()> answer) {
    routes->Add({HttpMethod::kGet, std::move(pattern), 0,
                 [answer = std::move(answer)](HttpRequest&, HttpExchange& exchange) {
                   exchange.Answer(answer());
                 },
                 /*urgent=*/true});
  };
  // A door makes a question of a request; it throws nothing and waits for nothing.
  using Door = absl::StatusOr<Question> (*)(QueryService&, const HttpRequest&);
  const auto question = [&](HttpMethod method, std::string pattern, size_t max_body, Door door) {
    routes->Add({method, std::move(pattern), max_body,
                 [this, door](HttpRequest& request, HttpExchange& exchange) {
                   questions_.Take(request, exchange, door(*service_, request));
                 },
                 /*urgent=*/false,
                 [this, door](const HttpRequest& request) {
                   return questions_.Prepare(request, door(*service_, request));
                 }});
  };
  const auto ask = [&](std::string pattern, Door door) {
    question(HttpMethod::kGet, std::move(pattern), 0, door);
  };
  ask("/v1/sellers/{id}/rating", RatingQuestion);
  ask("/v1/sellers/{id}/smart", SmartQuestion);
  ask("/v1/sellers/{id}/sla", SlaQuestion);
  ask("/v1/sla", SlaQuestion);
  ask("/v1/queue", QueueQuestion);
  ask("/v1/orders/{id}/timeline", TimelineQuestion);
  ask("/v1/quarantine", QuarantineQuestion);
  ask("/v1/quarantine/{place}", QuarantineEntryQuestion);
  ask("/v1/search", SearchQuestion);
  question(HttpMethod::kPost, "/v1/sellers:query", kMaxSellersBodyBytes, SellersQuestion);
  routes->Add(
      {HttpMethod::kPost, "/v1/events", kMaxEventBodyBytes,
       [this](HttpRequest& request, HttpExchange& exchange) { events_.Take(request, exchange); }});
  get("/v1/node", [this] { return NodeAnswer(*service_); });
  get("/livez", [] { return LiveAnswer(); });
  get("/readyz", [this] { return ReadyAnswer(*service_); });
  get("/metrics", [this] {
    HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_.Text();
    return response;
  });
  return routes;
}

void HttpDoors::AddMetrics() {
  metrics_.Add([this](MetricsText& text) { http_metrics_.WriteTo(text); });
  metrics_.Add([this](MetricsText& text) { events_.WriteTo(text); });
  metrics_.Add([this](MetricsText& text) { WriteCells(*service_, text); });
  metrics_.Add([this](MetricsText& text) {
    text.Family("flywheel_work_waiting", MetricsText::Type::kGauge,
                "Questions that take long and wait for their turn.");
    text.Sample({}, static_cast<int64_t>(work_.waiting()));
    text.Family("flywheel_positions_waiting", MetricsText::Type::kGauge,
                "Questions that wait until the rows hold their min_position.");
    text.Sample({}, static_cast<int64_t>(questions_.waiting()));
    const AnswerCache::State answers = questions_.answers().state();
    text.Family("flywheel_answers_total", MetricsText::Type::kCounter,
                "Answers that may be kept: found among those given before, or made.");
    text.Sample({{"from", "cache"}}, static_cast<int64_t>(answers.found));
    text.Sample({{"from", "rows"}}, static_cast<int64_t>(answers.made));
    text.Family("flywheel_answer_cache_bytes", MetricsText::Type::kGauge,
                "Bytes of answers that are kept.");
    text.Sample({}, static_cast<int64_t>(answers.bytes));
  });
}

}  // namespace flywheel
