// A cell that crashes, or whose store fails, at any place ends with the rows of one that did not:
// ARCHITECTURE invariants 2 and 6.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "projections/store/rocks_store.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/narration.h"

namespace flywheel {
namespace {

// What it takes to fold one partition.
struct PartitionFold {
  EventLog* log;
  Partition partition;
  CellOptions options;

  absl::Status Fold(std::unique_ptr<RowStore> store) const {
    absl::StatusOr<std::unique_ptr<Cell>> cell =
        Cell::Open(log, partition, std::move(store), options);
    if (!cell.ok()) return cell.status();
    return (*cell)->CatchUp(log->EndOffset(partition).value(), [](const CellRow&) {});
  }
};

std::string Compare(const RowReader& rows, const std::string& expected, const std::string& where) {
  const std::string digest = DigestRows(rows).value().hex;
  return digest == expected ? "" : "other rows after " + where + "\n";
}

// Calls `contradiction` with each partition of the history's log, under random options, and the
// digest of an uninterrupted fold under others.
template <class Contradiction>
std::string ForEachPartition(const History& history, Contradiction contradiction) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const std::vector<std::string> digests = FoldLog(narration.log.get(), random).digests();
  std::string text;
  for (int32_t number = 0; number < narration.log->partitions(); ++number) {
    const PartitionFold fold{narration.log.get(), Partition(number), RandomCellOptions(random)};
    text += contradiction(fold, digests[static_cast<size_t>(number)], random);
  }
  return text;
}

// A crash at each Write and at each Flush of the fold in turn, and then none.
std::string CrashContradiction(const History& history) {
  return ForEachPartition(history,
                          [](const PartitionFold& fold, const std::string& expected,
                             std::mt19937_64& random) -> std::string {
                            for (uint64_t at = 1;; ++at) {
                              CrashingStore store(random());
                              store.FailAtWrite(at);
                              const std::string where = "a crash at write " + std::to_string(at);
                              if (fold.Fold(store.Open()).ok()) {
                                return at == store.writes() + 1
                                           ? Compare(store.rows(), expected, "no crash")
                                           : "a failed write was no error";
                              }
                              store.Crash();
                              if (!fold.Fold(store.Open()).ok()) return "no fold after " + where;
                              const std::string text = Compare(store.rows(), expected, where);
                              if (!text.empty()) return text;
                            }
                          });
}

// Crashes over and over, each a few writes after the one before; reads fail too.
std::string FaultsContradiction(const History& history) {
  return ForEachPartition(history,
                          [](const PartitionFold& fold, const std::string& expected,
                             std::mt19937_64& random) -> std::string {
                            CrashingStore store(random());
                            std::string where = "faults:";
                            for (int faults = 0; faults < 8; ++faults) {
                              const uint64_t at = 1 + Below(random, 9);
                              const bool reads = Below(random, 3) == 0;
                              if (reads) {
                                store.FailAtGet(at);
                              } else {
                                store.FailAtWrite(at);
                              }
                              where += (reads ? " read " : " write ") + std::to_string(at);
                              if (fold.Fold(store.Open()).ok()) break;
                              store.Crash();
                            }
                            store.Crash();
                            if (!fold.Fold(store.Open()).ok()) return "no fold after " + where;
                            return Compare(store.rows(), expected, where);
                          });
}

// The log grows while it is folded, and the cell stops anywhere.
std::string StopsContradiction(const History& history) {
  return ForEachPartition(
      history,
      [](const PartitionFold& fold, const std::string& expected,
         std::mt19937_64& random) -> std::string {
        CrashingStore store(random());
        const auto end = fold.log->EndOffset(fold.partition).value();
        std::unique_ptr<Cell> cell;
        while (true) {
          if (cell == nullptr) {
            cell = Cell::Open(fold.log, fold.partition, store.Open(), fold.options).value();
          }
          const Offset next = cell->position().next;
          if (next >= end) break;
          const Offset until =
              std::min(end, next.Plus(1 + static_cast<int64_t>(Below(random, 12))));
          if (!cell->CatchUp(until, [](const CellRow&) {}).ok()) return "no fold up to an offset";
          if (cell->position().next == next && until == end) break;  // a gap ends the log
          if (Below(random, 3) == 0) cell.reset();
        }
        return Compare(store.rows(), expected, "stops");
      });
}

// The rows of RocksDB are those of the memory twin, also after it was closed in between.
std::string RocksContradiction(const History& history) {
  const RocksMemory memory;
  return ForEachPartition(
      history,
      [&](const PartitionFold& fold, const std::string& expected,
          std::mt19937_64& random) -> std::string {
        const std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                             ("flywheel_property_" + std::to_string(random()));
        std::error_code error;
        std::filesystem::remove_all(folder, error);
        std::string text;
        const Offset end = fold.log->EndOffset(fold.partition).value();
        for (const Offset until : {Offset(end.number() / 2), end}) {
          absl::StatusOr<std::unique_ptr<RowStore>> store = OpenRocksStore(folder.string(), memory);
          if (!store.ok()) return std::string(store.status().message());
          auto cell = Cell::Open(fold.log, fold.partition, *std::move(store), fold.options);
          if (!cell.ok()) return std::string(cell.status().message());
          const absl::Status status = (*cell)->CatchUp(until, [](const CellRow&) {});
          if (!status.ok()) return std::string(status.message());
          if (until == end) text = Compare((*cell)->store(), expected, "a fold over RocksDB");
        }
        std::filesystem::remove_all(folder, error);
        return text;
      });
}

TEST_CASE("a crash at any write leaves rows that fold on to the same rows") {
  CheckForHistories("crash", CrashContradiction, 300, 20);
}

TEST_CASE("a store that fails again and again delays the rows and does not change them") {
  CheckForHistories("faults", FaultsContradiction);
}

TEST_CASE("a cell that stops at any offset folds on to the same rows") {
  CheckForHistories("stops", StopsContradiction);
}

TEST_CASE("RocksDB holds the same rows as memory") {
  CheckForHistories("rocks", RocksContradiction, 40, 5);
}

}  // namespace
}  // namespace flywheel
