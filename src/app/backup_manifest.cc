#include "app/backup_manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>

#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/status.h"
#include "events/embedded/segment_format.h"

namespace flywheel {
namespace {

constexpr std::string_view kFirstLine = "flywheel backup 1";

absl::Status Bad(std::string_view why) {
  return absl::DataLossError(fmt::format("the backup's manifest is damaged: {}", why));
}

template <class Number>
bool Read(const std::string& text, Number* number, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number, base);
  return error == std::errc() && stop == end && !text.empty();
}

using Words = std::vector<std::string>;

bool TakePartition(const Words& words, BackupManifest& manifest) {
  int64_t number = 0;
  int64_t end = 0;
  if (words.size() != 3 || !Read(words[1], &number) || !Read(words[2], &end)) return false;
  if (number != static_cast<int64_t>(manifest.partitions.size()) || end < 0) return false;
  if (number >= kMaxLogPartitions) return false;
  manifest.partitions.push_back({Offset(end), {}, {}});
  return true;
}

// The part that a line is about: of the last partition, as it must be.
BackupManifest::PartitionPart* PartOf(const std::string& number, BackupManifest& manifest) {
  size_t partition = 0;
  if (!Read(number, &partition) || partition + 1 != manifest.partitions.size()) return nullptr;
  return &manifest.partitions.back();
}

bool TakeSegment(const Words& words, BackupManifest& manifest) {
  if (words.size() != 6) return false;
  BackupManifest::PartitionPart* const part = PartOf(words[1], manifest);
  BackupManifest::Segment segment;
  segment.name = words[2];
  segment.used.hex = words[5];
  if (part == nullptr || !SegmentBase(segment.name) || !Read(words[3], &segment.length) ||
      !Read(words[4], &segment.used.bytes) || segment.used.bytes > segment.length ||
      segment.length > kMaxSegmentBytes) {
    return false;
  }
  part->segments.push_back(std::move(segment));
  return true;
}

bool TakeCheckpoint(const Words& words, BackupManifest& manifest) {
  if (words.size() != 5) return false;
  BackupManifest::PartitionPart* const part = PartOf(words[1], manifest);
  BackupManifest::Checkpoint checkpoint;
  int64_t position = 0;
  if (part == nullptr || !part->checkpoints.empty() || !Read(words[2], &position) || position < 0 ||
      !Read(words[3], &checkpoint.fold_version, 16)) {
    return false;
  }
  checkpoint.position = Offset(position);
  checkpoint.manifest_hex = words[4];
  part->checkpoints.push_back(std::move(checkpoint));
  return true;
}

bool TakeLine(const Words& words, BackupManifest& manifest) {
  if (words[0] == "made" && words.size() == 2) {
    manifest.made = words[1];
    return true;
  }
  if (words[0] == "meta" && words.size() == 3) {
    manifest.meta.hex = words[2];
    return Read(words[1], &manifest.meta.bytes);
  }
  if (words[0] == "partition") return TakePartition(words, manifest);
  if (words[0] == "segment") return TakeSegment(words, manifest);
  if (words[0] == "checkpoint") return TakeCheckpoint(words, manifest);
  return false;
}

}  // namespace

std::string BackupManifest::ToText() const {
  std::string text =
      fmt::format("{}\nmade {}\nmeta {} {}\n", kFirstLine, made, meta.bytes, meta.hex);
  for (size_t number = 0; number < partitions.size(); ++number) {
    const PartitionPart& part = partitions[number];
    text += fmt::format("partition {} {}\n", number, part.end.number());
    for (const Segment& segment : part.segments) {
      text += fmt::format("segment {} {} {} {} {}\n", number, segment.name, segment.length,
                          segment.used.bytes, segment.used.hex);
    }
    for (const Checkpoint& checkpoint : part.checkpoints) {
      text += fmt::format("checkpoint {} {} {:016x} {}\n", number, checkpoint.position.number(),
                          checkpoint.fold_version, checkpoint.manifest_hex);
    }
  }
  return text + fmt::format("end {}\n", DigestOfBytes(text));
}

absl::StatusOr<BackupManifest> BackupManifest::Parse(std::string_view text) {
  constexpr std::string_view kEnd = "end ";
  BackupManifest manifest;
  size_t begin = 0;
  for (bool first = true;; first = false) {
    const size_t stop = text.find('\n', begin);
    if (stop == std::string_view::npos) return Bad("it has no end");
    const std::string_view line = text.substr(begin, stop - begin);
    if (first) {
      if (line != kFirstLine) return Bad("it does not begin as one");
    } else if (line.starts_with(kEnd)) {
      if (stop + 1 != text.size()) return Bad("something follows its end");
      if (line.substr(kEnd.size()) != DigestOfBytes(text.substr(0, begin))) {
        return Bad("its hash is another");
      }
      if (manifest.partitions.empty()) return Bad("it names no partition");
      return manifest;
    } else {
      const Words words = absl::StrSplit(absl::string_view(line.data(), line.size()), ' ');
      if (!TakeLine(words, manifest)) return Bad(fmt::format("\"{}\"", line.substr(0, 100)));
    }
    begin = stop + 1;
  }
}

}  // namespace flywheel
