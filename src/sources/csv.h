// Reads CSV files (RFC 4180 as files in the wild write it) by the names of their columns.
#ifndef FLYWHEEL_SOURCES_CSV_H_
#define FLYWHEEL_SOURCES_CSV_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace flywheel {

// Bounds of what one row may hold.
struct CsvLimits {
  // Longest field in bytes; a longer one makes its row a bad row, and reading goes on at the first
  // line end after the place where the limit was passed (a lost quote must not swallow the file).
  size_t field_bytes = size_t{1} << 20;
  // Most fields of a row; further ones are counted, not kept.
  size_t fields = 1024;
};

// Why a row cannot be used.
enum class CsvProblem : uint8_t {
  kNone,
  kFieldCount,  // too few or too many fields
  kFieldTooLong,
  kOpenQuote,    // the file ends inside a quoted field
  kInvalidUtf8,  // in one of the columns that are read
  kNulByte,      // in one of the columns that are read
};

// "wrong number of fields"; "" for kNone.
std::string_view NameOf(CsvProblem problem);

// One row. The fields belong to the reader and live until its next Next.
struct CsvRow {
  int64_t line = 0;                      // of the file, from 1: where the row starts
  std::vector<std::string_view> fields;  // in the order of the columns asked for; empty when bad
  CsvProblem problem = CsvProblem::kNone;
  std::string detail;  // for a person, when there is a problem: "5 fields instead of 7"
};

// A CSV file, read forwards once.
//
// Operation: the first row names the columns. Fields may be quoted and then hold commas, doubled
// quotes and line ends. Lines end with LF, CRLF or CR; the last may lack its end; lines without a
// character are skipped; a UTF-8 byte order mark is ignored. Spaces belong to their fields. Line
// numbers count LF.
//
// Limits: CsvLimits; memory is one row and a buffer, however large the file.
//
// Concurrency: one thread at a time.
class CsvReader {
 public:
  // Opens a file and reads its header. NotFound (no such file), Unavailable (cannot be read),
  // InvalidArgument (no header, a column that is missing or named twice, a bad header row).
  static absl::StatusOr<CsvReader> Open(const std::string& path,
                                        absl::Span<const std::string_view> columns,
                                        const CsvLimits& limits = {});

  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  // Reads the next row, good or bad. False at the end of the file. Unavailable when the disk fails.
  absl::StatusOr<bool> Next(CsvRow* row);

 private:
  class Parser;
  explicit CsvReader(std::unique_ptr<Parser> parser);

  std::unique_ptr<Parser> parser_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_CSV_H_
