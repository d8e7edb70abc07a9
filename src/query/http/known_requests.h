// Requests that come again and again, byte for byte, with what was made of them the first time.
#ifndef FLYWHEEL_QUERY_HTTP_KNOWN_REQUESTS_H_
#define FLYWHEEL_QUERY_HTTP_KNOWN_REQUESTS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "query/http/http_routes.h"

namespace flywheel {

// A request of HTTP/1.1 without a body whose connection is kept.
struct KnownRequest {
  const HttpRoute* route = nullptr;
  std::shared_ptr<const HttpPrepared> prepared;
  bool is_head = false;
};

// Limits: so many requests of so many bytes; beyond, all are forgotten and learnt anew.
//
// Not thread-safe.
class KnownRequests {
 public:
  static constexpr size_t kMaxRequests = 4096;
  static constexpr size_t kMaxBytes = 1024;

  // The bytes of the whole header that `input` begins with; empty: it is not complete, or too long
  // to be known.
  static std::string_view HeaderOf(std::string_view input) {
    const size_t end = input.substr(0, kMaxBytes).find("\r\n\r\n");
    return end == std::string_view::npos ? std::string_view() : input.substr(0, end + 4);
  }

  // nullptr: it is not known. Valid until the next Learn.
  const KnownRequest* Find(std::string_view header) const {
    const auto found = requests_.find(header);
    return found == requests_.end() ? nullptr : &found->second->request;
  }

  void Learn(std::string_view header, KnownRequest request) {
    if (requests_.size() >= kMaxRequests) requests_.clear();
    requests_.erase(header);
    auto entry = std::make_unique<Entry>(Entry{std::string(header), std::move(request)});
    const std::string_view key = entry->header;
    requests_.emplace(key, std::move(entry));
  }

  size_t size() const { return requests_.size(); }

 private:
  struct Entry {
    std::string header;
    KnownRequest request;
  };
  absl::flat_hash_map<std::string_view, std::unique_ptr<Entry>> requests_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_KNOWN_REQUESTS_H_
