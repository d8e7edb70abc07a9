// One connection of the server. Includes Asio: for this folder's .cc files.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_CONNECTION_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_CONNECTION_H_

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/http/http_exchange.h"
#include "query/http/http_loop.h"
#include "query/http/http_routes.h"
#include "query/http/request_reader.h"

namespace flywheel {

// Operation: what has come is parsed and handled request by request; the answers gather in one
// buffer and are written together. Nothing is parsed while a handler owes an answer, and nothing is
// read while answers wait to be written, so a client that does not read cannot make the server hold
// more than its buffers. Deadlines are looked at by the loop's tick, so a request arms no timer.
//
// Concurrency: its loop's thread.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             private HttpExchange {
 public:
  HttpConnection(HttpLoop& loop, boost::asio::ip::tcp::socket socket, uint64_t id);
  ~HttpConnection() override;

  void Start();
  // Answers 429 to whatever comes, and closes.
  void Refuse();
  // The answer that was owed.
  void Deliver(uint64_t exchange, const HttpResponse& response);
  // Closes, or answers what has begun and closes then.
  void Drain();
  void Tick(SteadyTime now);
  void Close();
  // Since when nothing is owed to the client and it has not sent a whole header; nullopt: it is not
  // so.
  std::optional<SteadyTime> WaitsForHeaderSince() const;

 private:
  enum class Phase : uint8_t {
    kIdle,       // between requests
    kHeader,     // a request has begun
    kBody,       // its header is complete
    kAnswering,  // its handler owes the answer
    kLast,       // nothing is read any more; closes when everything is written
    kLinger,     // the sending side is closed; what still comes is read and dropped
    kClosed,
  };

  void Answer(const HttpResponse& response) override;
  std::optional<HttpDeferred> Defer() override;

  void Read();
  void OnRead(const boost::system::error_code& error, size_t bytes);
  // Parses, handles, writes and reads as far as it goes without waiting.
  void Advance();
  bool ParseSome();
  void BeginRequest();
  // Takes a request that has come before, byte for byte.
  bool TakeKnown();
  void OnHeader();
  void Learn(const HttpRequest& request);
  void Handle();
  bool ReserveBody();
  void Reply(const HttpResponse& response, bool close);
  // Answers with the problem and reads nothing more.
  void ReplyAndClose(const HttpResponse& response);
  void AppendAnswer(const HttpResponse& response, bool keep_alive);
  void Write();
  void OnWritten(const boost::system::error_code& error);
  void FinishSending();
  void Linger();
  std::string_view input() const { return {input_.data() + taken_, filled_ - taken_}; }

  HttpLoop& loop_;
  const HttpServerOptions& options_;
  boost::asio::ip::tcp::socket socket_;
  const uint64_t id_;

  std::vector<char> input_;
  size_t taken_ = 0;   // bytes of the input that are done with
  size_t filled_ = 0;  // bytes of the input
  bool reading_ = false;
  bool end_of_input_ = false;
  std::string output_;   // answers that wait
  std::string sending_;  // answers that are being written
  bool writing_ = false;

  Phase phase_ = Phase::kIdle;
  bool empty_line_passed_ = false;  // before the next request
  RequestReader reader_;
  const HttpRoute* route_ = nullptr;
  std::shared_ptr<const HttpPrepared> prepared_;
  std::string_view whole_header_;  // of the request at hand, where it may be learnt
  bool is_head_ = false;           // the request at hand
  bool keep_alive_ = true;         // it
  bool is_http_1_0_ = false;       // it
  std::shared_ptr<BodyReservation> body_;
  bool handling_ = false;      // within the handler
  bool answered_ = false;      // the request at hand
  uint64_t exchange_ = 0;      // counts the requests
  SteadyTime request_began_;   // its first byte
  SteadyTime deadline_;        // of the phase
  SteadyTime write_deadline_;  // while writing_
  size_t lingered_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_CONNECTION_H_
