#include "base/bytes.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/market.h"

namespace flywheel {
namespace {

TEST_CASE("numbers and strings come back as they were written") {
  CHECK(rc::check([](const std::vector<int64_t>& numbers, const std::vector<std::string>& strings) {
    std::string bytes;
    ByteWriter writer(&bytes);
    for (const int64_t number : numbers) {
      writer.Signed(number);
      writer.Unsigned(static_cast<uint64_t>(number));
    }
    for (const std::string& string : strings) writer.String(string);
    ByteReader reader(bytes);
    for (const int64_t number : numbers) {
      RC_ASSERT(reader.Signed() == number);
      RC_ASSERT(reader.Unsigned() == static_cast<uint64_t>(number));
    }
    for (const std::string& string : strings) RC_ASSERT(reader.String() == string);
    RC_ASSERT(reader.done());
    RC_ASSERT(reader.ok());
  }));
}

TEST_CASE("a number of any length is read, and passed over, wherever its bytes end") {
  std::vector<uint64_t> numbers{0, 1, UINT64_MAX};
  for (int bit = 1; bit < 64; ++bit) {
    numbers.push_back((uint64_t{1} << bit) - 1);
    numbers.push_back(uint64_t{1} << bit);
    numbers.push_back(0xa5c3'96e1'7b2d'f084 >> (64 - bit));
  }
  for (const uint64_t number : numbers) {
    for (size_t more = 0; more < 10; ++more) {
      INFO(number << " and " << more << " bytes");
      std::string bytes;
      ByteWriter(&bytes).Unsigned(number);
      const size_t size = bytes.size();
      bytes.append(more, '\x93');
      ByteReader reader(bytes);
      CHECK(reader.Unsigned() == number);
      CHECK(reader.ok());
      CHECK(reader.rest().size() == more);
      ByteReader skipping(bytes);
      skipping.SkipNumber();
      CHECK(skipping.ok());
      CHECK(skipping.rest().size() == more);
      ByteReader cut(std::string_view(bytes).substr(0, size - 1));
      CHECK(cut.Unsigned() == 0);
      CHECK_FALSE(cut.ok());
      ByteReader cut_skipping(std::string_view(bytes).substr(0, size - 1));
      cut_skipping.SkipNumber();
      CHECK_FALSE(cut_skipping.ok());
    }
  }
}

TEST_CASE("a read past the end is noticed and gives nothing") {
  std::string bytes;
  ByteWriter(&bytes).String("hello");
  bytes.pop_back();
  ByteReader reader(bytes);
  CHECK(reader.String().empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.Unsigned() == 0);
  ByteReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11));
  endless.Unsigned();
  CHECK_FALSE(endless.ok());
}

TEST_CASE("big-endian numbers sort as the numbers do") {
  CHECK(rc::check([](uint64_t a, uint64_t b) {
    std::string left;
    std::string right;
    AppendBigEndian64(&left, a);
    AppendBigEndian64(&right, b);
    RC_ASSERT((left < right) == (a < b));
    RC_ASSERT(ReadBigEndian64(left) == a);
  }));
}

TEST_CASE("a market's code is two capital letters") {
  CHECK(MarketCode("PL").text() == "PL");
  for (const char* bad : {"", "P", "pl", "POL", "P1"}) CHECK_FALSE(MarketCode(bad).given());
}

}  // namespace
}  // namespace flywheel
