#include "query/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <utility>

#include "base/status.h"

namespace flywheel {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::beast::error_code;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

HttpMethod MethodOf(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return HttpMethod::kGet;
    case http::verb::head:
      return HttpMethod::kHead;
    case http::verb::post:
      return HttpMethod::kPost;
    case http::verb::put:
      return HttpMethod::kPut;
    case http::verb::patch:
      return HttpMethod::kPatch;
    case http::verb::delete_:
      return HttpMethod::kDelete;
    case http::verb::options:
      return HttpMethod::kOptions;
    default:
      return HttpMethod::kOther;
  }
}

// Bodies are not given memory for what is only announced.
constexpr size_t kMaxReservedBody = size_t{64} << 10;

}  // namespace

// One message into the reader's request. Beast checks the form; the limits are held here, since its
// own limit of the header is one of each piece.
class RequestReader::Parser {
 public:
  explicit Parser(RequestReader& reader) : reader_(reader) {}

  void Begin() {
    message_.emplace(*this);
    message_->header_limit(static_cast<std::uint32_t>(reader_.max_header_bytes_));
    message_->body_limit(boost::none);
    problem_ = {};
    failed_ = false;
    header_bytes_ = 0;
    header_done_ = false;
    started_ = false;
    hosts_ = 0;
    max_body_bytes_ = 0;
  }

  size_t Put(std::string_view bytes) {
    Error error;
    const size_t taken = message_->put({bytes.data(), bytes.size()}, error);
    if (error && error != http::error::need_more && !failed_) Fail(ProblemOf(error));
    // What fills the whole buffer and is still not complete never will be.
    if (!failed_ && taken == 0 && bytes.size() >= reader_.max_header_bytes_) Fail(TooLong());
    return taken;
  }

  State state() const {
    if (failed_) return State::kFailed;
    if (message_->is_done()) return State::kDone;
    return header_done_ ? State::kBody : State::kHeader;
  }

  void LimitBody(size_t max_bytes) {
    max_body_bytes_ = max_bytes;
    if (const auto length = content_length(); length && *length > max_bytes) Fail(BodyTooLarge());
  }

  std::optional<uint64_t> content_length() const {
    const boost::optional<std::uint64_t> length = message_->content_length();
    return length ? std::optional<uint64_t>(*length) : std::nullopt;
  }

  const http::basic_parser<true>& message() const { return *message_; }
  const HttpProblem& problem() const { return problem_; }
  bool is_http_1_0() const { return is_http_1_0_; }

 private:
  class Message final : public http::basic_parser<true> {
   public:
    explicit Message(Parser& parser) : parser_(parser) {}

