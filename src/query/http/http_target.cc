#include "query/http/http_target.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace flywheel {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return (digit | 0x20) - 'a' + 10;
}

// REQUIRES: "%" stands before two hexadecimal digits.
void AppendDecoded(std::string_view encoded, std::string& out) {
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out.push_back(encoded[i]);
      continue;
    }
    out.push_back(static_cast<char>(HexDigit(encoded[i + 1]) * 16 + HexDigit(encoded[i + 2])));
    i += 2;
  }
}

// Calls `take` with each piece between separators.
template <class Take>
void Split(std::string_view text, char separator, const Take& take) {
  while (true) {
    const size_t end = text.find(separator);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string_view View(boost::urls::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status ParseTarget(std::string_view text, HttpTarget* target) {
  target->segments.clear();
  target->parameters.clear();
  const boost::urls::string_view given(text.data(), text.size());
  const bool is_origin_form = !text.empty() && text[0] == '/';
  const auto url = is_origin_form ? boost::urls::parse_origin_form(given)
                                  : boost::urls::parse_absolute_uri(given);
  if (url.has_error()) {
    return absl::InvalidArgumentError(
        "the target is no path with an optional query as RFC 3986 says; other characters are "
        "written as % and two hexadecimal digits");
  }
  const std::string_view path = View(url->encoded_path());
  if (path.empty() || path[0] != '/') return absl::InvalidArgumentError("the target has no path");
  target->origin_form = text.substr(static_cast<size_t>(path.data() - text.data()));
  Split(path.substr(1), '/', [target](std::string_view segment) {
    AppendDecoded(segment, target->segments.emplace_back());
  });
  if (!url->has_query()) return absl::OkStatus();
  size_t parameters = 0;
  Split(View(url->encoded_query()), '&', [&](std::string_view pair) {
    if (pair.empty() || ++parameters > kMaxHttpParameters) return;
    HttpParameter& parameter = target->parameters.emplace_back();
    const size_t equals = pair.find('=');
    AppendDecoded(pair.substr(0, equals), parameter.name);
    if (equals != std::string_view::npos) AppendDecoded(pair.substr(equals + 1), parameter.value);
  });
  if (parameters > kMaxHttpParameters) {
    return absl::InvalidArgumentError(
        fmt::format("the query has {} parameters, more than {}", parameters, kMaxHttpParameters));
  }
  return absl::OkStatus();
}

}  // namespace flywheel
