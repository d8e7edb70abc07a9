// Any message of the inbox: it is refused with a reason that the log can hold, or what it gives is
// what its headers say; and no event that intake takes is mistaken for something else.
//
// The input is a byte that says which headers there are, for each of them its length and its bytes,
// then the value.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "events/inbox_message.h"
#include "events/record_view.h"
#include "events/refused_record.h"
#include "events/wire_scan.h"
#include "flywheel/log/v1/record.pb.h"
#include "fuzz/demand.h"

namespace flywheel {
namespace {

constexpr Instant kStamp{1'800'000'000'000};
constexpr std::string_view kNames[] = {"content-type", "ce_id",   "ce_source",
                                       "ce_type",      "ce_time", "ce_specversion"};

const PolicyBook& Policies() {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  return policies;
}

void CheckRefusal(std::string_view value, const IntakeRefusal& refusal) {
  Demand(!refusal.sentence.empty(), "a refusal says why");
  Demand(refusal.code == RefusalCode::kInvalid || refusal.code == RefusalCode::kUndecodable,
         "a refusal has a code of intake");
  const PreparedRecord prepared = MakeRefused({"inbox", "0@0"}, value, refusal, kStamp, 4);
  Demand(prepared.record_bytes.size() < 3072, "the record of a refusal is small");
  RecordView view;
  Demand(ScanRecord(prepared.record_bytes, &view) == ScanResult::kOk, "it can be scanned");
  log::v1::Record record;
  Demand(record.ParseFromString(prepared.record_bytes), "it parses");
}

void CheckPlain(std::string_view value) {
  if (!std::holds_alternative<PreparedRecord>(Prepare(value, kStamp, Policies(), 4))) return;
  const auto read = EventFromInbox({value, {}});
  const std::string* const bytes = std::get_if<std::string>(&read);
  Demand(bytes != nullptr && *bytes == value, "what intake takes is given as it is");
}

void CheckMessage(std::string_view value, absl::Span<const MessageHeader> headers) {
  const auto read = EventFromInbox({value, headers});
  if (const auto* refusal = std::get_if<IntakeRefusal>(&read)) return CheckRefusal(value, *refusal);
  const std::string& bytes = std::get<std::string>(read);
  const auto prepared = Prepare(bytes, kStamp, Policies(), 4);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&prepared)) {
    return CheckRefusal(value, *refusal);
  }
  RecordView record;
  Demand(ScanRecord(std::get<PreparedRecord>(prepared).record_bytes, &record) == ScanResult::kOk,
         "a prepared record can be scanned");
  const auto& event = std::get<EventView>(record.body);
  for (const MessageHeader& header : headers) {
    Demand(header.name != "ce_source" || event.source == *header.value, "the source is the one");
    Demand(header.name != "ce_specversion" || *header.value == "1.0", "the version is the one");
  }
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silence;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (rest.empty()) return 0;
  const auto given = static_cast<uint8_t>(rest[0]);
  rest.remove_prefix(1);
  std::vector<flywheel::MessageHeader> headers;
  for (size_t i = 0; i < std::size(flywheel::kNames) && !rest.empty(); ++i) {
    if ((given >> i & 1) == 0) continue;
    const std::string_view value = rest.substr(1, static_cast<uint8_t>(rest[0]));
    headers.push_back({flywheel::kNames[i], value});
    rest.remove_prefix(1 + value.size());
  }
  flywheel::CheckPlain(rest);
  flywheel::CheckMessage(rest, headers);
  return 0;
}
