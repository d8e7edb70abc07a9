#include "sources/csv.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sources/random.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

constexpr std::string_view kColumns[] = {"b", "a"};

struct Read {
  int64_t line;
  std::vector<std::string> fields;
  CsvProblem problem;
};

std::vector<Read> ReadAll(std::string_view text, const CsvLimits& limits = {}) {
  const TemporaryFolder folder;
  folder.Write("file.csv", text);
  absl::StatusOr<CsvReader> reader = CsvReader::Open(folder.Path("file.csv"), kColumns, limits);
  REQUIRE(reader.ok());
  std::vector<Read> rows;
  CsvRow row;
  while (true) {
    const absl::StatusOr<bool> more = reader->Next(&row);
    REQUIRE(more.ok());
    if (!*more) return rows;
    rows.push_back({row.line, {row.fields.begin(), row.fields.end()}, row.problem});
  }
}

absl::Status OpenText(std::string_view text) {
  const TemporaryFolder folder;
  folder.Write("file.csv", text);
  return CsvReader::Open(folder.Path("file.csv"), kColumns).status();
}

using Fields = std::vector<std::string>;

TEST_CASE("columns are found by name in any order and extra ones are left out") {
  const std::vector<Read> rows = ReadAll("a,x,b\n1,2,3\n");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].fields == Fields{"3", "1"});
  CHECK(rows[0].line == 2);
}

TEST_CASE("quoted fields hold commas, doubled quotes and line ends") {
  const std::vector<Read> rows = ReadAll("a,b\n\"x,\"\"y\"\"\",\"one\r\ntwo\n\nthree\"\nlast,1\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].fields == Fields{"one\r\ntwo\n\nthree", "x,\"y\""});
  CHECK(rows[0].line == 2);
  CHECK(rows[1].fields == Fields{"1", "last"});
  CHECK(rows[1].line == 6);
}

TEST_CASE("byte order mark, CRLF, CR, empty lines and a missing last line end are understood") {
  for (const std::string_view text : {"\xEF\xBB\xBF"
                                      "a,b\r\n1,2\r\n3,4\r\n",
                                      "a,b\n\n1,2\n\n\n3,4", "a,b\r1,2\r3,4",
                                      "\xEF\xBB\xBF\"a\",b\n1,2\n3,\"4\"", "a,b\n1,2\n3,4\n\n"}) {
    CAPTURE(text);
    const std::vector<Read> rows = ReadAll(text);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].fields == Fields{"2", "1"});
    CHECK(rows[1].fields == Fields{"4", "3"});
  }
}

TEST_CASE("spaces and empty fields are kept as they are") {
  const std::vector<Read> rows = ReadAll("a,b\n  1 ,\n\"\", x\t\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].fields == Fields{"", "  1 "});
  CHECK(rows[1].fields == Fields{" x\t", ""});
}

TEST_CASE("rows with too few or too many fields are reported with their line and reading goes on") {
  const std::vector<Read> rows = ReadAll("a,b\n1\n1,2,3\n4,5\n");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].problem == CsvProblem::kFieldCount);
  CHECK(rows[0].line == 2);
  CHECK(rows[0].fields.empty());
  CHECK(rows[1].problem == CsvProblem::kFieldCount);
  CHECK(rows[1].line == 3);
  CHECK(rows[2].problem == CsvProblem::kNone);
  CHECK(rows[2].fields == Fields{"5", "4"});
}

TEST_CASE("NUL bytes and invalid UTF-8 are reported only in the columns that are read") {
  using namespace std::string_view_literals;
  const std::vector<Read> rows = ReadAll(
      "a,b,c\n1,\0002,3\n1,\xFF,3\n1,2,\xFF\0\n1,\xED\xA0\x80,3\n1,ż\xF0\x9F\x98\x80,3\n"sv);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].problem == CsvProblem::kNulByte);
  CHECK(rows[1].problem == CsvProblem::kInvalidUtf8);
  CHECK(rows[2].problem == CsvProblem::kNone);
  CHECK(rows[3].problem == CsvProblem::kInvalidUtf8);
  CHECK(rows[4].fields == Fields{"ż\xF0\x9F\x98\x80", "1"});
}

