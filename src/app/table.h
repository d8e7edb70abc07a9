// Text for people: numbers with separators, columns that line up.
#ifndef FLYWHEEL_APP_TABLE_H_
#define FLYWHEEL_APP_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace flywheel {

// 1234567 is "1,234,567".
std::string GroupedNumber(uint64_t number);

// Rows of cells; the first is the header. Columns are as wide as their widest cell; those that hold
// numbers alone (but for the header) are set to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // The number of rows, the header not counted.
  size_t size() const { return rows_.size() - 1; }
  std::string ToText() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_TABLE_H_
