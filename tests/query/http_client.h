// A client that sends exactly the bytes that a test gives it, over a real socket.
#ifndef FLYWHEEL_TESTS_QUERY_HTTP_CLIENT_H_
#define FLYWHEEL_TESTS_QUERY_HTTP_CLIENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace flywheel {

struct ClientResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// One connection to a port of 127.0.0.1. What takes longer than half a minute counts as closed.
class HttpClient {
 public:
  // Throws where there is nobody. `receive_buffer_bytes` 0: the system's.
  explicit HttpClient(uint16_t port, int receive_buffer_bytes = 0);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False: the server has closed.
  bool Send(std::string_view bytes) const;
  // As many bytes as are taken without waiting.
  size_t SendSome(std::string_view bytes) const;
  // Nothing more will be sent.
  void FinishSending() const;

  // The next response; nullopt: closed before it was complete. `is_head`: without a body.
  std::optional<ClientResponse> Read(bool is_head = false);
  // Send and Read.
  std::optional<ClientResponse> Ask(std::string_view request, bool is_head = false);
  std::optional<ClientResponse> Get(std::string_view target, std::string_view headers = "");
  std::optional<ClientResponse> Post(std::string_view target, std::string_view body,
                                     std::string_view type = "application/x-ndjson");
  // Whether the server closes, reading what comes before.
  bool IsClosed();

 private:
  bool ReadMore();

  int fd_ = -1;
  std::string input_;
};

// A whole request of one line and headers.
std::string GetRequest(std::string_view target, std::string_view headers = "");
std::string PostRequest(std::string_view target, std::string_view body,
                        std::string_view type = "application/x-ndjson");

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_QUERY_HTTP_CLIENT_H_
