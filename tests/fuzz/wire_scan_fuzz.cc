// Any bytes, as an event and as a record: the scan takes, shows and refuses what libprotobuf does.
// And whatever intake prepares from them is a record that the replay reads.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "events/intake.h"
#include "events/scan_comparison.h"
#include "fuzz/demand.h"

namespace flywheel {
namespace {

constexpr Instant kStamp{1'800'000'000'000};

void CheckPrepare(std::string_view bytes) {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  const google::protobuf::LogSilencer silence;
  const auto prepared = Prepare(bytes, kStamp, policies, 12);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&prepared)) {
    Demand(!refusal->sentence.empty(), "a refusal says why");
    return;
  }
  const auto& record_bytes = std::get<PreparedRecord>(prepared).record_bytes;
  RecordView record;
  Demand(ScanRecord(record_bytes, &record) == ScanResult::kOk, "a prepared record can be scanned");
  Demand(record.recorded_at == kStamp, "a prepared record has the stamp");
  log::v1::Record parsed;
  Demand(parsed.ParseFromString(record_bytes), "a prepared record parses");
  events::v1::Event published;
  Demand(published.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())),
         "what intake takes parses");
  published.clear_recorded_at();
  parsed.mutable_event()->clear_recorded_at();
  Demand(published.SerializeAsString() == parsed.event().SerializeAsString(),
         "intake changes nothing but recorded_at");
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using flywheel::Demand;
  const std::string event = flywheel::scan_comparison::EventDifference(bytes);
  Demand(event.empty(), "event: " + event);
  const std::string record = flywheel::scan_comparison::RecordDifference(bytes);
  Demand(record.empty(), "record: " + record);
  flywheel::CheckPrepare(bytes);
  return 0;
}
