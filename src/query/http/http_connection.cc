#include "query/http/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "base/status.h"
#include "query/http/http_problem.h"

namespace flywheel {
namespace {

namespace net = boost::asio;
using Error = boost::system::error_code;

// Answers gather up to here before parsing waits for the client to take them.
constexpr size_t kMaxOutputBytes = size_t{64} << 10;
// A buffer that one large answer has made larger is not kept.
constexpr size_t kMaxKeptOutputBytes = size_t{256} << 10;
// What a client still sends after the last answer is read, so that the answer is not lost in the
// reset that closing would send; for so long, and so many bytes, at most.
constexpr std::chrono::seconds kLingerTimeout{2};
constexpr size_t kMaxLingerBytes = size_t{16} << 20;
// Reading with less room in the buffer is not worth its call.
constexpr size_t kMinReadBytes = 2048;

constexpr int kRetrySeconds = 1;

// The slot of a request whose answer is owed, and the memory of its body.
struct InFlight {
  InFlight(std::shared_ptr<HttpShared> of, std::shared_ptr<BodyReservation> held)
      : shared(std::move(of)), body(std::move(held)) {
    ++shared->requests_in_flight;
  }
  ~InFlight() { --shared->requests_in_flight; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  std::shared_ptr<HttpShared> shared;
  std::shared_ptr<BodyReservation> body;
};

SteadyTime Now() { return std::chrono::steady_clock::now(); }

// Made once: it is given when there is no time.
const HttpResponse& Overloaded() {
  static const HttpResponse response = RetryLater(
      {429, "OVERLOADED", "there is more to answer than can be answered in time; try again"},
      kRetrySeconds);
  return response;
}

bool EqualsIgnoreCase(std::string_view left, std::string_view right) {
  return absl::EqualsIgnoreCase({left.data(), left.size()}, {right.data(), right.size()});
}

}  // namespace

HttpConnection::HttpConnection(HttpLoop& loop, net::ip::tcp::socket socket, uint64_t id)
    : loop_(loop),
      options_(loop.shared().options),
      socket_(std::move(socket)),
      id_(id),
      input_(options_.max_header_bytes),
      reader_(options_.max_header_bytes) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::Start() {
  Error ignored;
  std::ignore = socket_.set_option(net::ip::tcp::no_delay(true), ignored);
  deadline_ = Now() + absl::ToChronoNanoseconds(options_.idle_timeout);
  Advance();
}

void HttpConnection::Refuse() {
  request_began_ = Now();
  ReplyAndClose(RetryLater(
      {429, "TOO_MANY_CONNECTIONS",
       fmt::format("at most {} connections are served at a time", options_.max_connections)},
      kRetrySeconds));
  Advance();
}

void HttpConnection::Read() {
  if (taken_ == filled_) {
    taken_ = filled_ = 0;
  } else if (input_.size() - filled_ < std::min(kMinReadBytes, taken_)) {
    std::memmove(input_.data(), input_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  reading_ = true;
  socket_.async_read_some(net::buffer(input_.data() + filled_, input_.size() - filled_),
                          [self = shared_from_this()](const Error& error, size_t bytes) {
                            self->OnRead(error, bytes);
                          });
}

void HttpConnection::OnRead(const Error& error, size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::kClosed) return;
  if (error == net::error::eof) {
    end_of_input_ = true;
  } else if (error) {
    return Close();
  }
  filled_ += bytes;
  loop_.NoteWork();
  if (phase_ == Phase::kLinger) {
    lingered_ += bytes;
    taken_ = filled_;
    if (end_of_input_ || lingered_ > kMaxLingerBytes) return Close();
  }
  Advance();
}

void HttpConnection::Advance() {
  while (phase_ < Phase::kAnswering && output_.size() < kMaxOutputBytes && ParseSome()) {
  }
  if (phase_ == Phase::kClosed) return;
  const bool waits_for_input = phase_ < Phase::kAnswering && output_.size() < kMaxOutputBytes;
  // Whatever has begun will not be completed any more.
  if (waits_for_input && end_of_input_) phase_ = Phase::kLast;
  if (!writing_ && !output_.empty()) Write();
  if (phase_ == Phase::kLast && !writing_) return FinishSending();
  if (!reading_ && output_.empty() && !end_of_input_ &&
      (phase_ < Phase::kAnswering || phase_ == Phase::kLinger)) {
    Read();
  }
}

// One step; false: it waits for more input.
bool HttpConnection::ParseSome() {
  if (phase_ == Phase::kIdle) {
    // RFC 9112, 2.2: an empty line before a request is let pass; one, however it comes.
    if (!empty_line_passed_ && input().substr(0, 2) == "\r\n") {
      taken_ += 2;
      empty_line_passed_ = true;
    }
    if (input().empty() || input() == "\r") return false;
    BeginRequest();
    if (TakeKnown()) return true;
  }
  if (input().empty()) return false;
  const size_t taken = reader_.Put(input());
  taken_ += taken;
  const RequestReader::State state = reader_.state();
  if (state == RequestReader::State::kFailed) {
    ReplyAndClose(ProblemResponse(reader_.problem()));
    return true;
  }
  if (state == RequestReader::State::kHeader) return taken > 0;
  if (phase_ == Phase::kHeader) {
    OnHeader();
    if (phase_ != Phase::kBody) return true;
  } else if (!ReserveBody()) {
    return true;
  }
  if (state == RequestReader::State::kDone) Handle();
  return taken > 0;
}

void HttpConnection::BeginRequest() {
  empty_line_passed_ = false;
  route_ = nullptr;
  prepared_ = nullptr;
  is_head_ = is_http_1_0_ = false;
  keep_alive_ = true;
  ++exchange_;
  phase_ = Phase::kHeader;
  request_began_ = Now();
  deadline_ = request_began_ + absl::ToChronoNanoseconds(options_.header_timeout);
}

bool HttpConnection::TakeKnown() {
  whole_header_ = KnownRequests::HeaderOf(input());
  if (const KnownRequest* known = loop_.known_requests().Find(whole_header_)) {
    taken_ += whole_header_.size();
    route_ = known->route;
    prepared_ = known->prepared;
    is_head_ = known->is_head;
    Handle();
    return true;
  }
  reader_.Begin();
  return false;
}

// What is made of the request is kept for those that are the same. The header was read in one
// piece, or it is not known where it was.
void HttpConnection::Learn(const HttpRequest& request) {
  if (!route_->prepare) return;
  prepared_ = route_->prepare(request);
  if (prepared_ == nullptr || whole_header_.empty() || !keep_alive_ || is_http_1_0_) return;
  loop_.known_requests().Learn(whole_header_, {route_, prepared_, is_head_});
}

void HttpConnection::OnHeader() {
  HttpRequest& request = reader_.request();
  const bool has_body = reader_.state() != RequestReader::State::kDone;
  is_head_ = request.method == HttpMethod::kHead;
  keep_alive_ = reader_.keep_alive();
  is_http_1_0_ = reader_.is_http_1_0();
  std::variant<const HttpRoute*, HttpResponse> found = loop_.shared().routes->Find(request);
  if (const auto* refusal = std::get_if<HttpResponse>(&found)) {
    return Reply(*refusal, /*close=*/has_body);
  }
  route_ = std::get<const HttpRoute*>(found);
  phase_ = Phase::kBody;
  if (!has_body) return Learn(request);
  deadline_ = Now() + absl::ToChronoNanoseconds(options_.body_timeout);
  reader_.LimitBody(route_->max_body_bytes);
  if (reader_.state() == RequestReader::State::kFailed) {
    return ReplyAndClose(ProblemResponse(reader_.problem()));
  }
  const std::string_view expected = request.Header("Expect");
  if (expected.empty() || reader_.is_http_1_0()) return;
  if (!EqualsIgnoreCase(expected, "100-continue")) {
    return ReplyAndClose(ProblemResponse(
        {417, "EXPECTATION_FAILED", "the only expectation known here is 100-continue"}));
  }
  if (input().empty()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

bool HttpConnection::ReserveBody() {
  const size_t bytes = reader_.request().body.size();
  if (bytes == 0) return true;
  if (body_ == nullptr) body_ = std::make_shared<BodyReservation>(loop_.shared_owner());
  if (body_->GrowTo(bytes)) return true;
  ReplyAndClose(RetryLater({429, "TOO_MANY_BYTES_IN_FLIGHT",
                            "the server holds as many bytes of requests as it may; try again"},
                           kRetrySeconds));
  return false;
}

void HttpConnection::Handle() {
  const SteadyTime now = body_ == nullptr ? request_began_ : Now();
  if (!route_->urgent && loop_.Refuses(now)) {
    ++loop_.shared().requests_refused;
    return Reply(Overloaded(), /*close=*/false);
  }
  answered_ = false;
  handling_ = true;
  if (prepared_ != nullptr) {
    prepared_->Handle(*this);
  } else {
    route_->handler(reader_.request(), *this);
  }
  handling_ = false;
  FLYWHEEL_CHECK(answered_, "a handler answers or defers");
}

void HttpConnection::Answer(const HttpResponse& response) {
  FLYWHEEL_CHECK(handling_ && !answered_, "a request is answered once, by its handler");
  answered_ = true;
  Reply(response, /*close=*/false);
}

std::optional<HttpDeferred> HttpConnection::Defer() {
  FLYWHEEL_CHECK(handling_ && !answered_, "a request is answered once, by its handler");
  answered_ = true;
  if (loop_.shared().requests_in_flight >= options_.max_requests_in_flight) {
    Reply(RetryLater({429, "TOO_MANY_REQUESTS_IN_FLIGHT",
                      fmt::format("{} requests wait for their answers already; try again",
                                  options_.max_requests_in_flight)},
                     kRetrySeconds),
          /*close=*/false);
    return std::nullopt;
  }
  phase_ = Phase::kAnswering;
  deadline_ = Now() + absl::ToChronoNanoseconds(options_.answer_timeout);
  return HttpDeferred(
      [mailbox = loop_.mailbox(), connection = id_, exchange = exchange_,
       in_flight = std::make_shared<InFlight>(loop_.shared_owner(), std::exchange(body_, nullptr))](
          HttpResponse response) mutable {
        in_flight.reset();  // before the client can know
        mailbox->Deliver(connection, exchange, std::move(response));
      });
}

void HttpConnection::Deliver(uint64_t exchange, const HttpResponse& response) {
  if (phase_ != Phase::kAnswering || exchange != exchange_) return;
  Reply(response, /*close=*/false);
  Advance();
}

void HttpConnection::Reply(const HttpResponse& response, bool close) {
  const bool keep_alive = !close && keep_alive_ && !loop_.shared().draining;
  AppendAnswer(response, keep_alive);
  if (!keep_alive) {
    phase_ = Phase::kLast;
  } else {
    phase_ = Phase::kIdle;
  }
}

void HttpConnection::ReplyAndClose(const HttpResponse& response) {
  AppendAnswer(response, /*keep_alive=*/false);
  phase_ = Phase::kLast;
}

void HttpConnection::AppendAnswer(const HttpResponse& response, bool keep_alive) {
  output_.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str());
  output_.append(" ").append(ReasonOf(response.status));
  output_.append("\r\nDate: ").append(loop_.date());
  if (!response.body.empty()) {
    output_.append("\r\nContent-Type: ").append(response.content_type);
  }
  output_.append("\r\nContent-Length: ").append(fmt::format_int(response.body.size()).c_str());
  output_.append("\r\n").append(response.header_lines);
  if (!keep_alive) {
    output_.append("Connection: close\r\n");
  } else if (is_http_1_0_) {
    output_.append("Connection: keep-alive\r\n");
  }
  output_.append("\r\n");
  if (!is_head_) output_.append(response.body);
  const SteadyTime now = Now();
  if (HttpObserver* observer = loop_.shared().observer; observer != nullptr) {
    observer->OnAnswer(route_, response.status, now - request_began_);
  }
  deadline_ = now + absl::ToChronoNanoseconds(options_.idle_timeout);
  body_.reset();
}

void HttpConnection::Write() {
  std::swap(sending_, output_);
  writing_ = true;
  write_deadline_ = Now() + absl::ToChronoNanoseconds(options_.write_timeout);
  net::async_write(
      socket_, net::buffer(sending_),
      [self = shared_from_this()](const Error& error, size_t) { self->OnWritten(error); });
}

void HttpConnection::OnWritten(const Error& error) {
  writing_ = false;
  if (phase_ == Phase::kClosed) return;
  if (error) return Close();
  sending_.clear();
  if (sending_.capacity() > kMaxKeptOutputBytes) sending_.shrink_to_fit();
  if (phase_ == Phase::kIdle) {
    deadline_ = Now() + absl::ToChronoNanoseconds(options_.idle_timeout);
  }
  Advance();
}

// Everything is written, and nothing more will be.
void HttpConnection::FinishSending() {
  if (end_of_input_) return Close();
  Error ignored;
  std::ignore = socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  phase_ = Phase::kLinger;
  deadline_ = Now() + kLingerTimeout;
  taken_ = filled_;
  if (!reading_) Read();
}

void HttpConnection::Drain() {
  if (phase_ != Phase::kIdle) return;
  Error ignored;
  const bool quiet = input().empty() && output_.empty() && !writing_;
  if (quiet && socket_.available(ignored) == 0) return Close();
  if (input().empty() && !quiet) {
    phase_ = Phase::kLast;
    Advance();
  }
}

void HttpConnection::Tick(SteadyTime now) {
  if (writing_ && now >= write_deadline_) return Close();
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::kIdle:
      if (!writing_) Close();
      return;
    case Phase::kHeader:
    case Phase::kBody:
      ReplyAndClose(ProblemResponse({408, "REQUEST_TIMEOUT", "the request took too long to come"}));
      return Advance();
    case Phase::kAnswering:
      ++exchange_;  // the answer that may still come is nobody's
      ReplyAndClose(ProblemResponse(
          {504, "ANSWER_TIMEOUT",
           "there was no answer in time; what was asked for may or may not have happened"}));
      return Advance();
    case Phase::kLinger:
      return Close();
    case Phase::kLast:
    case Phase::kClosed:
      return;
  }
}

std::optional<SteadyTime> HttpConnection::WaitsForHeaderSince() const {
  if (writing_ || !output_.empty()) return std::nullopt;
  if (phase_ == Phase::kHeader) return request_began_;
  if (phase_ != Phase::kIdle) return std::nullopt;
  return deadline_ - absl::ToChronoNanoseconds(options_.idle_timeout);
}

void HttpConnection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  Error ignored;
  std::ignore = socket_.close(ignored);
  body_.reset();
  loop_.Forget(id_);
}

}  // namespace flywheel
