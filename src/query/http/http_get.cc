#include "query/http/http_get.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <chrono>
#include <utility>

#include "base/status.h"

namespace flywheel {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// Host and port of a base.
struct Peer {
  std::string host;
  std::string port;
  std::string authority;  // what the request says of it
};

absl::StatusOr<Peer> PeerOf(std::string_view base) {
  const auto url = boost::urls::parse_uri({base.data(), base.size()});
  if (url.has_error() || url->scheme() != "http" || url->host().empty() || url->has_userinfo()) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is no http://host:port", base));
  }
  Peer peer;
  peer.host = url->host_address();
  peer.port = url->has_port() ? std::string(url->port()) : "80";
  const auto authority = url->encoded_host_and_port();
  peer.authority.assign(authority.data(), authority.size());
  return peer;
}

// One question and its answer: each step starts the next, the first error ends it.
class Exchange {
 public:
  Exchange(const Peer& peer, std::string_view target, const HttpGetLimits& limits)
      : resolver_(context_), stream_(context_) {
    request_.method(http::verb::get);
    request_.target({target.data(), target.size()});
    request_.version(11);
    request_.set(http::field::host, peer.authority);
    request_.set(http::field::accept, "application/json");
    request_.set(http::field::connection, "close");
    parser_.body_limit(limits.body_bytes);
    resolver_.async_resolve(peer.host, peer.port, [this](auto error, const auto& found) {
      if (Ends(error)) return;
      stream_.async_connect(found, [this](auto failed, const auto&) {
        if (!Ends(failed)) Write();
      });
    });
  }

  // False: it has not ended in time.
  bool RunFor(absl::Duration timeout) {
    context_.run_for(absl::ToChronoMilliseconds(timeout));
    return ended_;
  }
  const beast::error_code& error() const { return error_; }
  HttpGetAnswer Take() {
    auto message = parser_.release();
    return {static_cast<int>(message.result_int()), std::move(message.body())};
  }

 private:
  void Write() {
    http::async_write(stream_, request_, [this](auto error, size_t) {
      if (Ends(error)) return;
      http::async_read(stream_, buffer_, parser_, [this](auto failed, size_t) {
        ended_ = true;
        error_ = failed;
      });
    });
  }
  bool Ends(const beast::error_code& error) {
    if (!error) return false;
    ended_ = true;
    error_ = error;
    return true;
  }

  asio::io_context context_{1};
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  bool ended_ = false;
  beast::error_code error_;
};

}  // namespace

absl::StatusOr<HttpGetAnswer> HttpGet(std::string_view base, std::string_view target,
                                      const HttpGetLimits& limits) {
  ASSIGN_OR_RETURN(const Peer peer, PeerOf(base));
  Exchange exchange(peer, target, limits);
  if (!exchange.RunFor(limits.timeout)) {
    return absl::UnavailableError(
        fmt::format("{} did not answer within {}", base, absl::FormatDuration(limits.timeout)));
  }
  if (exchange.error() == http::error::body_limit) {
    return absl::ResourceExhaustedError(
        fmt::format("the answer of {} has more than {} bytes", base, limits.body_bytes));
  }
  if (exchange.error()) {
    return absl::UnavailableError(fmt::format("{}: {}", base, exchange.error().message()));
  }
  return exchange.Take();
}

}  // namespace flywheel
