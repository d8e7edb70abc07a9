#include "app/policy_command.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/known_policies.h"
#include "app/policy_file.h"
#include "app/policy_publish.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/effective_policy.h"
#include "events/policy.h"

namespace flywheel {
namespace {

absl::StatusOr<std::string> JsonOf(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions how;
  how.add_whitespace = indented;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, how).ok()) {
    return absl::DataLossError("the policy holds a length of time that cannot be written as JSON");
  }
  return json;
}

// The versions of the log, or the built-in one where there is no log yet.
absl::StatusOr<std::vector<KnownPolicy>> KnownTo(const Context& context) {
  if (absl::IsNotFound(CheckLogIsThere(context))) return ReadKnownPolicies({});
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  return ReadKnownPolicies(folded.rows());
}

absl::StatusOr<KnownPolicy> FindVersion(const std::vector<KnownPolicy>& known, uint32_t version) {
  const auto found = std::find_if(known.begin(), known.end(), [version](const KnownPolicy& entry) {
    return entry.version == version;
  });
  if (found != known.end()) return *found;
  std::string versions;
  for (const KnownPolicy& entry : known) {
    versions += fmt::format("{}{}", versions.empty() ? "" : ", ", entry.version);
  }
  return absl::NotFoundError(
      fmt::format("the policy has no version {}; known are {}", version, versions));
}

std::string PartitionsText(const std::vector<Partition>& partitions) {
  std::string text;
  for (const Partition partition : partitions) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", partition.number());
  }
  return text;
}

std::string StateText(const KnownPolicy& policy) {
  if (policy.version == 0) return "built in";
  std::string text = policy.missing.empty() ? "on all partitions"
                                            : fmt::format("published half: not on partition {}",
                                                          PartitionsText(policy.missing));
  if (!policy.different.empty()) {
    text += fmt::format("; another one on partition {}", PartitionsText(policy.different));
  }
  return text;
}

std::string VersionsTable(const std::vector<KnownPolicy>& known, uint32_t shown, Instant now) {
  const uint32_t effective = EffectiveAt(known, now).version;
  Table table({"", "version", "holds from", "recorded", "state"});
  for (const KnownPolicy& entry : known) {
    table.Add({entry.version == shown ? ">" : "",
               fmt::format("v{}{}", entry.version, entry.version == effective ? " (now)" : ""),
               entry.version == 0 ? "ever" : FormatInstant(entry.effective_from),
               entry.version == 0 ? "" : FormatInstant(entry.copies.front().recorded_at),
               StateText(entry)});
  }
  return table.ToText();
}

void WriteVersion(const KnownPolicy& entry, JsonWriter* json) {
  json->BeginObject().Field("version", entry.version);
  if (entry.version != 0) {
    json->Field("effectiveFrom", FormatInstant(entry.effective_from));
    json->Field("recordedAt", FormatInstant(entry.copies.front().recorded_at));
    json->Key("places").BeginArray();
    for (const KnownPolicy::Copy& copy : entry.copies) json->Text(FormatPlace(copy.place));
    json->EndArray();
  }
  json->Flag("complete", entry.complete());
  const auto write = [&](std::string_view name, const std::vector<Partition>& partitions) {
    if (partitions.empty()) return;
    json->Key(name).BeginArray();
    for (const Partition partition : partitions) json->Number(partition.number());
    json->EndArray();
  };
  write("missingOn", entry.missing);
  write("differentOn", entry.different);
  json->EndObject();
}

// The policy, or one market of it.
absl::StatusOr<std::string> ShownJson(const KnownPolicy& shown, const std::string& market,
                                      bool indented) {
  const policy::v1::Policy filled = FilledIn(shown.policy);
  if (market.empty()) return JsonOf(filled, indented);
  const std::optional<policy::v1::Market> found = MarketOf(filled, market);
  if (!found) {
    return absl::NotFoundError(
        fmt::format("version {} of the policy has no market {}", shown.version, market));
  }
  return JsonOf(*found, indented);
}

// What `diff` is given: a version of the log, or a file.
absl::StatusOr<policy::v1::Policy> PolicyNamed(const Context& context, const std::string& name,
                                               std::optional<std::vector<KnownPolicy>>* known) {
  uint32_t version = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, version);
  if (error == std::errc() && stop == end) {
    if (!*known) {
      ASSIGN_OR_RETURN(*known, KnownTo(context));
    }
    ASSIGN_OR_RETURN(const KnownPolicy found, FindVersion(**known, version));
    return found.policy;
  }
  ASSIGN_OR_RETURN(PolicyReading reading, ReadPolicyFile(context, name));
  if (reading.faults.empty()) return std::move(reading.policy);
  std::string reasons;
  for (const PolicyFault& fault : reading.faults) reasons += fmt::format("\n{}", TextOf(fault));
  return absl::InvalidArgumentError(
      fmt::format("{} holds no policy that could be compared:{}", name, reasons));
}

}  // namespace

