// Protobuf's wire format, read in place: what wire_scan.cc and record_view.cc are made of. Accepts
// and refuses exactly what libprotobuf 3.21 does, save what it calls kUnusual (wire_scan.h).
//
// Everything is inlined into the scan of one message, so that the place in the bytes stays in a
// register; this is what makes the scan fast.
#ifndef FLYWHEEL_EVENTS_WIRE_READER_H_
#define FLYWHEEL_EVENTS_WIRE_READER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/strong.h"
#include "base/utf8.h"
#include "events/event_view.h"
#include "events/wire_scan.h"

#define FLYWHEEL_INLINE [[gnu::always_inline]] inline

// Returns from the function unless `scan` (a ScanResult) is kOk.
#define FLYWHEEL_RETURN_UNLESS_OK(scan)                  \
  do {                                                   \
    const ScanResult flywheel_scan = (scan);             \
    if (flywheel_scan != ScanResult::kOk) [[unlikely]] { \
      return flywheel_scan;                              \
    }                                                    \
  } while (false)

namespace flywheel::wire {

enum WireType : uint32_t {
  kVarintType = 0,
  kFixed64Type = 1,
  kBytesType = 2,
  kStartGroupType = 3,
  kEndGroupType = 4,
  kFixed32Type = 5,
};

// The tags of a field, as they stand before its value.
constexpr uint32_t Varint(uint32_t field) { return field << 3 | kVarintType; }
constexpr uint32_t Bytes(uint32_t field) { return field << 3 | kBytesType; }

// The value of a varint of 2 to 8 bytes that stands in the low bytes of `word`; `stop` has the top
// bit of its last byte as its lowest bit set.
inline uint64_t PackedVarint(uint64_t word, uint64_t stop) {
  word &= stop ^ (stop - 1);
  word &= 0x7f7f7f7f7f7f7f7f;
  word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
  word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
  return (word & 0x000000000fffffff) | (word & 0x0fffffff00000000) >> 4;
}

// The rest of the varints: those of 9 or 10 bytes and those near the end of the bytes. What lies
// beyond 64 bits is dropped. nullptr when there is no end within 10 bytes.
[[gnu::noinline]] inline const char* LongVarint(const char* at, const char* end, uint64_t* value) {
  uint64_t sum = 0;
  for (int shift = 0; shift < 70 && at != end; shift += 7) {
    const uint64_t byte = static_cast<uint8_t>(*at++);
    sum |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = sum;
      return at;
    }
  }
  return nullptr;
}

// A tag or a size: at most 5 bytes, the fifth below the bound; more than 32 bits are dropped.
// nullptr when it is longer or has no end.
[[gnu::noinline]] inline const char* ShortVarint(const char* at, const char* end,
                                                 uint32_t last_byte_below, uint32_t* value) {
  uint32_t sum = 0;
  for (int shift = 0; shift < 35 && at != end; shift += 7) {
    const uint32_t byte = static_cast<uint8_t>(*at++);
    if (shift == 28 && byte >= last_byte_below) return nullptr;
    sum |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = sum;
      return at;
    }
  }
  return nullptr;
}

// The place after the value that follows a tag; nullptr when there is none or it is cut off.
[[gnu::noinline]] inline const char* PastValue(uint32_t tag, const char* at, const char* end) {
  uint64_t number = 0;
  uint32_t size = 0;
  switch (tag & 7) {
    case kVarintType:
      return LongVarint(at, end, &number);
    case kBytesType:
      at = ShortVarint(at, end, /*last_byte_below=*/0x08, &size);
      break;
    case kFixed64Type:
      size = 8;
      break;
    case kFixed32Type:
      size = 4;
      break;
    default:
      return nullptr;
  }
  return at != nullptr && size <= static_cast<size_t>(end - at) ? at + size : nullptr;
}

// Field numbers begin at 1, so no tag is below this.
inline constexpr uint32_t kFirstTag = 1 << 3;
// What tag() is at the end of a message.
inline constexpr uint32_t kNoTag = 0;

// Reads the fields of one message: Next() reads a tag, then the function of the field's type reads
// the value, or Skip() does. All of them are only called where a value comes.
template <Utf8Check kUtf8>
class Reader {
 public:
  // Bytes up to `readable_end`, at or after the message's end, may be loaded (and are not used).
  FLYWHEEL_INLINE Reader(std::string_view message, const char* readable_end)
      : at_(message.data()), end_(message.data() + message.size()), readable_end_(readable_end) {}
  FLYWHEEL_INLINE explicit Reader(std::string_view message)
      : Reader(message, message.data() + message.size()) {}