TEST_CASE("a field over the limit costs its row and not the rest of the file") {
  CsvLimits limits;
  limits.field_bytes = 10;
  const std::vector<Read> rows =
      ReadAll("a,b\n0123456789,1\n01234567890,2\nx,3\n\"lost quote,4\nin,swallowed\ny,5\n", limits);
  REQUIRE(rows.size() >= 4);
  CHECK(rows[0].fields == Fields{"1", "0123456789"});
  CHECK(rows[1].problem == CsvProblem::kFieldTooLong);
  CHECK(rows[2].fields == Fields{"3", "x"});
  CHECK(rows[3].problem == CsvProblem::kFieldTooLong);
  CHECK(rows[3].line == 5);
  CHECK(rows.back().fields == Fields{"5", "y"});
}

TEST_CASE("a field larger than the read buffer is read whole") {
  const std::string big(300'000, 'x');
  const std::vector<Read> rows = ReadAll("a,b\n" + big + ",\"" + big + "\n\"\n1,2\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].fields == Fields{big + "\n", big});
  CHECK(rows[1].line == 4);
}

TEST_CASE("a file that ends inside quotes reports its last row") {
  const std::vector<Read> rows = ReadAll("a,b\n1,2\n3,\"4\n5,6\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].problem == CsvProblem::kOpenQuote);
  CHECK(rows[1].line == 3);
}

TEST_CASE("a row of very many fields is bounded") {
  const std::vector<Read> rows = ReadAll("a,b\n" + std::string(5'000'000, ',') + "\n1,2\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].problem == CsvProblem::kFieldCount);
  CHECK(rows[1].problem == CsvProblem::kNone);
}

TEST_CASE("a file without the columns is refused with the file and the column named") {
  CHECK(OpenText("").code() == absl::StatusCode::kInvalidArgument);
  CHECK(OpenText("\n\n").code() == absl::StatusCode::kInvalidArgument);
  const absl::Status missing = OpenText("a,c\n1,2\n");
  CHECK(missing.code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(missing.message()).find("'b'") != std::string::npos);
  CHECK(OpenText("a,b,b\n").code() == absl::StatusCode::kInvalidArgument);
  CHECK(OpenText("a,b\n").ok());
}

TEST_CASE("what is written by the rules is read back as it was") {
  Random random(2024);
  constexpr std::string_view kPieces[] = {"\"", ",", "\n", "\r\n", "\r", " ", "a", "ż", "bc"};
  for (int file = 0; file < 200; ++file) {
    std::vector<Fields> written;
    std::string text = "a,b";
    for (uint32_t row = random.Below(20); row > 0; --row) {
      Fields fields(2);
      text += random.Chance(500'000) ? "\n" : "\r\n";
      for (size_t i = 0; i < 2; ++i) {
        std::string quoted;
        for (uint32_t piece = random.Below(12); piece > 0; --piece) {
          const std::string_view add = kPieces[random.Below(std::size(kPieces))];
          fields[1 - i] += add;
          quoted += add == "\"" ? "\"\"" : add;
        }
        text += "\"" + quoted + (i == 0 ? "\"," : "\"");
      }
      written.push_back(fields);
    }
    CAPTURE(text);
    const std::vector<Read> rows = ReadAll(text);
    REQUIRE(rows.size() == written.size());
    for (size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].fields == written[i]);
  }
}

TEST_CASE("bytes that are no CSV give rows with rising lines and an end") {
  Random random(2025);
  constexpr std::string_view kBytes("\"\",,\n\n\r\0\xFF\xC2 ab", 14);
  for (int file = 0; file < 300; ++file) {
    std::string text = "a,b\n";
    for (uint32_t i = random.Below(400); i > 0; --i) text += kBytes[random.Below(14)];
    CAPTURE(text);
    CsvLimits limits;
    limits.field_bytes = 40;
    limits.fields = 3;
    int64_t line = 1;
    for (const Read& row : ReadAll(text, limits)) {
      CHECK(row.line >= line);
      CHECK(row.fields.size() == (row.problem == CsvProblem::kNone ? 2u : 0u));
      line = row.line;
    }
    CHECK(line <= 1 + std::count(text.begin(), text.end(), '\n'));
  }
}

TEST_CASE("a missing file is NotFound and a folder is no file") {
  const TemporaryFolder folder;
  CHECK(CsvReader::Open(folder.Path("none.csv"), kColumns).status().code() ==
        absl::StatusCode::kNotFound);
  CHECK(CsvReader::Open(folder.Path(""), kColumns).status().code() ==
        absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace flywheel