absl::StatusOr<ExitCode> PolicyShow(const Context& context, const PolicyShowOptions& options) {
  if (options.version && !options.at.empty()) {
    return absl::InvalidArgumentError("--version and --at name the same thing: give one of them");
  }
  const Instant now = context.wall_clock();
  Instant at = now;
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(at, ParseInstant(options.at));
  }
  ASSIGN_OR_RETURN(const std::vector<KnownPolicy> known, KnownTo(context));
  KnownPolicy shown = EffectiveAt(known, at);
  if (options.version) {
    ASSIGN_OR_RETURN(shown, FindVersion(known, *options.version));
  }
  ASSIGN_OR_RETURN(const std::string policy, ShownJson(shown, options.market, !context.json));
  if (!context.json) {
    RETURN_IF_ERROR(context.Print(policy));
    RETURN_IF_ERROR(context.Flush());
    std::string versions = VersionsTable(known, shown.version, now);
    versions.pop_back();
    context.Say(versions);
    return ExitCode::kOk;
  }
  JsonWriter json;
  json.BeginObject().Field("version", shown.version);
  if (shown.version != 0) json.Field("effectiveFrom", FormatInstant(shown.effective_from));
  json.Key(options.market.empty() ? "policy" : "market").Raw(policy);
  json.Key("versions").BeginArray();
  for (const KnownPolicy& entry : known) WriteVersion(entry, &json);
  json.EndArray();
  RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> PolicyDiff(const Context& context, const PolicyDiffOptions& options) {
  if (options.before == "-" && options.after == "-") {
    return absl::InvalidArgumentError("standard input can be one of the two policies, not both");
  }
  std::optional<std::vector<KnownPolicy>> known;
  ASSIGN_OR_RETURN(const policy::v1::Policy before, PolicyNamed(context, options.before, &known));
  ASSIGN_OR_RETURN(const policy::v1::Policy after, PolicyNamed(context, options.after, &known));
  const std::vector<PolicyDifference> differences =
      DifferencesOf(FilledIn(before), FilledIn(after));
  RETURN_IF_ERROR(
      context.Print(context.json ? DifferencesJson(differences) : DifferencesTable(differences)));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> PolicyValidate(const Context& context,
                                        const PolicyValidateOptions& options) {
  ASSIGN_OR_RETURN(PolicyReading reading, ReadPolicyFile(context, options.file));
  const PolicyBook built_in = PolicyBook::BuiltIn();
  if (reading.faults.empty()) reading.faults = FaultsBeside(reading.policy, {&built_in});
  if (!reading.faults.empty()) {
    RETURN_IF_ERROR(SayFaults(context, options.file, reading.faults));
    return ExitCode::kRefused;
  }
  const size_t differences =
      DifferencesOf(FilledIn(policy::v1::Policy()), FilledIn(reading.policy)).size();
  if (!context.json) {
    RETURN_IF_ERROR(context.Print(
        fmt::format("valid; {} values differ from the built-in policy\n", differences)));
    return ExitCode::kOk;
  }
  JsonWriter json;
  json.BeginObject().Field("status", "valid").Field("differences", differences);
  RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
  return ExitCode::kOk;
}

void AddPolicy(CLI::App& app, CommandRunner& runner) {
  CLI::App* policy =
      app.add_subcommand("policy", "The thresholds and tables that hold, and changes of them");
  policy->require_subcommand(1);

  auto show_options = std::make_shared<PolicyShowOptions>();
  CLI::App* show = policy->add_subcommand(
      "show", "What holds, every value filled in, as JSON; the versions that are known");
  show->add_option("--version", show_options->version, "this version; 0 is the built-in policy")
      ->type_name("N");
  show->add_option("--at", show_options->at, "what holds at this instant; default: now")
      ->type_name("T");
  show->add_option("--market", show_options->market, "this market alone, with all its rules");
  RunsWith(*show, runner, show_options, PolicyShow);

  auto diff_options = std::make_shared<PolicyDiffOptions>();
  CLI::App* diff = policy->add_subcommand("diff", "Every value that two policies have different");
  diff->add_option("A", diff_options->before, "a version, or a file; - is standard input")
      ->required();
  diff->add_option("B", diff_options->after, "the same")->required();
  RunsWith(*diff, runner, diff_options, PolicyDiff);

  auto validate_options = std::make_shared<PolicyValidateOptions>();
  CLI::App* validate = policy->add_subcommand(
      "validate", "Whether a policy can be published: every reason against it");
  validate
      ->add_option("FILE", validate_options->file,
                   "JSON, or the bytes of a flywheel.policy.v1.Policy; - is standard input")
      ->default_str("-");
  RunsAlone(*validate, runner, validate_options, PolicyValidate);

  AddPolicyPublish(*policy, runner);
}

}  // namespace flywheel
