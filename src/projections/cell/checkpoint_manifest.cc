#include "projections/cell/checkpoint_manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>

#include "base/digest.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr std::string_view kFirstLine = "flywheel checkpoint 1";

absl::Status Bad(std::string_view why) {
  return absl::DataLossError(fmt::format("the manifest is damaged: {}", why));
}

template <class Number>
std::optional<Number> ParseNumber(std::string_view text, int base = 10) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Takes the line off the text; false at its end.
bool TakeLine(std::string_view& text, std::string_view& line) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

// "NAME VALUE" gives the value.
template <class Number>
std::optional<Number> TakeField(std::string_view& text, std::string_view name, int base = 10) {
  std::string_view line;
  if (!TakeLine(text, line) || !line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (!line.starts_with(' ')) return std::nullopt;
  return ParseNumber<Number>(line.substr(1), base);
}

// A name that leads out of the folder is none.
bool IsFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name != CheckpointManifest::kFileName;
}

std::optional<CheckpointManifest::File> ParseFile(std::string_view line) {
  constexpr std::string_view kFile = "file ";
  if (!line.starts_with(kFile)) return std::nullopt;
  line.remove_prefix(kFile.size());
  const size_t hash = line.rfind(' ');
  if (hash == std::string_view::npos || hash == 0) return std::nullopt;
  const size_t bytes = line.rfind(' ', hash - 1);
  if (bytes == std::string_view::npos) return std::nullopt;
  const auto length = ParseNumber<uint64_t>(line.substr(bytes + 1, hash - bytes - 1));
  if (!length || !IsFileName(line.substr(0, bytes))) return std::nullopt;
  return CheckpointManifest::File{std::string(line.substr(0, bytes)),
                                  {*length, std::string(line.substr(hash + 1))}};
}

}  // namespace

std::string CheckpointManifest::ToText() const {
  std::string text = fmt::format("{}\npartition {}\nposition {}\nfold {:x}\n", kFirstLine,
                                 partition.number(), position.number(), fold_version);
  for (const File& file : files) {
    text += fmt::format("file {} {} {}\n", file.name, file.digest.bytes, file.digest.hex);
  }
  return text + fmt::format("end {}\n", DigestOfBytes(text));
}

absl::StatusOr<CheckpointManifest> CheckpointManifest::Parse(std::string_view text) {
  constexpr std::string_view kEnd = "end ";
  const std::string_view whole = text;
  std::string_view line;
  if (!TakeLine(text, line) || line != kFirstLine) return Bad("it does not begin as one");
  CheckpointManifest manifest;
  const auto partition = TakeField<int32_t>(text, "partition");
  const auto position = TakeField<int64_t>(text, "position");
  const auto fold = TakeField<uint64_t>(text, "fold", 16);
  if (!partition || !position || !fold) return Bad("it does not say what it is of");
  manifest.partition = Partition(*partition);
  manifest.position = Offset(*position);
  manifest.fold_version = *fold;
  while (true) {
    const size_t begin = whole.size() - text.size();
    if (!TakeLine(text, line)) return Bad("it has no end");
    if (line.starts_with(kEnd)) {
      if (!text.empty()) return Bad("something follows its end");
      if (line.substr(kEnd.size()) != DigestOfBytes(whole.substr(0, begin))) {
        return Bad("its hash is another");
      }
      return manifest;
    }
    std::optional<File> file = ParseFile(line);
    if (!file) return Bad(fmt::format("its line \"{}\"", line.substr(0, 100)));
    if (manifest.files.size() >= kMaxFiles) return Bad("it names too many files");
    manifest.files.push_back(*std::move(file));
  }
}

}  // namespace flywheel
