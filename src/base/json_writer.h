// JSON text with what the answers need and general writers lack: numbers with fixed decimals,
// printed exactly.
#ifndef FLYWHEEL_BASE_JSON_WRITER_H_
#define FLYWHEEL_BASE_JSON_WRITER_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace flywheel {

// Operation: calls in the order of the text; commas and colons are put in. Nothing checks that keys
// stand in objects and everything is closed. Bytes of a text that are no UTF-8 become U+FFFD, so
// the text is JSON whatever comes in.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);

  JsonWriter& Text(std::string_view text);
  JsonWriter& Number(std::integral auto number) { return Raw(std::to_string(number)); }
  JsonWriter& Boolean(bool value) { return Raw(value ? "true" : "false"); }
  // Thousandths and the like: Decimal(457, 2) is 4.57. REQUIRES: units >= 0, 1 <= decimals <= 9.
  JsonWriter& Decimal(int64_t units, int decimals);
  // A value that is JSON already.
  JsonWriter& Raw(std::string_view json);

  // A key and its value.
  JsonWriter& Field(std::string_view name, std::string_view text) { return Key(name).Text(text); }
  JsonWriter& Field(std::string_view name, std::integral auto number) {
    return Key(name).Number(number);
  }
  JsonWriter& Flag(std::string_view name, bool value) { return Key(name).Boolean(value); }
  // Nothing where the text is empty: absent is absent.
  JsonWriter& FieldIfGiven(std::string_view name, std::string_view text) {
    return text.empty() ? *this : Field(name, text);
  }

  const std::string& text() const { return text_; }
  // The text, followed by the end of its line; the writer is empty afterwards.
  std::string TakeLine();

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();

  std::string text_;
  bool comma_ = false;  // a value stands before, so a comma comes first
};

// The decimal text of JsonWriter::Decimal.
std::string DecimalText(int64_t units, int decimals);

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_JSON_WRITER_H_
