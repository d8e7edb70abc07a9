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
  for (const char byte : value) {
    const auto code = static_cast<unsigned char>(byte);
    const bool is_control = (code < 0x20 && byte != '\t') || code == 0x7f;
    header_lines.push_back(is_control ? '?' : byte);
  }
  header_lines.append("\r\n");
}

}  // namespace flywheel
