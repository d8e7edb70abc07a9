#include "base/json_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/utf8.h"

namespace flywheel {
namespace {

// Length of the UTF-8 sequence that a text starts with; 0: it starts with none.
size_t SequenceLength(std::string_view text) {
  for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (IsUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

void AppendEscaped(std::string_view text, std::string& out) {
  const bool is_utf8 = IsUtf8(text);
  for (size_t at = 0; at < text.size();) {
    const char byte = text[at];
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(byte);
      ++at;
    } else if (code < 0x20 || code == 0x7f) {
      out += fmt::format("\\u{:04x}", code);
      ++at;
    } else if (code < 0x80 || is_utf8) {
      out.push_back(byte);
      ++at;
    } else if (const size_t length = SequenceLength(text.substr(at)); length > 0) {
      out.append(text.substr(at, length));
      at += length;
    } else {
      out += "\\ufffd";
      ++at;
    }
  }
}

}  // namespace

JsonWriter& JsonWriter::Key(std::string_view name) {
  Text(name);
  text_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Text(std::string_view text) {
  Separate();
  text_.push_back('"');
  AppendEscaped(text, text_);
  text_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::Decimal(int64_t units, int decimals) {
  return Raw(DecimalText(units, decimals));
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_.append(json);
  return *this;
}

std::string JsonWriter::TakeLine() {
  text_.push_back('\n');
  comma_ = false;
  return std::exchange(text_, {});
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_.push_back(bracket);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_.push_back(bracket);
  comma_ = true;
  return *this;
}

void JsonWriter::Separate() {
  if (comma_) text_.push_back(',');
  comma_ = true;
}

std::string DecimalText(int64_t units, int decimals) {
  int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return fmt::format("{}.{:0{}}", units / scale, units % scale, decimals);
}

}  // namespace flywheel
