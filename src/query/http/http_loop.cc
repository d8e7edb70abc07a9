#include "query/http/http_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "query/http/http_connection.h"

namespace flywheel {
namespace {

namespace net = boost::asio;

// How often deadlines are looked at: often enough for the shortest.
std::chrono::nanoseconds TickOf(const HttpServerOptions& options) {
  const absl::Duration shortest =
      std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                options.write_timeout, options.answer_timeout, options.stop_timeout});
  return absl::ToChronoNanoseconds(
      std::clamp(shortest / 4, absl::Milliseconds(5), absl::Milliseconds(100)));
}

}  // namespace

bool BodyReservation::GrowTo(size_t bytes) {
  if (bytes <= bytes_) return true;
  const size_t more = bytes - bytes_;
  if (shared_->body_bytes_in_flight.fetch_add(more) + more >
      shared_->options.max_body_bytes_in_flight) {
    shared_->body_bytes_in_flight -= more;
    return false;
  }
  bytes_ = bytes;
  return true;
}

void HttpMailbox::Deliver(uint64_t connection, uint64_t exchange, HttpResponse response) {
  MutexLock lock(&mutex_);
  if (loop_ == nullptr) return;
  net::post(loop_->context(), [loop = loop_, connection, exchange, response = std::move(response)] {
    loop->Deliver(connection, exchange, response);
  });
}

void HttpMailbox::Close() {
  MutexLock lock(&mutex_);
  loop_ = nullptr;
}

HttpLoop::HttpLoop(std::shared_ptr<HttpShared> shared)
    : shared_(std::move(shared)),
      context_(/*concurrency_hint=*/1),
      work_(net::make_work_guard(context_)),
      timer_(context_),
      mailbox_(std::make_shared<HttpMailbox>(this)),
      queue_delay_(absl::ToChronoNanoseconds(shared_->options.max_queue_delay)) {}

HttpLoop::~HttpLoop() = default;

void HttpLoop::Start() {
  RefreshDate();
  Tick();
  thread_ = std::thread([this] { context_.run(); });
}

void HttpLoop::Adopt(net::ip::tcp::socket socket) {
  net::post(context_, [this, socket = std::move(socket)]() mutable {
    const uint64_t id = ++next_connection_;
    auto connection = std::make_shared<HttpConnection>(*this, std::move(socket), id);
    const bool is_over = shared_->connections > shared_->options.max_connections;
    const bool may_stay = !is_over || draining_ || MakeRoom();
    connections_[id] = connection;
    if (draining_) return connection->Close();
    if (!may_stay) {
      ++shared_->connections_refused;
      return connection->Refuse();
    }
    connection->Start();
  });
}

void HttpLoop::Drain(SteadyTime deadline) {
  net::post(context_, [this, deadline] {
    draining_ = true;
    drain_deadline_ = deadline;
    std::vector<std::shared_ptr<HttpConnection>> all;
    for (const auto& [id, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->Drain();
    Tick();
  });
}

void HttpLoop::Join() {
  if (thread_.joinable()) thread_.join();
  mailbox_->Close();
}

void HttpLoop::Deliver(uint64_t connection, uint64_t exchange, const HttpResponse& response) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::shared_ptr<HttpConnection> kept = found->second;
  kept->Deliver(exchange, response);
}

void HttpLoop::Forget(uint64_t connection) {
  if (connections_.erase(connection) > 0) --shared_->connections;
}

bool HttpLoop::MakeRoom() {
  std::shared_ptr<HttpConnection> longest;
  SteadyTime since = std::chrono::steady_clock::now() -
                     absl::ToChronoNanoseconds(shared_->options.make_room_after);
  for (const auto& [id, connection] : connections_) {
    const std::optional<SteadyTime> waits = connection->WaitsForHeaderSince();
    if (!waits || *waits > since) continue;
    longest = connection;
    since = *waits;
  }
  if (longest != nullptr) longest->Close();
  return longest != nullptr;
}

void HttpLoop::NoteWork() {
  worked_ = true;
  if (marking_) return;
  queue_delay_.BeginAfterIdling(std::chrono::steady_clock::now());
  marking_ = true;
  net::post(context_, [this] { MarkPass(); });
}

// What is posted while a pass is worked off comes after the next look at the sockets, and before
// what that finds ready: once in a pass. It ends when the loop idles.
void HttpLoop::MarkPass() {
  marking_ = std::exchange(worked_, false);
  if (!marking_) return;
  queue_delay_.BeginPass(std::chrono::steady_clock::now());
  net::post(context_, [this] { MarkPass(); });
}

void HttpLoop::Tick() {
  RefreshDate();
  const SteadyTime now = std::chrono::steady_clock::now();
  const bool cut_off = draining_ && now >= drain_deadline_;
  std::vector<std::shared_ptr<HttpConnection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) {
    if (cut_off) {
      connection->Close();
    } else {
      connection->Tick(now);
    }
  }
  if (draining_ && connections_.empty()) {
    work_.reset();
    timer_.cancel();
    return;
  }
  timer_.expires_after(TickOf(shared_->options));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void HttpLoop::RefreshDate() {
  const absl::Time now = absl::Now();
  const int64_t second = absl::ToUnixSeconds(now);
  if (second == date_second_) return;
  date_second_ = second;
  date_ = absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", now, absl::UTCTimeZone());
}

}  // namespace flywheel
