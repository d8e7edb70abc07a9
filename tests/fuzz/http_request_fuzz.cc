// Any bytes as those of a connection: each request is refused with a reason or given, its limits
// hold, and in how many pieces the bytes came makes no difference to what is given.
//
// The input is a byte for the largest header and the size of the pieces, then what is sent.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/demand.h"
#include "query/http/http_target.h"
#include "query/http/request_reader.h"

namespace flywheel {
namespace {

constexpr size_t kMaxBody = 600;
constexpr int kMaxRequests = 20;
constexpr size_t kHeaders[] = {96, 400, 8192, 16384};

void CheckTarget(std::string_view text) {
  HttpTarget target;
  const absl::Status status = ParseTarget(text, &target);
  if (!status.ok()) return Demand(absl::IsInvalidArgument(status), "a bad target is one");
  Demand(target.parameters.size() <= kMaxHttpParameters, "parameters are limited");
  Demand(text.find(target.origin_form) != std::string_view::npos, "the target is of the text");
  // Escaping never makes more of what was sent.
  size_t bytes = 0;
  for (const std::string& segment : target.segments) bytes += segment.size();
  for (const auto& [name, value] : target.parameters) bytes += name.size() + value.size();
  Demand(bytes <= text.size(), "what is decoded is no longer than what was sent");
}

// What a handler would see of a request.
std::string TextOf(RequestReader& reader) {
  const HttpRequest& request = reader.request();
  std::string text = std::string(NameOf(request.method)) + " " + std::string(request.target) + "\n";
  for (const HttpField& field : request.fields) {
    text += std::string(field.name) + ": " + std::string(field.value) + "\n";
  }
  return text + (reader.keep_alive() ? "+" : "-") + (reader.is_http_1_0() ? "0" : "1") +
         std::to_string(reader.content_length().value_or(~uint64_t{0})) + "\n" + request.body +
         "\n";
}

// The bytes on their way through the buffer of a connection, so many more at a time.
class Connection {
 public:
  Connection(std::string_view bytes, size_t max_header_bytes, size_t piece)
      : bytes_(bytes), max_(max_header_bytes), piece_(piece), reader_(max_header_bytes) {}

  // The requests that are given.
  std::string Read() {
    while (requests_ < kMaxRequests && !failed_) {
      if (!Step() && !More()) break;
    }
    return seen_;
  }

 private:
  bool More() {
    const size_t most = std::min({bytes_.size(), given_ + piece_, taken_ + max_});
    if (most <= given_) return false;
    given_ = most;
    return true;
  }

  // False: it waits for more input.
  bool Step() {
    if (idle_) {
      if (!empty_line_passed_ && input().substr(0, 2) == "\r\n") {
        taken_ += 2;
        empty_line_passed_ = true;
      }
      if (input().empty() || input() == "\r") return false;
      reader_.Begin();
      idle_ = limited_ = empty_line_passed_ = false;
    }
    if (input().empty()) return false;
    const size_t put = reader_.Put(input());
    Demand(put <= input().size(), "no more is taken than there is");
    taken_ += put;
    if (reader_.state() == RequestReader::State::kHeader) return put > 0;
    if (reader_.state() != RequestReader::State::kFailed && !limited_) OnHeader();
    if (reader_.state() == RequestReader::State::kFailed) {
      OnFailure();
    } else if (reader_.state() == RequestReader::State::kDone) {
      Demand(reader_.request().body.size() <= kMaxBody, "bodies are limited");
      seen_ += TextOf(reader_);
      ++requests_;
      idle_ = true;
      return true;
    }
    return put > 0;
  }

  void OnHeader() {
    limited_ = true;
    const HttpRequest& request = reader_.request();
    size_t bytes = request.target.size();
    for (const HttpField& field : request.fields) bytes += field.name.size() + field.value.size();
    Demand(bytes <= max_, "headers are limited");
    Demand(request.fields.size() <= kMaxHttpFields, "fields are limited");
    CheckTarget(request.target);
    reader_.LimitBody(kMaxBody);
  }

  void OnFailure() {
    failed_ = true;
    const HttpProblem& problem = reader_.problem();
    Demand(problem.status >= 400 && !problem.code.empty() && !problem.detail.empty(),
           "a refusal says why");
  }

  std::string_view input() const { return bytes_.substr(taken_, given_ - taken_); }

  std::string_view bytes_;
  const size_t max_;
  const size_t piece_;
  RequestReader reader_;
  size_t taken_ = 0;
  size_t given_ = 0;
  bool idle_ = true;
  bool empty_line_passed_ = false;
  bool limited_ = false;
  bool failed_ = false;
  int requests_ = 0;
  std::string seen_;
};

void CheckConnection(uint8_t dice, std::string_view bytes) {
  const size_t max_header = kHeaders[dice & 3];
  const size_t piece = 1 + (dice >> 2);
  const std::string in_pieces = Connection(bytes, max_header, piece).Read();
  const std::string at_once = Connection(bytes, max_header, bytes.size()).Read();
  // A header that is over its limit and wrong too may be refused for either; one that is wrong and
  // not complete may be waited for.
  if (bytes.size() < max_header) Demand(in_pieces == at_once, "pieces make no difference");
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  flywheel::CheckConnection(data[0], bytes);
  flywheel::CheckTarget(bytes);
  return 0;
}