  FLYWHEEL_INLINE uint32_t tag() const { return tag_; }
  FLYWHEEL_INLINE bool Is(uint32_t tag) const { return tag_ == tag; }
  // Where the field of the tag begins, and where what was read so far ends.
  FLYWHEEL_INLINE const char* field_at() const { return field_at_; }
  FLYWHEEL_INLINE const char* at() const { return at_; }
  FLYWHEEL_INLINE const char* readable_end() const { return readable_end_; }

  // Reads the next tag, kNoTag at the end.
  FLYWHEEL_INLINE ScanResult Next() {
    field_at_ = at_;
    if (at_ == end_) {
      tag_ = kNoTag;
      return ScanResult::kOk;
    }
    tag_ = static_cast<uint8_t>(*at_);
    if (tag_ < 0x80) [[likely]] {
      ++at_;
    } else if (end_ - at_ >= 2 && static_cast<uint8_t>(at_[1]) < 0x80) [[likely]] {
      tag_ = (tag_ & 0x7f) | static_cast<uint32_t>(static_cast<uint8_t>(at_[1])) << 7;
      at_ += 2;
    } else {
      uint32_t tag = 0;
      at_ = ShortVarint(at_, end_, /*last_byte_below=*/0x80, &tag);
      tag_ = tag;
      if (at_ == nullptr) return ScanResult::kMalformed;
    }
    return tag_ >= kFirstTag ? ScanResult::kOk : ScanResult::kMalformed;
  }

