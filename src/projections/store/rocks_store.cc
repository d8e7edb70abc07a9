#include "projections/store/rocks_store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <cstdarg>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, const std::string& folder) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = fmt::format("the rows in {}: {}", folder, status.ToString());
  // A file that the database knows of and that is gone is damage too.
  if (status.IsCorruption() || status.IsPathNotFound())
    return OfRows(absl::DataLossError(text + "; rebuild them from the log (flywheel rebuild)"));
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(text + "; free space on the disk");
  return absl::UnavailableError(text);
}

// What RocksDB tells of its work goes nowhere; its errors come as statuses. Its own logger writes
// to a file in the folder and, where that disk is full, runs into an assertion of Debian's build.
class SilentLogger : public rocksdb::Logger {
 public:
  SilentLogger() : Logger(rocksdb::InfoLogLevel::HEADER_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

class RocksBatch : public RowBatch {
 public:
  void Put(std::string_view key, std::string_view value) override {
    (void)batch.Put(ToSlice(key), ToSlice(value));
  }
  void Delete(std::string_view key) override { (void)batch.Delete(ToSlice(key)); }
  void Clear() override { batch.Clear(); }

  rocksdb::WriteBatch batch;
};

// A batch that is written to a table file of its own; the rows come in key order. Such a file is
// taken into the database as it is: no memtable is filled and flushed for it.
class TableBatch : public RowBatch {
 public:
  // `path`: of the file, which is written once the first row comes.
  TableBatch(const rocksdb::Options& options, std::string path)
      : path_(std::move(path)), writer_(rocksdb::EnvOptions(), options) {}

  void Put(std::string_view key, std::string_view value) override {
    if (MayAdd()) status_ = writer_.Put(ToSlice(key), ToSlice(value));
  }
  void Delete(std::string_view key) override {
    if (MayAdd()) status_ = writer_.Delete(ToSlice(key));
  }
  void Clear() override {}

  bool empty() const { return !opened_; }
  // Ends the file, durably. REQUIRES: it is not empty.
  rocksdb::Status Finish() {
    if (status_.ok()) status_ = writer_.Finish();
    return status_;
  }

 private:
  bool MayAdd() {
    if (!opened_) status_ = writer_.Open(path_);
    opened_ = true;
    return status_.ok();
  }

  const std::string path_;
  rocksdb::SstFileWriter writer_;
  rocksdb::Status status_;
  bool opened_ = false;
};

// The file of a TableBatch within a database's folder.
constexpr std::string_view kTableBatchFile = "/rows.making";

// A database with the folder that its errors name, and what was found to be wrong with it.
class RocksFolder {
 public:
  RocksFolder(std::string name, std::unique_ptr<rocksdb::DB> database)
      : folder(std::move(name)), db(std::move(database)) {}

  // The status of a call. The first that says that the rows are damaged is kept, and noted in the
  // folder as far as that can be written.
  absl::Status StatusOf(const rocksdb::Status& status) const {
    absl::Status said = ToStatus(status, folder);
    if (absl::IsDataLoss(said)) {
      MutexLock lock(&mutex_);
      if (damage_.ok()) std::ofstream(folder + "/" + kDamagedMark) << MessageOf(said);
      damage_.Update(said);
    }
    return said;
  }
  absl::Status damage() const {
    MutexLock lock(&mutex_);
    return damage_;
  }

  const std::string folder;
  const std::unique_ptr<rocksdb::DB> db;

 private:
  mutable Mutex mutex_;
  mutable absl::Status damage_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<bool> GetRow(const RocksFolder& rows, const rocksdb::Snapshot* snapshot,
                            std::string_view key, std::string* value) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const rocksdb::Status status = rows.db->Get(options, ToSlice(key), value);
  if (status.IsNotFound()) return false;
  RETURN_IF_ERROR(rows.StatusOf(status));
  return true;
}

absl::Status ScanRows(const RocksFolder& rows, const rocksdb::Snapshot* snapshot,
                      std::string_view first, std::string_view limit,
                      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const rocksdb::Slice upper = ToSlice(limit);
  if (!limit.empty()) options.iterate_upper_bound = &upper;
  options.readahead_size = size_t{1} << 20;
  const std::unique_ptr<rocksdb::Iterator> row(rows.db->NewIterator(options));
  for (row->Seek(ToSlice(first)); row->Valid(); row->Next()) {
    if (!visit(ToView(row->key()), ToView(row->value()))) break;
  }
  return rows.StatusOf(row->status());
}

// The rows at one instant. Keeps the database open.
class RocksSnapshot : public RowReader {
 public:
  explicit RocksSnapshot(std::shared_ptr<RocksFolder> rows)
      : rows_(std::move(rows)), snapshot_(rows_->db->GetSnapshot()) {}
  ~RocksSnapshot() override { rows_->db->ReleaseSnapshot(snapshot_); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override {
    return GetRow(*rows_, snapshot_, key, value);
  }
  absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    return ScanRows(*rows_, snapshot_, first, limit, visit);
  }

 private:
  const std::shared_ptr<RocksFolder> rows_;
  const rocksdb::Snapshot* const snapshot_;
};

class RocksStore : public RowStore {
 public:
  RocksStore(std::string folder, std::unique_ptr<rocksdb::DB> db)
      : rows_(std::make_shared<RocksFolder>(std::move(folder), std::move(db))) {}

  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override {
    return GetRow(*rows_, nullptr, key, value);
  }
  absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    return ScanRows(*rows_, nullptr, first, limit, visit);
  }

  std::shared_ptr<const RowReader> Snapshot() const override {
    return std::make_shared<RocksSnapshot>(rows_);
  }

  std::unique_ptr<RowBatch> NewBatch() const override { return std::make_unique<RocksBatch>(); }

  absl::Status Write(RowBatch* batch) override {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    unflushed_ = true;
    return rows_->StatusOf(rows_->db->Write(options, &static_cast<RocksBatch*>(batch)->batch));
  }

  absl::Status Flush() override {
    rocksdb::FlushOptions options;
    options.wait = true;
    RETURN_IF_ERROR(rows_->StatusOf(rows_->db->Flush(options)));
    unflushed_ = false;
    return absl::OkStatus();
  }

  absl::Status WriteDurably(absl::FunctionRef<void(RowBatch*)> fill) override {
    if (unflushed_ || !MayTakeTables()) return RowStore::WriteDurably(fill);
    rocksdb::Options options = rows_->db->GetOptions();
    // As what a flush writes.
    options.compression_per_level.clear();
    options.compression = rocksdb::kNoCompression;
    const std::string path = rows_->folder + std::string(kTableBatchFile);
    TableBatch batch(options, path);
    fill(&batch);
    if (batch.empty()) return absl::OkStatus();
    rocksdb::Status status = batch.Finish();
    if (status.ok()) {
      rocksdb::IngestExternalFileOptions ingest;
      ingest.move_files = true;
      ingest.write_global_seqno = false;
      status = rows_->db->IngestExternalFile({path}, ingest);
    }
    // A disk that is full gets its space back.
    if (!status.ok()) (void)rocksdb::Env::Default()->DeleteFile(path);
    return rows_->StatusOf(status);
  }

  absl::Status CopyTo(const std::string& folder) const {
    rocksdb::Checkpoint* checkpoint = nullptr;
    RETURN_IF_ERROR(rows_->StatusOf(rocksdb::Checkpoint::Create(rows_->db.get(), &checkpoint)));
    const std::unique_ptr<rocksdb::Checkpoint> owned(checkpoint);
    // Without a write-ahead log any other limit than 0 leaves out what the memtables hold.
    return ToStatus(checkpoint->CreateCheckpoint(folder, /*log_size_for_flush=*/0), folder);
  }

  absl::Status damage() const { return rows_->damage(); }

 private:
  // A table that is taken in does not wait for compaction, as a write does; and where RocksDB has
  // met an error in the background (a full disk) it ends the process rather than refuse a table.
  bool MayTakeTables() const {
    uint64_t stopped = 0;
    uint64_t errors = 0;
    return rows_->db->GetIntProperty(rocksdb::DB::Properties::kIsWriteStopped, &stopped) &&
           rows_->db->GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &errors) &&
           stopped == 0 && errors == 0;
  }

