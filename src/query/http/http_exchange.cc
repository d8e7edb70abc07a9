#include "query/http/http_exchange.h"

#include "base/status.h"
#include "query/http/http_problem.h"

namespace flywheel {

HttpDeferred::~HttpDeferred() {
  if (deliver_) {
    Answer(ProblemResponse({500, "INTERNAL", "the request was given up without an answer"}));
  }
}

void HttpDeferred::Answer(HttpResponse response) {
  FLYWHEEL_CHECK(deliver_ != nullptr, "a request is answered once");
  std::exchange(deliver_, nullptr)(std::move(response));
}

}  // namespace flywheel
