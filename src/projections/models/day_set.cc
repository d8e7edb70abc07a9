#include "projections/models/day_set.h"

#include <algorithm>
#include <bit>

namespace flywheel {
namespace {

constexpr int32_t kBits = 64;

int32_t BaseOf(LocalDay day) {
  const int32_t number = day.number();
  return number - ((number % kBits) + kBits) % kBits;
}

}  // namespace

void DaySet::Add(LocalDay day) {
  const int32_t base = BaseOf(day);
  if (words_.empty()) base_ = base;
  if (base < base_) {
    words_.insert(words_.begin(), static_cast<size_t>((base_ - base) / kBits), 0);
    base_ = base;
  }
  const auto word = static_cast<size_t>((base - base_) / kBits);
  if (word >= words_.size()) words_.resize(word + 1);
  words_[word] |= uint64_t{1} << (day.number() - base);
}

void DaySet::RemoveUpTo(LocalDay day) {
  const int32_t base = BaseOf(day);
  size_t empty = 0;
  for (; empty < words_.size(); ++empty) {
    const int32_t of_word = base_ + static_cast<int32_t>(empty) * kBits;
    if (of_word > base) break;
    if (of_word < base) {
      words_[empty] = 0;
    } else {
      const int32_t bit = day.number() - base;
      words_[empty] &= bit == kBits - 1 ? 0 : ~uint64_t{0} << (bit + 1);
    }
  }
  const auto first =
      std::find_if(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
  base_ += static_cast<int32_t>(first - words_.begin()) * kBits;
  words_.erase(words_.begin(), first);
}

std::optional<LocalDay> DaySet::First() const {
  if (words_.empty()) return std::nullopt;
  return LocalDay(base_ + std::countr_zero(words_.front()));
}

void DaySet::Encode(ByteWriter* writer) const {
  writer->Unsigned(words_.size());
  if (words_.empty()) return;
  writer->Signed(base_ / kBits);
  for (const uint64_t word : words_) {
    for (int shift = 0; shift < kBits; shift += 8)
      writer->Byte(static_cast<uint8_t>(word >> shift));
  }
}

DaySet DaySet::Decode(ByteReader* reader) {
  DaySet days;
  const uint64_t words = reader->Unsigned();
  if (words == 0) return days;
  // Of damaged bytes any number may come.
  days.base_ = static_cast<int32_t>(static_cast<uint32_t>(reader->Signed()) * uint32_t{kBits});
  for (uint64_t i = 0; i < words && reader->ok(); ++i) {
    uint64_t word = 0;
    for (int shift = 0; shift < kBits; shift += 8) word |= uint64_t{reader->Byte()} << shift;
    days.words_.push_back(word);
  }
  return days;
}

}  // namespace flywheel