  const std::shared_ptr<RocksFolder> rows_;
  bool unflushed_ = false;  // something was written since the last flush
};

// Sorted runs of a database that are not merged yet; a row that is not in memory is looked for in
// their filters.
constexpr int kRuns = 12;

rocksdb::Options MakeOptions(const RocksMemory& memory) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = memory.block_cache();
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_manager = memory.write_buffers();
  options.write_buffer_size = size_t{64} << 20;
  options.max_write_buffer_number = 4;
  // A batch comes sorted within each row type (the key's first byte), so an insertion starts where
  // the last one of its type ended. The hint needs a single writer, which a cell is.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  options.allow_concurrent_memtable_write = false;
  options.max_background_jobs = 2;
  // Runs of like size are merged, at most kRuns are there: rows are rewritten, and a merge takes
  // them once or twice, where levels take each again for every level that it passes.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.compression = rocksdb::kLZ4Compression;
  // What a flush writes is compacted soon; compressing it twice is lost time.
  options.compression_per_level.assign(7, rocksdb::kLZ4Compression);
  options.compression_per_level[0] = rocksdb::kNoCompression;
  options.level0_file_num_compaction_trigger = kRuns;
  options.max_open_files = 256;
  options.info_log = std::make_shared<SilentLogger>();
  // Orders what was ordered before: rows come sorted, and tables carry checksums.
  options.check_flush_compaction_key_order = false;
  options.avoid_flush_during_shutdown = true;  // the durable point is where the cell puts it
  return options;
}

