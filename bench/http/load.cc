// Drives an HTTP server on 127.0.0.1 at a rate that does not depend on its answers, and prints what
// came back as one line of JSON. A request counts from the moment at which it was due, so one that
// could not be sent in time is late too.
//
//   http_load MODE --port P --rate R --seconds S [--connections N] [--in FILE] [--lines N]
//
// get: asks for the targets of FILE, a line each, in turn. post: sends the lines of FILE as events,
// N a body, those of a seller on one connection. visible: posts one line, and asks for the rating
// of its seller with the answer's position as min_position; the time from the first answer to the
// second is that from the acknowledgement until it can be seen. Rates are requests (get), events
// (post), events (visible) a second.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string mode;
  uint16_t port = 0;
  double rate = 1000;
  double seconds = 10;
  size_t connections = 64;
  std::string in;
  size_t lines = 1;
};

// Milliseconds of what was asked.
class Times {
 public:
  void Add(Clock::duration took) {
    times_.push_back(std::chrono::duration<float, std::milli>(took).count());
  }
  std::string Json() {
    std::sort(times_.begin(), times_.end());
    return fmt::format(R"({{"count":{},"p50":{:.3f},"p99":{:.3f},"p999":{:.3f},"max":{:.3f}}})",
                       times_.size(), At(0.5), At(0.99), At(0.999), At(1));
  }

 private:
  float At(double share) const {
    if (times_.empty()) return 0;
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(times_.size())));
    return times_[std::max<size_t>(rank, 1) - 1];
  }
  std::vector<float> times_;
};

struct Asked {
  Clock::time_point due;
  std::string seller;  // of a post whose visibility is asked for
  bool is_look = false;
};

