#include "sources/csv.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <utility>

#include "base/status.h"
#include "base/utf8.h"

namespace flywheel {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

int NoSpace(unsigned char) { return 0; }  // spaces belong to their fields

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// A row as the parser gives it.
struct RawRow {
  int64_t line = 0;
  size_t count = 0;                        // of fields, those that are not kept included
  CsvProblem problem = CsvProblem::kNone;  // found while parsing
  std::vector<std::string> fields;
};

}  // namespace

std::string_view NameOf(CsvProblem problem) {
  switch (problem) {
    case CsvProblem::kNone:
      return "";
    case CsvProblem::kFieldCount:
      return "wrong number of fields";
    case CsvProblem::kFieldTooLong:
      return "field too long";
    case CsvProblem::kOpenQuote:
      return "quote never closed";
    case CsvProblem::kInvalidUtf8:
      return "invalid UTF-8";
    case CsvProblem::kNulByte:
      return "NUL byte";
  }
  return "";
}

class CsvReader::Parser {
 public:
  Parser(std::string path, std::unique_ptr<std::FILE, CloseFile> file, const CsvLimits& limits)
      : path_(std::move(path)), limits_(limits), file_(std::move(file)) {
    // Only the parser's growth can fail later; csv_init fails on a null pointer alone.
    csv_init(&csv_, 0);
    csv_set_space_func(&csv_, NoSpace);
  }
  ~Parser() { csv_free(&csv_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  absl::Status ReadHeader(absl::Span<const std::string_view> columns);
  absl::StatusOr<bool> Next(CsvRow* row);

 private:
  static void OnField(void* text, size_t size, void* self) {
    static_cast<Parser*>(self)->AddField({static_cast<const char*>(text), size});
  }
  static void OnRow(int, void* self) { static_cast<Parser*>(self)->EndRow(); }
  static void DropField(void*, size_t, void*) {}
  static void DropRow(int, void*) {}

  void AddField(std::string_view text);
  void EndRow();
  // Parses until a row is ready or the file has ended.
  absl::StatusOr<bool> ReadRow(RawRow* row);
  absl::Status Fill();
  // Feeds the parser what stands in the buffer, up to the next line end.
  absl::Status FeedLine();
  absl::Status Feed(std::string_view text);
  void GiveUpRow(CsvProblem problem);
  absl::Status EndFile();
  void Judge(CsvRow* row) const;

  const std::string path_;
  const CsvLimits limits_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  csv_parser csv_;

  std::string buffer_;
  size_t position_ = 0;
  bool at_end_ = false;
  bool ended_ = false;      // the parser has been told so
  bool started_ = false;    // the byte order mark has been looked for
  bool resyncing_ = false;  // what comes before the next line end belongs to a row given up
  int64_t line_ = 1;        // of what is fed next

  RawRow open_;  // the row being read; its line is set with its first field
  bool in_row_ = false;
  int64_t row_line_ = 1;
  std::deque<RawRow> ready_;

  size_t header_count_ = 0;
  std::vector<size_t> wanted_;  // index in the file of each column asked for
  RawRow current_;
};

void CsvReader::Parser::AddField(std::string_view text) {
  ++open_.count;
  if (text.size() > limits_.field_bytes) open_.problem = CsvProblem::kFieldTooLong;
  if (open_.fields.size() < limits_.fields && open_.problem == CsvProblem::kNone) {
    open_.fields.emplace_back(text);
  }
}

void CsvReader::Parser::EndRow() {
  open_.line = row_line_;
  ready_.push_back(std::exchange(open_, {}));
  in_row_ = false;
}

absl::Status CsvReader::Parser::Fill() {
  if (position_ < buffer_.size() || at_end_) return absl::OkStatus();
  buffer_.resize(kBufferBytes);
  const size_t got = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
  if (got < buffer_.size() && std::ferror(file_.get()) != 0) {
    return absl::UnavailableError(
        fmt::format("{}: cannot be read: {}", path_, std::strerror(errno)));
  }
  buffer_.resize(got);
  position_ = 0;
  at_end_ = got == 0;
  if (!started_ && buffer_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
  started_ = true;
  return absl::OkStatus();
}

absl::Status CsvReader::Parser::Feed(std::string_view text) {
  const size_t taken = csv_parse(&csv_, text.data(), text.size(), OnField, OnRow, this);
  if (taken == text.size()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("{}:{}: {}", path_, line_, csv_strerror(csv_error(&csv_))));
}

void CsvReader::Parser::GiveUpRow(CsvProblem problem) {
  csv_fini(&csv_, DropField, DropRow, nullptr);  // takes the parser back to "no row begun"
  open_.problem = problem;
  EndRow();
}

// A line end completes a last row that lacks one, unless a quote is open.
absl::Status CsvReader::Parser::EndFile() {
  ended_ = true;
  RETURN_IF_ERROR(Feed("\n"));
  if (ready_.empty() && in_row_) GiveUpRow(CsvProblem::kOpenQuote);
  return absl::OkStatus();
}

absl::Status CsvReader::Parser::FeedLine() {
  const std::string_view rest = std::string_view(buffer_).substr(position_);
  const size_t end = rest.find('\n');
  const bool whole = end != std::string_view::npos;
  const std::string_view text = rest.substr(0, whole ? end + 1 : rest.size());
  position_ += text.size();
  if (!resyncing_) {
    if (!in_row_ && text.find_first_not_of("\r\n") != std::string_view::npos) {
      in_row_ = true;
      row_line_ = line_;
    }
    RETURN_IF_ERROR(Feed(text));
    if (csv_.entry_pos > limits_.field_bytes) {
      GiveUpRow(CsvProblem::kFieldTooLong);
      resyncing_ = true;
    }
  }
  if (whole) {
    ++line_;
    resyncing_ = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Parser::ReadRow(RawRow* row) {
  while (ready_.empty()) {
    RETURN_IF_ERROR(Fill());
    if (at_end_ && ended_) return false;
    RETURN_IF_ERROR(at_end_ ? EndFile() : FeedLine());
  }
  *row = std::move(ready_.front());
  ready_.pop_front();
  return true;
}

absl::Status CsvReader::Parser::ReadHeader(absl::Span<const std::string_view> columns) {
  ASSIGN_OR_RETURN(const bool found, ReadRow(&current_));
  if (!found) return absl::InvalidArgumentError(fmt::format("{}: has no header", path_));
  if (current_.problem != CsvProblem::kNone || current_.count > limits_.fields) {
    return absl::InvalidArgumentError(fmt::format("{}:1: this is no header of a CSV file", path_));
  }
  header_count_ = current_.count;
  const std::vector<std::string>& names = current_.fields;
  for (const std::string_view column : columns) {
    const auto first = std::find(names.begin(), names.end(), column);
    if (first == names.end()) {
      return absl::InvalidArgumentError(fmt::format("{}: column '{}' is missing", path_, column));
    }
    if (std::find(first + 1, names.end(), column) != names.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: column '{}' stands twice in the header", path_, column));
    }
    wanted_.push_back(static_cast<size_t>(first - names.begin()));
  }
  return absl::OkStatus();
}

void CsvReader::Parser::Judge(CsvRow* row) const {
  row->problem = current_.problem;
  if (row->problem == CsvProblem::kFieldTooLong) {
    row->detail =
        fmt::format("a field is longer than {} bytes; is a quote lost?", limits_.field_bytes);
    return;
  }
  if (row->problem == CsvProblem::kOpenQuote) {
    row->detail = "the file ends inside a quoted field";
    return;
  }
  if (current_.count != header_count_) {
    row->problem = CsvProblem::kFieldCount;
    row->detail = fmt::format("{} fields instead of {}", current_.count, header_count_);
    return;
  }
  for (const size_t index : wanted_) {
    const std::string& field = current_.fields[index];
    if (field.find('\0') != std::string::npos) {
      row->problem = CsvProblem::kNulByte;
      row->detail = fmt::format("field {} holds a NUL byte", index + 1);
      return;
    }
    if (!IsUtf8(field)) {
      row->problem = CsvProblem::kInvalidUtf8;
      row->detail = fmt::format("field {} is not valid UTF-8", index + 1);
      return;
    }
  }
}

absl::StatusOr<bool> CsvReader::Parser::Next(CsvRow* row) {
  row->fields.clear();
  row->detail.clear();
  ASSIGN_OR_RETURN(const bool found, ReadRow(&current_));
  if (!found) return false;
  row->line = current_.line;
  Judge(row);
  if (row->problem == CsvProblem::kNone) {
    for (const size_t index : wanted_) row->fields.push_back(current_.fields[index]);
  }
  return true;
}

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path,
                                          absl::Span<const std::string_view> columns,
                                          const CsvLimits& limits) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    const int error = errno;
    const std::string message = fmt::format("{}: cannot be opened: {}", path, std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
  }
  auto parser = std::make_unique<Parser>(path, std::move(file), limits);
  RETURN_IF_ERROR(parser->ReadHeader(columns));
  return CsvReader(std::move(parser));
}

CsvReader::CsvReader(std::unique_ptr<Parser> parser) : parser_(std::move(parser)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

absl::StatusOr<bool> CsvReader::Next(CsvRow* row) { return parser_->Next(row); }

}  // namespace flywheel
