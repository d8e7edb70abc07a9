// Damage done to real files, and a cell's rows to do it to.
#ifndef FLYWHEEL_TESTS_PROJECTIONS_DAMAGE_H_
#define FLYWHEEL_TESTS_PROJECTIONS_DAMAGE_H_

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/memory/memory_log.h"
#include "projections/build.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_opening.h"
#include "projections/cell/checkpoint.h"
#include "projections/store/rocks_store.h"
#include "sources/temporary_folder.h"

namespace flywheel::damage {

namespace fs = std::filesystem;

inline std::vector<fs::path> FilesIn(const fs::path& folder, std::string_view part) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().find(part) != std::string::npos) {
      files.push_back(entry.path());
    }
  }
  return files;
}

// Flips a bit every `step` bytes, from a part of the file on. In place every link of the file has
// it; in a copy this one alone.
inline void FlipBits(const fs::path& path, bool in_place, size_t step = 97, double from = 0.001) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto first = static_cast<size_t>(static_cast<double>(bytes.size()) * from);
  for (size_t at = first; at < bytes.size(); at += step) bytes[at] ^= 0x10;
  if (!in_place) fs::remove(path);
  std::fstream out(path, in_place ? std::ios::in | std::ios::out | std::ios::binary
                                  : std::ios::out | std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(out.flush());
}

// A log of orders with reviews, cells on it, and a folder for checkpoints.
class Rows {
 public:
  static constexpr Partition kPartition{0};

  void Append(int orders) {
    std::vector<std::string> records;
    for (int i = 0; i < orders; ++i, ++orders_) {
      const std::string order = "o" + std::to_string(orders_);
      const Instant at = build::At("2025-03-01T10:00:00Z").Plus(orders_ * kMillisPerMinute);
      records.push_back(build::Record(build::Placed(order, "b" + order, at), at));
      records.push_back(
          build::Record(build::Posted(order, "r" + order, "b" + order, true, at.Plus(1)), at));
    }
    const std::vector<std::string_view> views(records.begin(), records.end());
    REQUIRE(log.Append(kPartition, views).ok());
  }

  std::string Path(std::string_view name) const { return files_.Path(name); }
  CellHome Home(const std::string& name) const {
    CellHome home;
    home.folder = Path(name);
    home.checkpoints = Path("shared");
    home.beside = Path("beside");
    return home;
  }
  absl::StatusOr<OpenedCell> Open(const std::string& name, const CellOptions& options = {}) {
    return OpenCell(&log, kPartition, Home(name), memory, options);
  }
  void CatchUp(Cell& cell) {
    REQUIRE(cell.CatchUp(*log.EndOffset(kPartition), [](const CellRow&) {}).ok());
  }
  // A cell at the log's end, closed.
  void Fold(const std::string& name) {
    auto opened = Open(name);
    REQUIRE(opened.ok());
    CatchUp(*opened->cell);
  }
  CheckpointPlace Checkpoint(const Cell& cell) {
    CheckpointOptions options;
    options.shared = Path("shared");
    const auto place = CreateCheckpoint(cell.store(), kPartition, Path("cut"), options);
    INFO(place.status());
    REQUIRE(place.ok());
    return *place;
  }
  // What the log gives when it is folded from its beginning.
  std::string ExpectedDigest() {
    auto opened =
        OpenCell(&log, kPartition, {Path("expected" + std::to_string(++expected_))}, memory, {});
    REQUIRE(opened.ok());
    CatchUp(*opened->cell);
    return DigestRows(opened->cell->store())->hex;
  }

  MemoryLog log{MemoryLogOptions{}};
  RocksMemory memory;

 private:
  TemporaryFolder files_;
  int64_t orders_ = 0;
  int expected_ = 0;
};

}  // namespace flywheel::damage

#endif  // FLYWHEEL_TESTS_PROJECTIONS_DAMAGE_H_
