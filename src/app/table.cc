#include "app/table.h"

#include <algorithm>
#include <string_view>

namespace flywheel {
namespace {

// Columns on a screen: a character of UTF-8 is one, whatever its bytes.
size_t WidthOf(std::string_view cell) {
  return static_cast<size_t>(std::count_if(cell.begin(), cell.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

bool IsNumber(std::string_view cell) {
  return cell.find_first_not_of("0123456789.,%-+") == std::string_view::npos;
}

}  // namespace

std::string GroupedNumber(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string Table::ToText() const {
  const size_t columns = rows_.front().size();
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> right(columns, true);
  for (size_t row = 0; row < rows_.size(); ++row) {
    for (size_t column = 0; column < columns; ++column) {
      widths[column] = std::max(widths[column], WidthOf(rows_[row][column]));
      if (row > 0 && !IsNumber(rows_[row][column])) right[column] = false;
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (size_t column = 0; column < columns; ++column) {
      const std::string fill(widths[column] - WidthOf(row[column]), ' ');
      if (column > 0) line += "  ";
      line += right[column] ? fill + row[column] : row[column] + fill;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace flywheel