// Tables without the file that leads to their list. RocksDB would make a new database there and
// remove them; a crash while it makes one leaves no table.
bool HasTablesAlone(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path path(folder);
  if (std::filesystem::exists(path / "CURRENT", error)) return false;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".sst") return true;
  }
  return false;
}

}  // namespace

RocksMemory::RocksMemory(const Options& options)
    // A filter block of a large file holds hundreds of kilobytes. Spread over the usual 64 shards
    // the cache would have no shard that holds two of them, and every look-up would read one from
    // the disk: four shards.
    : block_cache_(rocksdb::NewLRUCache(options.block_cache_bytes, /*num_shard_bits=*/2)),
      write_buffers_(std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes)) {}

absl::StatusOr<std::unique_ptr<RowStore>> OpenRocksStore(const std::string& folder,
                                                         const RocksMemory& memory) {
  if (HasTablesAlone(folder)) {
    return OfRows(absl::DataLossError(fmt::format(
        "the rows in {}: CURRENT is missing; rebuild them from the log (flywheel rebuild)",
        folder)));
  }
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::DB::Open(MakeOptions(memory), folder, &db), folder));
  return std::make_unique<RocksStore>(folder, std::unique_ptr<rocksdb::DB>(db));
}

absl::Status CopyRocksStore(const RowStore& store, const std::string& folder) {
  const auto* rocks = dynamic_cast<const RocksStore*>(&store);
  if (rocks == nullptr) return absl::InvalidArgumentError("these rows lie in no database");
  return rocks->CopyTo(folder);
}

absl::Status DamageOf(const RowStore& store) {
  const auto* rocks = dynamic_cast<const RocksStore*>(&store);
  return rocks != nullptr ? rocks->damage() : absl::OkStatus();
}

absl::Status CheckNotOpen(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return absl::OkStatus();
  rocksdb::Env* const env = rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status taken = env->LockFile(folder + "/LOCK", &lock);
  if (!taken.ok()) {
    return absl::UnavailableError(
        fmt::format("the rows in {} are still open: {}", folder, taken.ToString()));
  }
  env->UnlockFile(lock);
  return absl::OkStatus();
}

}  // namespace flywheel
