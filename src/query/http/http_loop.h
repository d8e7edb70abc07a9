// One I/O thread of the server and its connections. Includes Asio: for this folder's .cc files.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_LOOP_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_LOOP_H_

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "query/http/http_message.h"
#include "query/http/http_routes.h"
#include "query/http/http_server.h"
#include "query/http/known_requests.h"
#include "query/http/queue_delay.h"

namespace flywheel {

using SteadyTime = std::chrono::steady_clock::time_point;

// What all loops of a server share, and what outlives it while an answer is owed.
struct HttpShared {
  HttpServerOptions options;
  std::shared_ptr<const HttpRoutes> routes;
  HttpObserver* observer = nullptr;

  std::atomic<size_t> connections = 0;
  std::atomic<size_t> requests_in_flight = 0;
  std::atomic<size_t> body_bytes_in_flight = 0;
  std::atomic<uint64_t> connections_refused = 0;
  std::atomic<uint64_t> requests_refused = 0;
  std::atomic<bool> draining = false;
};

// A part of max_body_bytes_in_flight; given back when it goes.
class BodyReservation {
 public:
  explicit BodyReservation(std::shared_ptr<HttpShared> shared) : shared_(std::move(shared)) {}
  ~BodyReservation() { shared_->body_bytes_in_flight -= bytes_; }
  BodyReservation(const BodyReservation&) = delete;
  BodyReservation& operator=(const BodyReservation&) = delete;

  // False: the server holds too much already.
  bool GrowTo(size_t bytes);

 private:
  const std::shared_ptr<HttpShared> shared_;
  size_t bytes_ = 0;
};

class HttpConnection;
class HttpLoop;

// The way of a deferred answer to its connection.
//
// Concurrency: any thread.
class HttpMailbox {
 public:
  explicit HttpMailbox(HttpLoop* loop) : loop_(loop) {}
  // Nothing where the loop is closed or the connection gone.
  void Deliver(uint64_t connection, uint64_t exchange, HttpResponse response)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Mutex mutex_;
  HttpLoop* loop_ ABSL_GUARDED_BY(mutex_);  // nullptr: closed
};

// Concurrency: its own thread but where another is said.
class HttpLoop {
 public:
  explicit HttpLoop(std::shared_ptr<HttpShared> shared);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // Any thread:
  void Start();
  // Takes the connection over.
  void Adopt(boost::asio::ip::tcp::socket socket);
  // Ends when every connection is done, or is cut off at the deadline.
  void Drain(SteadyTime deadline);
  void Join();
  boost::asio::io_context& context() { return context_; }

  // For its connections:
  HttpShared& shared() { return *shared_; }
  const std::shared_ptr<HttpShared>& shared_owner() { return shared_; }
  const std::shared_ptr<HttpMailbox>& mailbox() { return mailbox_; }
  // The value of the Date field.
  const std::string& date() const { return date_; }
  void Deliver(uint64_t connection, uint64_t exchange, const HttpResponse& response);
  void Forget(uint64_t connection);
  // Something has been read.
  void NoteWork();
  // Whether a request whose turn comes now has waited for too long.
  bool Refuses(SteadyTime now) { return queue_delay_.Refuses(now); }
  KnownRequests& known_requests() { return known_requests_; }

 private:
  void MarkPass();
  // Closes the connection that has let the server wait for longest; false: none has for long
  // enough.
  bool MakeRoom();
  void Tick();
  void RefreshDate();

  const std::shared_ptr<HttpShared> shared_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  const std::shared_ptr<HttpMailbox> mailbox_;
  std::thread thread_;

  KnownRequests known_requests_;
  QueueDelay queue_delay_;
  bool worked_ = false;   // in the pass at hand
  bool marking_ = false;  // MarkPass comes at the next pass's beginning

  absl::flat_hash_map<uint64_t, std::shared_ptr<HttpConnection>> connections_;
  uint64_t next_connection_ = 0;
  bool draining_ = false;
  SteadyTime drain_deadline_;
  int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_LOOP_H_
