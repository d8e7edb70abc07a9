#include "app/log_options.h"

#include <filesystem>
#include <utility>

#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/kafka/kafka_log.h"

namespace flywheel {
namespace {

absl::StatusOr<std::unique_ptr<EventLog>> OpenEmbedded(const LogOptions& options, bool read_only) {
  const std::string folder = (std::filesystem::path(options.folder) / "log").string();
  EmbeddedLogOptions embedded;
  embedded.read_only = read_only;
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(folder, embedded);
  if (absl::IsNotFound(log.status()) && !read_only) {
    embedded.partitions = options.partitions;
    log = EmbeddedLog::Open(folder, embedded);
  }
  RETURN_IF_ERROR(log.status());
  return std::unique_ptr<EventLog>(*std::move(log));
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenKafka(const LogOptions& options) {
  ASSIGN_OR_RETURN(const KafkaAddress address, KafkaAddress::Parse(options.address));
  ASSIGN_OR_RETURN(const KafkaSettings settings, KafkaSettings::Parse(options.kafka));
  KafkaLogOptions kafka;
  kafka.log = options.say;
  ASSIGN_OR_RETURN(std::unique_ptr<KafkaLog> log, KafkaLog::Open(address, settings, kafka));
  return std::unique_ptr<EventLog>(std::move(log));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(const LogOptions& options) {
  if (options.embedded()) return OpenEmbedded(options, /*read_only=*/false);
  return OpenKafka(options);
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenLogToRead(const LogOptions& options) {
  if (options.embedded()) return OpenEmbedded(options, /*read_only=*/true);
  return OpenKafka(options);
}

}  // namespace flywheel
