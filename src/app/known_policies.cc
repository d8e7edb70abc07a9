#include "app/known_policies.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

// Adds a partition's copy of a version.
absl::Status AddCopy(uint32_t version, Partition partition, const PolicyRow& row,
                     std::map<uint32_t, KnownPolicy>* known) {
  policy::v1::Policy policy;
  if (!policy.ParseFromString(row.policy)) {
    return absl::DataLossError("a policy row holds no policy");
  }
  KnownPolicy& entry = (*known)[version];
  if (entry.copies.empty()) {
    entry.version = version;
    entry.effective_from = row.effective_from;
    entry.policy = std::move(policy);
  } else if (!entry.Says(policy, row.effective_from)) {
    entry.different.push_back(partition);
    return absl::OkStatus();
  }
  entry.copies.push_back({{partition, row.offset}, row.recorded_at});
  return absl::OkStatus();
}

void FindMissing(Partition partition, const std::set<uint32_t>& here,
                 std::map<uint32_t, KnownPolicy>* known) {
  for (auto& [version, entry] : *known) {
    if (version != 0 && here.count(version) == 0) entry.missing.push_back(partition);
  }
}

}  // namespace

bool KnownPolicy::Says(const policy::v1::Policy& other, Instant other_effective_from) const {
  return effective_from == other_effective_from &&
         policy.SerializeAsString() == other.SerializeAsString();
}

absl::StatusOr<std::vector<KnownPolicy>> ReadKnownPolicies(
    const std::vector<const RowReader*>& rows) {
  std::map<uint32_t, KnownPolicy> known;
  known[0];
  std::vector<std::set<uint32_t>> here(rows.size());
  for (size_t number = 0; number < rows.size(); ++number) {
    absl::Status status;
    RETURN_IF_ERROR(ScanPrefix(
        *rows[number], row_keys::Prefix(RowType::kPolicy),
        [&](std::string_view key, std::string_view value) {
          const absl::StatusOr<PolicyRow> row = PolicyRow::Decode(value);
          status.Update(row.status());
          if (!status.ok()) return false;
          const uint32_t version = row_keys::ParsePolicy(key);
          here[number].insert(version);
          status.Update(AddCopy(version, Partition(static_cast<int32_t>(number)), *row, &known));
          return status.ok();
        }));
    RETURN_IF_ERROR(status);
  }
  std::vector<KnownPolicy> versions;
  versions.reserve(known.size());
  for (size_t number = 0; number < rows.size(); ++number) {
    FindMissing(Partition(static_cast<int32_t>(number)), here[number], &known);
  }
  for (auto& [version, entry] : known) versions.push_back(std::move(entry));
  return versions;
}

const KnownPolicy& EffectiveAt(const std::vector<KnownPolicy>& known, Instant at) {
  const KnownPolicy* effective = &known.front();
  for (const KnownPolicy& version : known) {
    if (version.effective_from <= at && version.effective_from >= effective->effective_from) {
      effective = &version;
    }
  }
  return *effective;
}

}  // namespace flywheel
