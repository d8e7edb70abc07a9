#include "query/http_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace flywheel {
namespace {

constexpr int kPatienceSeconds = 60;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

ClientResponse ParseHeader(std::string_view header) {
  ClientResponse response;
  response.status = std::stoi(std::string(header.substr(9, 3)));
  size_t at = header.find("\r\n");
  while (at != std::string_view::npos && at + 2 < header.size()) {
    const size_t end = std::min(header.find("\r\n", at + 2), header.size());
    const std::string_view line = header.substr(at + 2, end - at - 2);
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) throw std::runtime_error("a header without a colon");
    response.headers[Lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    at = end;
  }
  return response;
}

}  // namespace

HttpClient::HttpClient(uint16_t port, int receive_buffer_bytes)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
  const timeval patience = {kPatienceSeconds, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd_);
    throw std::runtime_error(fmt::format("nobody listens on port {}", port));
  }
}

HttpClient::~HttpClient() { close(fd_); }

bool HttpClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

size_t HttpClient::SendSome(std::string_view bytes) const {
  const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return static_cast<size_t>(std::max<ssize_t>(sent, 0));
}

void HttpClient::FinishSending() const { shutdown(fd_, SHUT_WR); }

bool HttpClient::ReadMore() {
  char bytes[16384];
  const ssize_t count = recv(fd_, bytes, sizeof(bytes), 0);
  if (count <= 0) return false;
  input_.append(bytes, static_cast<size_t>(count));
  return true;
}

std::optional<ClientResponse> HttpClient::Read(bool is_head) {
  size_t end = input_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
    end = input_.find("\r\n\r\n");
  }
  ClientResponse response = ParseHeader(std::string_view(input_).substr(0, end));
  input_.erase(0, end + 4);
  const std::string length = response.Header("content-length");
  const size_t bytes = is_head || length.empty() ? 0 : std::stoul(length);
  while (input_.size() < bytes) {
    if (!ReadMore()) return std::nullopt;
  }
  response.body = input_.substr(0, bytes);
  input_.erase(0, bytes);
  return response;
}

std::optional<ClientResponse> HttpClient::Ask(std::string_view request, bool is_head) {
  Send(request);
  return Read(is_head);
}

std::optional<ClientResponse> HttpClient::Get(std::string_view target, std::string_view headers) {
  return Ask(GetRequest(target, headers));
}

std::optional<ClientResponse> HttpClient::Post(std::string_view target, std::string_view body,
                                               std::string_view type) {
  return Ask(PostRequest(target, body, type));
}

bool HttpClient::IsClosed() {
  while (ReadMore()) {
  }
  // A reset and an end are closed; running out of patience is not.
  char byte;
  const ssize_t count = recv(fd_, &byte, 1, MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string GetRequest(std::string_view target, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, headers);
}

std::string PostRequest(std::string_view target, std::string_view body, std::string_view type) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: test\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target,
      type, body.size(), body);
}

}  // namespace flywheel
