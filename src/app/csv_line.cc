#include "app/csv_line.h"

#include <string_view>

namespace flywheel {
namespace {

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char byte : text) {
    if (byte == '"') quoted.push_back('"');
    quoted.push_back(byte);
  }
  return quoted + "\"";
}

}  // namespace

std::string CsvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (!line.empty()) line.push_back(',');
    line += CsvField(field);
  }
  return line + "\n";
}

}  // namespace flywheel
