// How a handler answers: at once, or later from any thread.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_EXCHANGE_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_EXCHANGE_H_

#include <functional>
#include <optional>
#include <utility>

#include "query/http/http_message.h"

namespace flywheel {

// An answer that is still owed. Dropped without one it answers 500, so no client waits for what
// will not come.
//
// Concurrency: one thread at a time, any thread. It may outlive the server; the answer then goes
// nowhere.
class HttpDeferred {
 public:
  using Deliver = std::function<void(HttpResponse)>;

  explicit HttpDeferred(Deliver deliver) : deliver_(std::move(deliver)) {}
  ~HttpDeferred();
  HttpDeferred(HttpDeferred&& other) noexcept : deliver_(std::exchange(other.deliver_, nullptr)) {}
  HttpDeferred& operator=(HttpDeferred&&) = delete;
  HttpDeferred(const HttpDeferred&) = delete;
  HttpDeferred& operator=(const HttpDeferred&) = delete;

  // REQUIRES: not answered yet.
  void Answer(HttpResponse response);

 private:
  Deliver deliver_;  // none: answered, or moved away
};

// Concurrency: the thread that runs the handler, until the handler returns.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // Exactly one of the two, once.
  virtual void Answer(const HttpResponse& response) = 0;
  // For an answer that comes later. nullopt: the server owes as many answers as it may, and has
  // answered 429.
  virtual std::optional<HttpDeferred> Defer() = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_EXCHANGE_H_