  FLYWHEEL_INLINE ScanResult Number(uint64_t* value) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) [[likely]] {
      *value = static_cast<uint8_t>(*at_++);
      return ScanResult::kOk;
    }
    if (readable_end_ - at_ >= 8) [[likely]] {
      static_assert(std::endian::native == std::endian::little);
      uint64_t word;
      std::memcpy(&word, at_, sizeof(word));
      const uint64_t stop = ~word & 0x8080808080808080;
      if (stop != 0) [[likely]] {
        *value = PackedVarint(word, stop);
        at_ += std::countr_zero(stop) / 8 + 1;
        return at_ <= end_ ? ScanResult::kOk : ScanResult::kMalformed;
      }
    }
    uint64_t number = 0;
    at_ = LongVarint(at_, end_, &number);
    *value = number;
    return at_ != nullptr ? ScanResult::kOk : ScanResult::kMalformed;
  }

  FLYWHEEL_INLINE ScanResult Int64(int64_t& out) {
    uint64_t value = 0;
    FLYWHEEL_RETURN_UNLESS_OK(Number(&value));
    out = static_cast<int64_t>(value);
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE ScanResult Uint64(uint64_t& out) { return Number(&out); }
  FLYWHEEL_INLINE ScanResult Int32(int32_t& out) {
    uint64_t value = 0;
    FLYWHEEL_RETURN_UNLESS_OK(Number(&value));
    out = static_cast<int32_t>(static_cast<uint32_t>(value));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE ScanResult Uint32(uint32_t& out) {
    uint64_t value = 0;
    FLYWHEEL_RETURN_UNLESS_OK(Number(&value));
    out = static_cast<uint32_t>(value);
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE ScanResult Bool(bool& out) {
    uint64_t value = 0;
    FLYWHEEL_RETURN_UNLESS_OK(Number(&value));
    out = value != 0;
    return ScanResult::kOk;
  }
  // An enum's value is 32 bits; what does not fit in a byte is unknown to us and becomes 255.
  template <class Enum>
  FLYWHEEL_INLINE ScanResult EnumValue(Enum& out) {
    uint64_t value = 0;
    FLYWHEEL_RETURN_UNLESS_OK(Number(&value));
    const uint32_t number = static_cast<uint32_t>(value);
    out = static_cast<Enum>(number < 255 ? number : 255);
    return ScanResult::kOk;
  }

  // A bytes field.
  FLYWHEEL_INLINE ScanResult Blob(std::string_view& out) {
    if (at_ == end_) return ScanResult::kMalformed;
    uint32_t size = static_cast<uint8_t>(*at_);
    if (size < 0x80) [[likely]] {
      ++at_;
    } else {
      uint32_t value = 0;
      at_ = ShortVarint(at_, end_, /*last_byte_below=*/0x08, &value);  // below 2 GiB
      if (at_ == nullptr) return ScanResult::kMalformed;
      size = value;
    }
    if (size > static_cast<size_t>(end_ - at_)) [[unlikely]] {
      return ScanResult::kMalformed;
    }
    out = std::string_view(at_, size);
    at_ += size;
    return ScanResult::kOk;
  }

  // A string field.
  FLYWHEEL_INLINE ScanResult Text(std::string_view& out) {
    FLYWHEEL_RETURN_UNLESS_OK(Blob(out));
    if constexpr (kUtf8 == Utf8Check::kCheck) {
      if (!IsUtf8(out)) [[unlikely]] {
        return ScanResult::kMalformed;
      }
    }
    return ScanResult::kOk;
  }

  // The bytes of a singular message field; twice is unusual, since protobuf merges them.
  FLYWHEEL_INLINE ScanResult Once(uint32_t field, std::string_view& out) {
    const uint64_t bit = uint64_t{1} << field;
    if ((seen_ & bit) != 0) [[unlikely]] {
      return ScanResult::kUnusual;
    }
    seen_ |= bit;
    return Blob(out);
  }

  // A google.protobuf.Timestamp, cut down to milliseconds.
  FLYWHEEL_INLINE ScanResult Moment(uint32_t field, std::optional<Instant>& out) {
    std::string_view message;
    FLYWHEEL_RETURN_UNLESS_OK(Once(field, message));
    int64_t seconds = 0;
    int32_t nanos = 0;
    Reader in(message, readable_end_);
    FLYWHEEL_RETURN_UNLESS_OK(in.Next());
    while (in.tag() != kNoTag) {
      if (in.Is(Varint(1))) {
        FLYWHEEL_RETURN_UNLESS_OK(in.Int64(seconds));
      } else if (in.Is(Varint(2))) {
        FLYWHEEL_RETURN_UNLESS_OK(in.Int32(nanos));
      } else {
        FLYWHEEL_RETURN_UNLESS_OK(in.Skip());
      }
      FLYWHEEL_RETURN_UNLESS_OK(in.Next());
    }
    constexpr int64_t kFirstSecond = kEarliestInstant.number() / kMillisPerSecond;
    constexpr int64_t kLastSecond = kLatestInstant.number() / kMillisPerSecond;
    if (seconds < kFirstSecond || seconds > kLastSecond || nanos < 0 || nanos > 999'999'999)
        [[unlikely]] {
      return ScanResult::kUnusual;
    }
    out = Instant(seconds * kMillisPerSecond + nanos / 1'000'000);
    return ScanResult::kOk;
  }

  // The value of a field that is not known, or of one with another wire type than it should have.
  FLYWHEEL_INLINE ScanResult Skip() {
    if ((tag_ & 7) == kStartGroupType) return ScanResult::kUnusual;
    at_ = PastValue(tag_, at_, end_);
    return at_ != nullptr ? ScanResult::kOk : ScanResult::kMalformed;
  }

  // Extends the field's view by the element that has just been read.
  template <class Element>
  FLYWHEEL_INLINE void Count(uint32_t field, RepeatedView<Element>& view) const {
    const char* first = view.count == 0 ? field_at_ : view.message.data();
    view.message = std::string_view(first, static_cast<size_t>(at_ - first));
    view.field_number = static_cast<int>(field);
    ++view.count;
  }

 private:
  const char* at_;
  const char* end_;
  const char* readable_end_;
  const char* field_at_ = nullptr;
  uint32_t tag_ = kNoTag;
  uint64_t seen_ = 0;  // bit n: singular message field n has been read
};

// Reads all fields of a message: read_field(in) reads or skips the value after in.tag().
template <Utf8Check kUtf8, class ReadField>
FLYWHEEL_INLINE ScanResult ReadFields(std::string_view message, const ReadField& read_field) {
  Reader<kUtf8> in(message);
  FLYWHEEL_RETURN_UNLESS_OK(in.Next());
  while (in.tag() != kNoTag) {
    FLYWHEEL_RETURN_UNLESS_OK(read_field(in));
    FLYWHEEL_RETURN_UNLESS_OK(in.Next());
  }
  return ScanResult::kOk;
}

// Calls visit(bytes of the element) for each element of a field that was scanned before.
template <class Element, class Visit>
void ForEachElement(const RepeatedView<Element>& field, const Visit& visit) {
  const uint32_t wanted = Bytes(static_cast<uint32_t>(field.field_number));
  (void)ReadFields<Utf8Check::kTrust>(field.message, [&](Reader<Utf8Check::kTrust>& in) {
    if (!in.Is(wanted)) return in.Skip();
    std::string_view bytes;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(bytes));
    visit(bytes);
    return ScanResult::kOk;
  });
}

}  // namespace flywheel::wire

#endif  // FLYWHEEL_EVENTS_WIRE_READER_H_
