#include "endurance/damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "events/embedded/segment_format.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

// Where the length of a record stands in its frame of the embedded log.
constexpr uint64_t kFrameLengthAt = 8;
// Of a batch of Kafka's: where its length stands, and where its checksum begins to cover it.
constexpr uint64_t kBatchLengthAt = 8;
constexpr uint64_t kBatchHeadBytes = 12;
constexpr uint64_t kBatchCoveredFrom = 21;

// Files below the folder whose names end so, in order.
std::vector<std::string> FilesBelow(const std::string& folder, const std::string& ending) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, ignored)) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file(ignored) && path.ends_with(ending) && entry.file_size(ignored) > 0) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

FlippedBit FlipWithin(const std::string& path, uint64_t from, uint64_t to,
                      std::mt19937_64& random) {
  return {path, from + random() % (to - from), static_cast<int>(random() % 8)};
}

// What a checksum covers.
struct Covered {
  std::string path;
  uint64_t from;
  uint64_t to;
};

std::optional<FlippedBit> FlipInOneOf(const std::vector<Covered>& parts, std::mt19937_64& random) {
  if (parts.empty()) return std::nullopt;
  const Covered& part = parts[random() % parts.size()];
  return FlipWithin(part.path, part.from, part.to, random);
}

// Four bytes.
uint64_t NumberAt(const std::string& bytes, uint64_t at, bool little_endian) {
  uint64_t number = 0;
  for (uint64_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<uint8_t>(bytes[at + (little_endian ? 3 - i : i)]);
  }
  return number;
}

}  // namespace

FlippedBit::FlippedBit(std::string path, uint64_t byte, int bit)
    : path_(std::move(path)), byte_(byte), bit_(bit) {
  Flip();
}

void FlippedBit::PutBack() { Flip(); }

void FlippedBit::Flip() const {
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(byte_));
  const int before = file.get();
  file.seekp(static_cast<std::streamoff>(byte_));
  file.put(static_cast<char>(before ^ (1 << bit_)));
  if (!file.flush()) throw std::runtime_error("cannot change " + path_);
}

std::string BreakRows(const std::string& data_folder, std::mt19937_64& random) {
  const std::vector<std::string> files = FilesBelow(data_folder + "/cells", "");
  if (files.empty()) return "";
  const std::string& path = files[random() % files.size()];
  std::error_code ignored;
  const uint64_t bytes = fs::file_size(path, ignored);
  switch (bytes == 0 ? 2 : random() % 3) {
    case 0: {
      const int bits = 1 + static_cast<int>(random() % 8);
      for (int i = 0; i < bits; ++i) FlipWithin(path, 0, bytes, random);
      return fmt::format("{} bits flipped in {}", bits, path);
    }
    case 1:
      fs::resize_file(path, random() % bytes, ignored);
      return fmt::format("{} cut", path);
    default:
      fs::remove(path, ignored);
      return fmt::format("{} removed", path);
  }
}

std::optional<FlippedBit> FlipInLog(const std::string& data_folder, std::mt19937_64& random) {
  std::vector<Covered> frames;
  for (const std::string& path : FilesBelow(data_folder + "/log", ".log")) {
    const std::string bytes = ReadAll(path);
    for (uint64_t at = kSegmentHeaderBytes; at + kFrameHeaderBytes < bytes.size();) {
      const uint64_t length = NumberAt(bytes, at + kFrameLengthAt, /*little_endian=*/true);
      if (length == 0) break;  // the tail mark, or nothing
      frames.push_back({path, at, at + kFrameHeaderBytes + length});
      at += FrameBytes(length);
    }
  }
  return FlipInOneOf(frames, random);
}

std::optional<FlippedBit> FlipInTopic(const std::string& partition_folder,
                                      std::mt19937_64& random) {
  std::vector<Covered> batches;
  for (const std::string& path : FilesBelow(partition_folder, ".log")) {
    const std::string bytes = ReadAll(path);
    for (uint64_t at = 0; at + kBatchHeadBytes < bytes.size();) {
      const uint64_t length = NumberAt(bytes, at + kBatchLengthAt, /*little_endian=*/false);
      const uint64_t end = at + kBatchHeadBytes + length;
      if (length == 0 || end > bytes.size()) break;
      batches.push_back({path, at + kBatchCoveredFrom, end});
      at = end;
    }
  }
  return FlipInOneOf(batches, random);
}

}  // namespace flywheel
