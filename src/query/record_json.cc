#include "query/record_json.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/escaping.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/event_json.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

std::string UndecodableJson(std::string_view bytes) {
  JsonWriter json;
  json.BeginObject();
  json.Field("undecodable", absl::BytesToHexString(std::string(bytes)));
  return json.EndObject().text();
}

}  // namespace

std::string RecordJson(std::string_view record_bytes) {
  log::v1::Record record;
  std::string text;
  if (!record.ParseFromArray(record_bytes.data(), static_cast<int>(record_bytes.size())) ||
      !google::protobuf::util::MessageToJsonString(record, &text).ok()) {
    return UndecodableJson(record_bytes);
  }
  return text;
}

std::optional<std::string> EventOfRecordJson(std::string_view record_bytes) {
  log::v1::Record record;
  if (!record.ParseFromArray(record_bytes.data(), static_cast<int>(record_bytes.size()))) {
    return std::nullopt;
  }
  const bool resubmitted = record.has_resubmitted() && record.resubmitted().has_event();
  if (!record.has_event() && !resubmitted) return std::nullopt;
  const absl::StatusOr<std::string> json = EventToJson(
      (record.has_event() ? record.event() : record.resubmitted().event()).SerializeAsString());
  return json.ok() ? std::optional<std::string>(*json) : std::nullopt;
}

absl::StatusOr<std::string> ReadRecord(EventLog& log, LogPlace place) {
  absl::Status nothing =
      absl::NotFoundError(fmt::format("the log has no record at {}", FormatPlace(place)));
  if (place.partition.number() >= log.partitions()) return nothing;
  ASSIGN_OR_RETURN(const Offset begin, log.BeginOffset(place.partition));
  ASSIGN_OR_RETURN(const Offset end, log.EndOffset(place.partition));
  if (place.offset < begin || place.offset >= end) return nothing;
  ASSIGN_OR_RETURN(const RecordBatch batch, log.ReadAt(place));
  if (batch.records.empty()) return nothing;
  return std::string(batch.records[0].bytes);
}

}  // namespace flywheel
