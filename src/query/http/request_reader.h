// The bytes of a connection as requests. Beast's parser is behind it.
#ifndef FLYWHEEL_QUERY_HTTP_REQUEST_READER_H_
#define FLYWHEEL_QUERY_HTTP_REQUEST_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "query/http/http_message.h"
#include "query/http/http_problem.h"

namespace flywheel {

// Fields of a header beyond this many are refused.
inline constexpr size_t kMaxHttpFields = 100;

// Operation: Begin, then Put until kDone or kFailed. Put stops after the header, where LimitBody
// may be called, and after the message; what it does not take is offered again with more behind it.
// Its storage is used again for the next message.
//
// Refused: what is no HTTP/1.0 or 1.1; a header over its limits; two lengths, a length beside
// chunks, transfer codings besides "chunked"; no or more than one Host in HTTP/1.1.
//
// Concurrency: one thread.
class RequestReader {
 public:
  enum class State : uint8_t {
    kHeader,
    kBody,  // the header is complete, the body is not
    kDone,
    kFailed,  // see problem()
  };

  // `max_header_bytes` bounds the request line and all fields together, trailers included.
  explicit RequestReader(size_t max_header_bytes);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Forgets the last message.
  void Begin();
  // How many bytes were taken. 0 in kHeader and kBody: it waits for more.
  size_t Put(std::string_view bytes);
  State state() const;
  // REQUIRES: kFailed.
  const HttpProblem& problem() const;

  // From kBody on:
  HttpRequest& request();
  bool keep_alive() const;
  bool is_http_1_0() const;
  // The length that the client declared; nullopt: in chunks.
  std::optional<uint64_t> content_length() const;
  // A body of more bytes fails with 413. To be called in kBody or kDone, before the next Put.
  void LimitBody(size_t max_bytes);

 private:
  class Parser;

  const size_t max_header_bytes_;
  HttpRequest request_;
  std::string header_text_;  // what the request's views point into
  std::unique_ptr<Parser> parser_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_REQUEST_READER_H_
