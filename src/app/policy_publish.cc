#include "app/policy_publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/known_policies.h"
#include "app/policy_file.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/effective_policy.h"
#include "events/policy_record.h"

namespace flywheel {
namespace {

// What is to be done: the version, what stands of it, and where it is to be written.
struct Plan {
  uint32_t version = 0;
  Instant effective_from;
  policy::v1::Policy policy;
  std::vector<KnownPolicy::Copy> there;
  std::vector<Partition> to_write;
};

// The stamp that a record would get: no partition has a later one.
Instant StampNow(const Context& context, const CellViews& views) {
  Instant stamp = context.wall_clock();
  for (const std::shared_ptr<const CellView>& view : views) {
    stamp = std::max(stamp, view->position.last_recorded_at);
  }
  return stamp;
}

// The known version that is the same, else the one of that number.
const KnownPolicy* FindKnown(const std::vector<KnownPolicy>& known, const Plan& plan,
                             std::optional<uint32_t> version) {
  for (const KnownPolicy& entry : known) {
    const bool wanted = version
                            ? entry.version == *version
                            : entry.version != 0 && entry.Says(plan.policy, plan.effective_from);
    if (wanted) return &entry;
  }
  return nullptr;
}

// Fills in version, what stands and what is to be written.
absl::Status MakePlan(const std::vector<KnownPolicy>& known, std::optional<uint32_t> version,
                      int32_t partitions, Plan* plan) {
  if (version && *version == 0) {
    return absl::InvalidArgumentError("--version 0 is the built-in policy; the first is 1");
  }
  const KnownPolicy* same = FindKnown(known, *plan, version);
  if (same == nullptr) {
    plan->version = version.value_or(known.back().version + 1);
    plan->to_write.reserve(static_cast<size_t>(partitions));
    for (int32_t number = 0; number < partitions; ++number) {
      plan->to_write.emplace_back(number);
    }
    return absl::OkStatus();
  }
  plan->version = same->version;
  if (!same->Says(plan->policy, plan->effective_from)) {
    return absl::InvalidArgumentError(fmt::format(
        "--version {}: it is there already, from {}, and {}; a version never changes",
        same->version, FormatInstant(same->effective_from),
        same->effective_from == plan->effective_from ? "says something else" : "not from then"));
  }
  if (!same->different.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "version {} is another one on partition {}: two were published at once; publish this one "
        "under a version of its own",
        same->version, same->different.front().number()));
  }
  plan->there = same->copies;
  plan->to_write = same->missing;
  return absl::OkStatus();
}

absl::Status CheckLead(const Plan& plan, Instant stamp) {
  if (plan.to_write.empty()) return absl::OkStatus();
  if (!plan.there.empty()) {
    if (plan.effective_from >= stamp.Plus(kPolicyLeadMillis)) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "version {} was published half and can no longer be completed: it holds from {}, a copy "
        "written now would hold from {} at the earliest; publish a new version that holds on every "
        "partition",
        plan.version, FormatInstant(plan.effective_from),
        FormatInstant(stamp.Plus(kPolicyLeadMillis))));
  }
  const Instant earliest = stamp.Plus(kPolicyPublishLeadMinutes * kMillisPerMinute);
  if (plan.effective_from >= earliest) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--effective-from {}: a policy holds from {} minutes ahead at the earliest, which now is {}",
      FormatInstant(plan.effective_from), kPolicyPublishLeadMinutes, FormatInstant(earliest)));
}

// Writes the copies, one partition after the other, that of the lowest number first.
absl::Status Write(const Context& context, EventLog& log, const Plan& plan, Instant stamp) {
  size_t written = plan.there.size();
  for (const Partition partition : plan.to_write) {
    const std::string record = PolicyRecord(plan.policy, plan.version, plan.effective_from,
                                            std::max(stamp, context.wall_clock()));
    const std::array<std::string_view, 1> records = {record};
    const absl::Status status = log.Append(partition, records).status();
    if (!status.ok()) {
      return absl::Status(
          status.code(),
          fmt::format("version {} stands on {} of {} partitions; run the same command again to "
                      "complete it: partition {}: {}",
                      plan.version, written, log.partitions(), partition.number(),
                      MessageOf(status)));
    }
    ++written;
  }
  return absl::OkStatus();
}

// The version as the rows have it after the writing.
absl::StatusOr<KnownPolicy> Published(const Folded& folded, const Plan& plan) {
  ASSIGN_OR_RETURN(const std::vector<KnownPolicy> known, ReadKnownPolicies(folded.rows()));
  const KnownPolicy* now = FindKnown(known, plan, plan.version);
  if (now != nullptr && now->complete() && now->Says(plan.policy, plan.effective_from)) return *now;
  const Partition where = now == nullptr            ? Partition(0)
                          : !now->different.empty() ? now->different.front()
                          : !now->missing.empty()   ? now->missing.front()
                                                    : Partition(0);
  return absl::FailedPreconditionError(fmt::format(
      "version {} was written, but partition {} does not have it: see flywheel quarantine list and "
      "flywheel policy show",
      plan.version, where.number()));
}