   private:
    void on_request_impl(http::verb method, beast::string_view method_text,
                         beast::string_view target, int version, Error& error) override {
      parser_.TakeRequestLine(method, method_text.size(), View(target), version, error);
    }
    void on_response_impl(int /*code*/, beast::string_view /*reason*/, int /*version*/,
                          Error& /*error*/) override {}
    void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value,
                       Error& error) override {
      parser_.TakeField(name, View(name_text), View(value), chunked(), error);
    }
    void on_header_impl(Error& error) override { parser_.CheckHeader(chunked(), error); }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           Error& /*error*/) override {
      parser_.reader_.request_.body.reserve(
          static_cast<size_t>(std::min<std::uint64_t>(length.value_or(0), kMaxReservedBody)));
    }
    std::size_t on_body_impl(beast::string_view bytes, Error& error) override {
      return parser_.TakeBody(View(bytes), error);
    }
    void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extensions*/,
                              Error& /*error*/) override {}
    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view bytes,
                                   Error& error) override {
      return parser_.TakeBody(View(bytes), error);
    }
    void on_finish_impl(Error& /*error*/) override {}

    Parser& parser_;
  };

  void Fail(HttpProblem problem) {
    failed_ = true;
    problem_ = std::move(problem);
  }
  // In a callback: the parser stops with the error.
  void Fail(HttpProblem problem, Error& error) {
    Fail(std::move(problem));
    error = http::error::bad_value;
  }

  static HttpProblem Malformed(std::string detail) {
    return {400, "MALFORMED_REQUEST", std::move(detail)};
  }

  HttpProblem TooLong() const {
    if (header_done_) return Malformed("a chunk's header or the trailer is too long");
    const int status = started_ ? 431 : 414;
    return {status, started_ ? "HEADER_TOO_LARGE" : "TARGET_TOO_LONG",
            fmt::format("the request line and the header fields may have {} bytes together",
                        reader_.max_header_bytes_)};
  }

  HttpProblem BodyTooLarge() const {
    return {413, "BODY_TOO_LARGE",
            max_body_bytes_ == 0
                ? "no body is taken here"
                : fmt::format("a body of at most {} bytes is taken here", max_body_bytes_)};
  }

  HttpProblem ProblemOf(const Error& error) const {
    if (error == http::error::header_limit) return TooLong();
    if (error == http::error::bad_version) {
      return {505, "HTTP_VERSION", "HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    return Malformed(error.message());
  }

  // Adds to what the header has; false: it is too long.
  bool Count(size_t bytes) {
    header_bytes_ += bytes;
    return header_bytes_ <= reader_.max_header_bytes_;
  }

  std::string_view Keep(std::string_view text) {
    std::string& kept = reader_.header_text_;
    const size_t at = kept.size();
    kept.append(text);
    return std::string_view(kept).substr(at);
  }

  void TakeRequestLine(http::verb method, size_t method_bytes, std::string_view target, int version,
                       Error& error) {
    constexpr size_t kAround = 12;  // spaces, HTTP/1.1, end of line
    if (!Count(method_bytes + target.size() + kAround)) return Fail(TooLong(), error);
    started_ = true;
    is_http_1_0_ = version == 10;
    reader_.request_.method = MethodOf(method);
    reader_.request_.target = Keep(target);
  }

  void TakeField(http::field name, std::string_view name_text, std::string_view value, bool chunked,
                 Error& error) {
    constexpr size_t kAround = 4;  // colon, space, end of line
    if (!Count(name_text.size() + value.size() + kAround)) return Fail(TooLong(), error);
    if (header_done_) return;  // a trailer says nothing that is needed
    if (reader_.request_.fields.size() == kMaxHttpFields) {
      return Fail({431, "HEADER_TOO_LARGE",
                   fmt::format("a header of at most {} fields is taken", kMaxHttpFields)},
                  error);
    }
    if (name == http::field::host) ++hosts_;
    if (name == http::field::transfer_encoding &&
        (!chunked || !beast::iequals("chunked", {value.data(), value.size()}))) {
      return Fail({501, "TRANSFER_CODING", "the only transfer coding known here is chunked"},
                  error);
    }
    const std::string_view kept_name = Keep(name_text);
    reader_.request_.fields.push_back({kept_name, Keep(value)});
  }

  void CheckHeader(bool chunked, Error& error) {
    header_done_ = true;
    if (is_http_1_0_ && chunked) return Fail(Malformed("HTTP/1.0 knows no chunks"), error);
    if (hosts_ > 1 || (hosts_ == 0 && !is_http_1_0_)) {
      Fail(Malformed("a request of HTTP/1.1 has one Host field"), error);
    }
  }

  size_t TakeBody(std::string_view bytes, Error& error) {
    std::string& body = reader_.request_.body;
    if (bytes.size() > max_body_bytes_ - body.size()) {
      Fail(BodyTooLarge(), error);
      return 0;
    }
    body.append(bytes);
    return bytes.size();
  }

  RequestReader& reader_;
  std::optional<Message> message_;
  HttpProblem problem_;
  bool failed_ = false;
  size_t header_bytes_ = 0;
  bool header_done_ = false;
  bool started_ = false;  // the request line is complete
  bool is_http_1_0_ = false;
  int hosts_ = 0;
  size_t max_body_bytes_ = 0;
};

RequestReader::RequestReader(size_t max_header_bytes)
    : max_header_bytes_(max_header_bytes), parser_(std::make_unique<Parser>(*this)) {
  header_text_.reserve(max_header_bytes_);  // views into it stay where they are
}

RequestReader::~RequestReader() = default;

void RequestReader::Begin() {
  header_text_.clear();
  request_.method = HttpMethod::kOther;
  request_.target = {};
  request_.path_values.clear();
  request_.parameters.clear();
  request_.fields.clear();
  request_.body = {};  // the memory of a large one is not kept
  parser_->Begin();
}

size_t RequestReader::Put(std::string_view bytes) { return parser_->Put(bytes); }

RequestReader::State RequestReader::state() const { return parser_->state(); }

const HttpProblem& RequestReader::problem() const { return parser_->problem(); }

HttpRequest& RequestReader::request() { return request_; }

bool RequestReader::keep_alive() const { return parser_->message().keep_alive(); }

bool RequestReader::is_http_1_0() const { return parser_->is_http_1_0(); }

std::optional<uint64_t> RequestReader::content_length() const { return parser_->content_length(); }

void RequestReader::LimitBody(size_t max_bytes) { parser_->LimitBody(max_bytes); }

}  // namespace flywheel
