#include "events/embedded/embedded_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "events/embedded/log_folder.h"

namespace flywheel {

absl::StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(const std::string& folder,
                                                               const EmbeddedLogOptions& options,
                                                               FileSystem* files) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<EmbeddedLog> log(new EmbeddedLog(LogContext{files, options, 0}));
  if (!options.read_only) {
    ASSIGN_OR_RETURN(log->lock_, LockFolder(*files, folder, options));
  }
  ASSIGN_OR_RETURN(const LogMetadata metadata, FindLog(*files, folder, options));
  log->context_.salt = metadata.salt;
  RETURN_IF_ERROR(log->OpenPartitions(folder, metadata.partitions));
  return log;
}

absl::Status EmbeddedLog::OpenPartitions(const std::string& folder, int32_t partitions) {
  // All are looked at before anything is started, so that damage in one leaves the others alone.
  std::vector<FoundPartition> found;
  for (int32_t p = 0; p < partitions; ++p) {
    ASSIGN_OR_RETURN(found.emplace_back(),
                     FindPartition(context_, PartitionFolder(folder, Partition(p)), Partition(p)));
    recovery_.insert(recovery_.end(), found.back().cut.begin(), found.back().cut.end());
  }
  std::vector<std::unique_ptr<WritableFile>> newest;
  for (size_t p = 0; p < found.size() && !context_.options.read_only; ++p) {
    ASSIGN_OR_RETURN(newest.emplace_back(),
                     context_.files->OpenForWrite(found[p].segments.back()->path(),
                                                  FileSystem::OpenMode::kExisting));
  }
  if (!context_.options.read_only) preparer_ = std::make_unique<BackgroundThread>();
  for (size_t p = 0; p < found.size(); ++p) {
    const Partition partition(static_cast<int32_t>(p));
    const std::string partition_folder = PartitionFolder(folder, partition);
    const Offset end = found[p].end;
    const uint64_t position = found[p].end_position;
    const std::shared_ptr<Segment> last =
        found[p].segments.empty() ? nullptr : found[p].segments.back();
    readers_.push_back(std::make_unique<PartitionReader>(&context_, partition_folder, partition,
                                                         std::move(found[p])));
    if (context_.options.read_only) continue;
    writers_.push_back(std::make_unique<PartitionWriter>(
        &context_, partition_folder, readers_.back().get(), preparer_.get(), &stop_, last,
        std::move(newest[p]), end, position));
  }
  return absl::OkStatus();
}

EmbeddedLog::~EmbeddedLog() { Close(); }

void EmbeddedLog::Close() {
  for (const auto& writer : writers_) writer->Close();
  for (const auto& reader : readers_) reader->Close();
  preparer_.reset();
  lock_.reset();
}

absl::Status EmbeddedLog::CheckPartition(Partition partition) const {
  if (partition.number() >= 0 && partition.number() < partitions()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there is no partition ", partition.number(), "; the log has ", partitions()));
}

void EmbeddedLog::AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                              AppendDone done) {
  if (absl::Status known = CheckPartition(partition); !known.ok()) return done(std::move(known));
  for (const std::string_view record : records) {
    if (record.empty()) return done(absl::InvalidArgumentError("a record is empty"));
    if (record.size() > kMaxRecordBytes) {
      return done(absl::InvalidArgumentError(absl::StrCat(
          "a record has ", record.size(), " bytes; at most ", kMaxRecordBytes, " are taken")));
    }
  }
  if (writers_.empty()) {
    return done(absl::FailedPreconditionError("the log was opened for reading alone"));
  }
  if (records.empty()) return done(std::vector<Offset>());
  if (absl::Status stamped = stamps_.MayStamp(); !stamped.ok()) return done(std::move(stamped));
  writers_[static_cast<size_t>(partition.number())]->Append(records, std::move(done));
}

absl::StatusOr<RecordBatch> EmbeddedLog::Read(Partition partition, Offset from,
                                              const ReadLimits& limits) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return readers_[static_cast<size_t>(partition.number())]->Read(from, limits);
}

absl::StatusOr<Offset> EmbeddedLog::BeginOffset(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return Offset(0);
}

absl::StatusOr<Offset> EmbeddedLog::EndOffset(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return readers_[static_cast<size_t>(partition.number())]->End();
}

std::vector<PartitionReader::Extent> EmbeddedLog::Extents() {
  std::vector<PartitionReader::Extent> extents;
  extents.reserve(readers_.size());
  for (const auto& reader : readers_) extents.push_back(reader->extent());
  return extents;
}

absl::StatusOr<std::vector<PartitionReader::Verified>> EmbeddedLog::Check() {
  std::vector<PartitionReader::Verified> verified;
  for (const auto& reader : readers_) {
    ASSIGN_OR_RETURN(verified.emplace_back(), reader->Check());
  }
  return verified;
}

}  // namespace flywheel