std::string CopiesText(const Plan& plan, const KnownPolicy* published) {
  Table table({"partition", "copy"});
  std::vector<std::pair<Partition, std::string>> rows;
  rows.reserve(plan.there.size() + plan.to_write.size());
  for (const KnownPolicy::Copy& copy : plan.there) {
    rows.emplace_back(copy.place.partition,
                      fmt::format("{}, there before", FormatPlace(copy.place)));
  }
  for (const Partition partition : plan.to_write) {
    std::string text = "would be written";
    if (published != nullptr) {
      for (const KnownPolicy::Copy& copy : published->copies) {
        if (copy.place.partition == partition) text = FormatPlace(copy.place) + ", written";
      }
    }
    rows.emplace_back(partition, std::move(text));
  }
  std::sort(rows.begin(), rows.end());
  for (auto& [partition, text] : rows) {
    table.Add({std::to_string(partition.number()), std::move(text)});
  }
  return table.ToText();
}

std::string ReportText(const Plan& plan, const KnownPolicy* published,
                       const std::vector<PolicyDifference>& differences, uint32_t replaced) {
  const std::string_view verb = plan.to_write.empty()  ? "holds already"
                                : published == nullptr ? "would hold"
                                                       : "holds";
  return fmt::format(
      "version {} {} from {} on\n\n{}\nagainst version {}, which holds until then:\n\n{}",
      plan.version, verb, FormatInstant(plan.effective_from), CopiesText(plan, published), replaced,
      DifferencesTable(differences));
}

std::string ReportJson(const Plan& plan, const KnownPolicy* published, size_t differences,
                       uint32_t replaced) {
  JsonWriter json;
  json.BeginObject().Field("version", plan.version);
  json.Field("effectiveFrom", FormatInstant(plan.effective_from));
  const std::vector<KnownPolicy::Copy>& copies =
      published != nullptr ? published->copies : plan.there;
  json.Field("status", plan.to_write.empty()  ? "there"
                       : published == nullptr ? "valid"
                                              : "published");
  json.Key("places").BeginArray();
  for (const KnownPolicy::Copy& copy : copies) json.Text(FormatPlace(copy.place));
  json.EndArray().Field("written", published != nullptr ? plan.to_write.size() : 0);
  json.Field("replaces", replaced).Field("differences", differences);
  return json.EndObject().TakeLine();
}

// The version that holds at the instant if the plan's own is left out.
const KnownPolicy& Replaced(std::vector<KnownPolicy>& known, const Plan& plan) {
  known.erase(std::remove_if(known.begin(), known.end(),
                             [&](const KnownPolicy& entry) {
                               return entry.version == plan.version && entry.version != 0;
                             }),
              known.end());
  return EffectiveAt(known, plan.effective_from);
}

}  // namespace

absl::StatusOr<ExitCode> PolicyPublish(const Context& context,
                                       const PolicyPublishOptions& options) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.effective_from, ParseInstant(options.effective_from));
  ASSIGN_OR_RETURN(PolicyReading reading, ReadPolicyFile(context, options.file));
  if (!reading.faults.empty()) {
    RETURN_IF_ERROR(SayFaults(context, options.file, reading.faults));
    return ExitCode::kRefused;
  }
  plan.policy = std::move(reading.policy);
  ASSIGN_OR_RETURN(Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::vector<KnownPolicy> known, ReadKnownPolicies(folded.rows()));
  RETURN_IF_ERROR(MakePlan(known, options.version, folded.log().partitions(), &plan));
  std::vector<const PolicyBook*> books;
  books.reserve(folded.views().size());
  for (const auto& view : folded.views()) books.push_back(view->policies.get());
  if (const std::vector<PolicyFault> faults = FaultsBeside(plan.policy, books); !faults.empty()) {
    RETURN_IF_ERROR(SayFaults(context, options.file, faults));
    return ExitCode::kRefused;
  }
  const Instant stamp = StampNow(context, folded.views());
  RETURN_IF_ERROR(CheckLead(plan, stamp));
  std::optional<KnownPolicy> published;
  if (!options.dry_run && !plan.to_write.empty()) {
    RETURN_IF_ERROR(Write(context, folded.log(), plan, stamp));
    RETURN_IF_ERROR(folded.Refresh(context));
    ASSIGN_OR_RETURN(published, Published(folded, plan));
  }
  const KnownPolicy& replaced = Replaced(known, plan);
  const std::vector<PolicyDifference> differences =
      DifferencesOf(FilledIn(replaced.policy), FilledIn(plan.policy));
  const KnownPolicy* done = published ? &*published : nullptr;
  RETURN_IF_ERROR(context.Print(context.json
                                    ? ReportJson(plan, done, differences.size(), replaced.version)
                                    : ReportText(plan, done, differences, replaced.version)));
  return ExitCode::kOk;
}

void AddPolicyPublish(CLI::App& policy, CommandRunner& runner) {
  auto options = std::make_shared<PolicyPublishOptions>();
  CLI::App* publish = policy.add_subcommand(
      "publish", "Publish a version of the policy on every partition; again to complete it");
  publish
      ->add_option("FILE", options->file,
                   "JSON, or the bytes of a flywheel.policy.v1.Policy; - is standard input")
      ->default_str("-");
  publish
      ->add_option("--effective-from", options->effective_from,
                   "the instant from which it holds; 20 minutes ahead at least")
      ->type_name("T")
      ->required();
  publish->add_option("--version", options->version, "its number; default: the next")
      ->type_name("N");
  publish->add_flag("--dry-run", options->dry_run, "say what would be done, write nothing");
  RunsWith(*publish, runner, options, PolicyPublish);
}

}  // namespace flywheel
