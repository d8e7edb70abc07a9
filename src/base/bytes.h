// Variable-length integers and length-prefixed strings: the alphabet of every row.
#ifndef FLYWHEEL_BASE_BYTES_H_
#define FLYWHEEL_BASE_BYTES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace flywheel {

static_assert(std::endian::native == std::endian::little, "numbers are read as words");

// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

// Puts the number where `to` points, in at most kMaxVarintBytes; gives the end of it.
inline constexpr size_t kMaxVarintBytes = 10;
inline char* PutUnsigned(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}
inline char* PutSigned(char* to, int64_t value) { return PutUnsigned(to, ZigZag(value)); }

// Appends to a string that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}

  void Byte(uint8_t byte) { out_->push_back(static_cast<char>(byte)); }
  void Unsigned(uint64_t value) {
    if (value < 0x80) return Byte(static_cast<uint8_t>(value));
    char buffer[kMaxVarintBytes];
    out_->append(buffer, PutUnsigned(buffer, value));
  }
  void Signed(int64_t value) { Unsigned(ZigZag(value)); }
  void Raw(std::string_view bytes) { out_->append(bytes); }
  void String(std::string_view bytes) {
    Unsigned(bytes.size());
    Raw(bytes);
  }

 private:
  std::string* out_;
};

// Reads what ByteWriter wrote. After a read past the end or of a bad varint ok() is false and every
// value is zero or empty, so callers check once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

  uint8_t Byte() {
    if (at_ == end_) return Fail();
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Unsigned() {
    if (const size_t size = SizeAtOnce(); size != 0) {
      // Its groups of seven bits are moved together: into pairs, fours and all eight.
      uint64_t groups = Word() & 0x7f7f'7f7f'7f7f'7f7f & (~uint64_t{0} >> (64 - 8 * size));
      groups = (groups & 0x007f'007f'007f'007f) | (groups & 0x7f00'7f00'7f00'7f00) >> 1;
      groups = (groups & 0x0000'3fff'0000'3fff) | (groups & 0x3fff'0000'3fff'0000) >> 2;
      groups = (groups & 0x0000'0000'0fff'ffff) | (groups & 0x0fff'ffff'0000'0000) >> 4;
      at_ += size;
      return groups;
    }
    return UnsignedByByte();
  }
  // Passes over a number of either kind.
  void SkipNumber() {
    if (const size_t size = SizeAtOnce(); size != 0) {
      at_ += size;
    } else {
      UnsignedByByte();
    }
  }
  int64_t Signed() { return UnZigZag(Unsigned()); }
  std::string_view Raw(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) {
      Fail();
      return {};
    }
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view String() { return Raw(Unsigned()); }

 private:
  // The eight bytes at hand, the first the least significant. REQUIRES: there are so many.
  uint64_t Word() const {
    uint64_t word = 0;
    std::memcpy(&word, at_, sizeof(word));
    return word;
  }
  // The bytes of the number at hand, without a look at each: it is made of those that say that
  // another follows and one that does not. 0: it may be longer than eight bytes or the rest.
  size_t SizeAtOnce() const {
    if (static_cast<size_t>(end_ - at_) < sizeof(uint64_t)) return 0;
    const uint64_t last = ~Word() & 0x8080'8080'8080'8080;
    return last == 0 ? 0 : static_cast<size_t>(__builtin_ctzll(last)) / 8 + 1;
  }
  uint64_t UnsignedByByte() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return Fail();
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }

  uint8_t Fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

// Big-endian numbers: keys that contain them sort as the numbers do (not negative ones).
inline void AppendBigEndian32(std::string* out, uint32_t value) {
  const char bytes[] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                        static_cast<char>(value >> 8), static_cast<char>(value)};
  out->append(bytes, sizeof(bytes));
}
inline void AppendBigEndian64(std::string* out, uint64_t value) {
  AppendBigEndian32(out, static_cast<uint32_t>(value >> 32));
  AppendBigEndian32(out, static_cast<uint32_t>(value));
}
inline uint32_t ReadBigEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4 && i < bytes.size(); ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}
inline uint64_t ReadBigEndian64(std::string_view bytes) {
  return uint64_t{ReadBigEndian32(bytes)} << 32 |
         (bytes.size() > 4 ? ReadBigEndian32(bytes.substr(4)) : 0);
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_BYTES_H_
