// A request and its answer, as handlers see them.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_MESSAGE_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_MESSAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flywheel {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

// "GET". kOther has no name.
std::string_view NameOf(HttpMethod method);

struct HttpField {
  std::string_view name;
  std::string_view value;
};

// A parameter of the target's query, decoded. "a" and "a=" are the same.
struct HttpParameter {
  std::string name;
  std::string value;
};

// Views are valid until the handler returns; what is needed later has to be copied or moved out.
struct HttpRequest {
  HttpMethod method = HttpMethod::kOther;
  std::string_view target;  // path and query as they were sent
  // What stood in place of the {names} of the route's pattern, in their order, decoded.
  std::vector<std::string> path_values;
  std::vector<HttpParameter> parameters;  // in the order of the target
  std::vector<HttpField> fields;          // in the order of the header
  std::string body;

  // The value of the first such field, whatever the case of its name; empty: there is none.
  std::string_view Header(std::string_view name) const;
};

// Operation: the server adds Date, Content-Length, and Connection where it closes.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // of a literal
  std::string header_lines;                            // "Name: value\r\n" each; see AddHeader
  std::string body;

  // Bytes that may not stand in a header become "?".
  void AddHeader(std::string_view name, std::string_view value);
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_MESSAGE_H_
