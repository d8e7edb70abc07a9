#include "query/http/http_message.h"

#include "absl/strings/match.h"

namespace flywheel {

std::string_view NameOf(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kHead:
      return "HEAD";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPut:
      return "PUT";
    case HttpMethod::kPatch:
      return "PATCH";
    case HttpMethod::kDelete:
      return "DELETE";
    case HttpMethod::kOptions:
      return "OPTIONS";
    case HttpMethod::kOther:
      break;
  }
  return "";
}

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const HttpField& field : fields) {
    if (absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, {name.data(), name.size()}))
      return field.value;
  }
  return {};
}

void HttpResponse::AddHeader(std::string_view name, std::string_view value) {
  header_lines.append(name).append(": ");
  const size_t begin = header_lines.size();
  header_lines.append(value);
  for (size_t at = begin; at < header_lines.size(); ++at) {
    const auto code = static_cast<unsigned char>(header_lines[at]);
    if ((code < 0x20 && code != '\t') || code == 0x7f) header_lines[at] = '?';
  }
  header_lines.append("\r\n");
}

}  // namespace flywheel
