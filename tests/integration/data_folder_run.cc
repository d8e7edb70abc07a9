#include "integration/data_folder_run.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

namespace flywheel {
namespace {

// The sum of the numbers that follow the key in the text.
uint64_t SumOf(std::string_view text, const std::string& key) {
  const std::string wanted = "\"" + key + "\":";
  uint64_t sum = 0;
  for (size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at)) {
    at += wanted.size();
    sum += std::strtoull(text.data() + at, nullptr, 10);
  }
  return sum;
}

}  // namespace

LogCounts CountsOf(const DataFolder& folder) {
  const ProgramEnd info = RunOn(folder, {"log", "info", "--json"});
  INFO(info.err);
  REQUIRE(info.code == 0);
  LogCounts counts;
  counts.records = SumOf(info.out, "end");
  counts.lag = SumOf(info.out, "lag");
  counts.accepted = SumOf(info.out, "accepted");
  counts.duplicates = SumOf(info.out, "duplicates");
  counts.repeats = SumOf(info.out, "repeats");
  counts.waiting = SumOf(info.out, "waiting");
  return counts;
}

void CheckWhole(const DataFolder& folder) {
  const ProgramEnd check = RunOn(folder, {"log", "check"});
  INFO(check.out << check.err);
  CHECK(check.code == 0);
  const ProgramEnd verify = RunOn(folder, {"verify"});
  INFO(verify.out << verify.err);
  CHECK(verify.code == 0);
  CHECK(Contains(verify.out, " rows compared, 0 differences"));
}

}  // namespace flywheel
