// Any bytes as the file of a policy: they are refused, with a place and a reason for each fault, or
// are a policy that can be published, filled in, printed and read back as the same.

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/policy_file.h"
#include "events/effective_policy.h"
#include "events/policy.h"
#include "events/policy_check.h"
#include "events/policy_record.h"
#include "events/policy_text.h"
#include "events/record_view.h"
#include "fuzz/demand.h"

namespace flywheel {
namespace {

constexpr Instant kStamp{1'800'000'000'000};
constexpr Instant kEffective = kStamp.Plus(kPolicyLeadMillis);

const PolicyBook& BuiltIn() {
  static const PolicyBook book = PolicyBook::BuiltIn();
  return book;
}

void CheckFaults(const std::vector<PolicyFault>& faults) {
  for (const PolicyFault& fault : faults) {
    Demand(!fault.sentence.empty(), "a fault has a reason");
    Demand(FaultOf(TextOf(fault)) == fault || fault.path.empty(), "a fault is read as it is said");
  }
}

std::string JsonOf(const policy::v1::Policy& policy) {
  std::string json;
  Demand(google::protobuf::util::MessageToJsonString(policy, &json).ok(), "a policy prints");
  return json;
}

void CheckFilledIn(const policy::v1::Policy& policy) {
  const policy::v1::Policy filled = FilledIn(policy);
  Demand(WrongFields(filled).empty(), "what is filled in can be taken");
  Demand(FilledIn(filled).SerializeAsString() == filled.SerializeAsString(),
         "what is filled in is not filled in further");
  Demand(DifferencesOf(filled, filled).empty(), "nothing differs from itself");
  const auto differences = DifferencesOf(FilledIn({}), filled);
  Demand(!DifferencesTable(differences).empty(), "differences are told");
  Demand(differences.empty() == DifferencesJson(differences).empty(), "differences are lines");
  const PolicyReading again = ReadPolicy(JsonOf(filled));
  Demand(again.faults.empty(), "what is printed is read");
  Demand(again.policy.SerializeAsString() == filled.SerializeAsString(),
         "what is printed is read as it was");
}

void CheckPublished(const policy::v1::Policy& policy) {
  const std::string record = PolicyRecord(policy, 1, kEffective, kStamp);
  RecordView view;
  Demand(ScanRecord(record, &view) == ScanResult::kOk, "the record of a policy is read");
  PolicyBook book = BuiltIn();
  Demand(book.Publish(policy.SerializeAsString(), 1, kEffective).ok(), "a policy is published");
  for (const std::string& market : book.Markets()) {
    Demand(book.FindOrAny(market, kEffective) != nullptr, "a market has rules");
  }
  CheckFaults(FaultsBeside(policy, {&book}));
}

void CheckFile(std::string_view bytes) {
  const PolicyReading reading = ReadPolicy(bytes);
  CheckFaults(reading.faults);
  if (!reading.faults.empty()) return;
  Demand(WrongFields(reading.policy).empty(), "what is taken has no fault");
  CheckFilledIn(reading.policy);
  const std::vector<PolicyFault> beside = FaultsBeside(reading.policy, {&BuiltIn()});
  CheckFaults(beside);
  if (beside.empty()) CheckPublished(reading.policy);
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silence;
  flywheel::CheckFile(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