// A connection; requests are answered in their order.
struct Connection {
  int fd = -1;
  std::string output;
  std::string input;
  std::deque<Asked> asked;
  bool waits_to_write = false;
  std::deque<std::string_view> lines;  // that it has to post
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(0)) {
    std::ifstream in(options_.in);
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
    if (lines_.empty()) throw std::runtime_error("nothing to send in " + options_.in);
    for (size_t i = 0; i < options_.connections; ++i) Open();
    if (options_.mode == "get") return;
    for (const std::string& line : lines_) {
      const size_t at = std::hash<std::string>()(SellerOf(line)) % connections_.size();
      connections_[at]->lines.push_back(line);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const auto& connection : connections_) close(connection->fd);
    close(epoll_);
  }

  void Run() {
    const double requests =
        options_.rate / static_cast<double>(options_.mode == "post" ? options_.lines : 1);
    began_ = Clock::now();
    const auto end = began_ + Seconds(options_.seconds);
    const auto patience = end + Seconds(15);
    uint64_t sent = 0;
    while (Clock::now() < end || (owed_ > 0 && Clock::now() < patience)) {
      const auto now = std::min(Clock::now(), end);
      for (;; ++sent) {
        const auto due = began_ + Seconds(static_cast<double>(sent) / requests);
        if (due > now || due >= end) break;
        Send(due);
      }
      for (const auto& connection : connections_) {
        if (!connection->output.empty() && !connection->waits_to_write) Write(*connection);
      }
      Wait();
    }
    fmt::print(R"({{"mode":"{}","offered":{},"not_answered":{},"broken":{},"ok":{},"refused":{})",
               options_.mode, sent, owed_, broken_, ok_.Json(), refused_.Json());
    if (options_.mode == "visible") fmt::print(R"(,"visible":{})", visible_.Json());
    fmt::print(R"(,"by_status":{{)");
    for (bool first = true; const auto& [status, count] : by_status_) {
      fmt::print(R"({}"{}":{})", std::exchange(first, false) ? "" : ",", status, count);
    }
    fmt::print("}}}}\n");
  }

 private:
  static Clock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void Open() {
    auto connection = std::make_unique<Connection>();
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection->fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) {
      throw std::runtime_error(fmt::format("nobody listens on port {}", options_.port));
    }
    const int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->fd, &event);
    connections_.push_back(std::move(connection));
  }

  void Send(Clock::time_point due) {
    Connection& connection = *connections_[next_connection_++ % connections_.size()];
    Asked asked{due, "", false};
    if (options_.mode == "get") {
      AppendGet(lines_[next_line_++ % lines_.size()], connection);
    } else {
      std::string body;
      for (size_t i = 0; i < options_.lines && !connection.lines.empty(); ++i) {
        if (options_.mode == "visible") asked.seller = SellerOf(connection.lines.front());
        body.append(connection.lines.front()).push_back('\n');
        connection.lines.pop_front();
      }
      if (body.empty()) return;  // its sellers have had their say
      connection.output += fmt::format(
          "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: "
          "application/x-ndjson\r\nContent-Length: {}\r\n\r\n{}",
          body.size(), body);
    }
    connection.asked.push_back(std::move(asked));
    ++owed_;
  }

  static void AppendGet(std::string_view target, Connection& connection) {
    connection.output.append("GET ").append(target).append(" HTTP/1.1\r\nHost: bench\r\n\r\n");
  }

  static std::string SellerOf(std::string_view line) {
    constexpr std::string_view kKey = R"("sellerId":")";
    const size_t at = line.find(kKey) + kKey.size();
    return std::string(line.substr(at, line.find('"', at) - at));
  }

  void Write(Connection& connection) {
    const ssize_t sent = send(connection.fd, connection.output.data(), connection.output.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) connection.output.erase(0, static_cast<size_t>(sent));
    const bool waits = !connection.output.empty();
    if (waits == connection.waits_to_write) return;
    connection.waits_to_write = waits;
    epoll_event event = {};
    event.events = EPOLLIN | (waits ? EPOLLOUT : 0U);
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }

  void Wait() {
    std::array<epoll_event, 256> events{};
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1);
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0) Write(connection);
      Read(connection);
    }
  }

  void Read(Connection& connection) {
    std::array<char, size_t{1} << 16> buffer;  // NOLINT: filled by recv
    const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      ++broken_;
      owed_ -= connection.asked.size();
      epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
      connection.asked.clear();
      return;
    }
    connection.input.append(buffer.data(), static_cast<size_t>(got));
    size_t at = 0;
    while (TakeAnswer(connection, at)) {
    }
    connection.input.erase(0, at);
  }

  bool TakeAnswer(Connection& connection, size_t& at) {
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::string_view input = std::string_view(connection.input).substr(at);
    const size_t header = input.find("\r\n\r\n");
    if (header == std::string_view::npos) return false;
    const size_t length = input.find(kLength);
    if (length > header) throw std::runtime_error("an answer without a length");
    const size_t body = std::strtoull(input.data() + length + kLength.size(), nullptr, 10);
    if (input.size() < header + 4 + body) return false;
    Note(connection, std::atoi(input.data() + 9), input.substr(0, header + 2));
    at += header + 4 + body;
    return true;
  }

  void Note(Connection& connection, int status, std::string_view header) {
    const Clock::time_point now = Clock::now();
    Asked asked = std::move(connection.asked.front());
    connection.asked.pop_front();
    --owed_;
    ++by_status_[status];
    if (asked.is_look) {
      if (status == 200 || status == 404) visible_.Add(now - asked.due);
      return;
    }
    (status == 429 ? refused_ : ok_).Add(now - asked.due);
    if (options_.mode != "visible" || status != 200) return;
    constexpr std::string_view kPosition = "Flywheel-Position: ";
    const size_t position = header.find(kPosition);
    if (position == std::string_view::npos) return;
    const size_t begin = position + kPosition.size();
    const std::string_view token = header.substr(begin, header.find("\r\n", begin) - begin);
    AppendGet(fmt::format("/v1/sellers/{}/rating?min_position={}", asked.seller, token),
              connection);
    connection.asked.push_back({now, "", true});
    ++owed_;
  }

  const Options options_;
  const int epoll_;
  std::vector<std::string> lines_;
  std::vector<std::unique_ptr<Connection>> connections_;
  size_t next_connection_ = 0;
  size_t next_line_ = 0;
  Clock::time_point began_;
  uint64_t owed_ = 0;
  uint64_t broken_ = 0;
  Times ok_;
  Times refused_;
  Times visible_;
  std::map<int, uint64_t> by_status_;
};

Options ReadOptions(int argc, char** argv) {
  Options options;
  if (argc < 2) throw std::runtime_error("get, post or visible?");
  options.mode = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* const value = argv[i + 1];
    if (name == "--port") options.port = static_cast<uint16_t>(std::atoi(value));
    if (name == "--rate") options.rate = std::atof(value);
    if (name == "--seconds") options.seconds = std::atof(value);
    if (name == "--connections") options.connections = std::strtoull(value, nullptr, 10);
    if (name == "--in") options.in = value;
    if (name == "--lines") options.lines = std::strtoull(value, nullptr, 10);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Load(ReadOptions(argc, argv)).Run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
