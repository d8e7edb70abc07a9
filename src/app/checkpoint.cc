#include "app/checkpoint.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "app/cell_folder.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/fold.h"

namespace flywheel {
namespace {

// The folder that holds the checkpoints that the command is about.
absl::StatusOr<std::string> FolderOf(const Context& context, const std::string& named) {
  if (!named.empty()) return context.PathOf(named);
  if (context.served != nullptr) {
    const std::string& shared = context.served->checkpoints().shared;
    if (!shared.empty()) return shared;
  } else if (context.log.empty()) {
    RETURN_IF_ERROR(CheckLogIsThere(context));
    return OwnCheckpoints(context.folder);
  }
  return absl::InvalidArgumentError(
      "which checkpoints? Name their folder with --checkpoints DIR, or start the server with it");
}

// A checkpoint as it is listed.
struct Listed {
  CheckpointPlace place;
  std::optional<uint64_t> bytes;
  std::optional<absl::Duration> age;
  absl::Status damage;
};

Listed Describe(const CheckpointPlace& place, bool verify) {
  Listed listed;
  listed.place = place;
  const absl::StatusOr<uint64_t> bytes = BytesOf(place);
  if (bytes.ok()) listed.bytes = *bytes;
  listed.damage = verify && bytes.ok() ? VerifyCheckpoint(place) : bytes.status();
  std::error_code error;
  const auto made = std::filesystem::last_write_time(place.folder, error);
  if (!error) {
    const auto age = std::filesystem::file_time_type::clock::now() - made;
    listed.age = absl::FromChrono(std::chrono::duration_cast<std::chrono::seconds>(age));
  }
  return listed;
}

std::string ToJson(const Listed& listed) {
  JsonWriter json;
  const CheckpointPlace& place = listed.place;
  json.BeginObject().Field("place", FormatPlace({place.partition, place.position}));
  json.Field("partition", place.partition.number()).Field("position", place.position.number());
  json.Field("foldVersion", fmt::format("{:016x}", place.fold_version));
  json.Flag("ofThisProgram", place.fold_version == FoldVersion());
  if (listed.bytes) json.Field("bytes", *listed.bytes);
  if (listed.age) json.Field("ageSeconds", absl::ToInt64Seconds(*listed.age));
  json.FieldIfGiven("damage", MessageOf(listed.damage));
  return json.Field("folder", place.folder).EndObject().TakeLine();
}

absl::Status PrintAll(const Context& context, const std::vector<Listed>& all) {
  if (context.json) {
    for (const Listed& listed : all) RETURN_IF_ERROR(context.Print(ToJson(listed)));
    return absl::OkStatus();
  }
  Table table({"place", "fold version", "bytes", "age s", ""});
  for (const Listed& listed : all) {
    const CheckpointPlace& place = listed.place;
    table.Add({FormatPlace({place.partition, place.position}),
               place.fold_version == FoldVersion() ? std::string("this program's")
                                                   : fmt::format("{:016x}", place.fold_version),
               listed.bytes ? GroupedNumber(*listed.bytes) : "",
               listed.age ? std::to_string(absl::ToInt64Seconds(*listed.age)) : "",
               listed.damage.ok() ? "" : "DAMAGED"});
  }
  return context.Print(table.ToText());
}

// In the server, on its cells' threads.
absl::StatusOr<std::vector<Listed>> CreateInServer(const Context& context,
                                                   const CheckpointCreateOptions& options) {
  ServedFolder& served = *context.served;
  if (!options.folder.empty() && context.PathOf(options.folder) != served.checkpoints().shared) {
    return absl::FailedPreconditionError(fmt::format(
        "the server puts its checkpoints into {}; leave --checkpoints out",
        served.checkpoints().shared.empty() ? "no folder" : served.checkpoints().shared));
  }
  std::vector<Listed> made;
  for (int32_t number = 0; number < served.log().partitions(); ++number) {
    const absl::StatusOr<CheckpointPlace> place = served.MakeCheckpoint(Partition(number));
    if (place.ok()) {
      made.push_back(Describe(*place, false));
    } else if (absl::IsFailedPrecondition(place.status())) {
      context.Say(fmt::format("partition {}: {}", number, MessageOf(place.status())));
    } else {
      return place.status();
    }
  }
  return made;
}

absl::StatusOr<std::vector<Listed>> CreateHere(const Context& context,
                                               const CheckpointCreateOptions& options) {
  CheckpointOptions checkpoints;
  ASSIGN_OR_RETURN(checkpoints.shared, FolderOf(context, options.folder));
  checkpoints.keep = options.keep;
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEngine(context));
  RETURN_IF_ERROR(CatchUp(context, *engine));
  std::vector<Listed> made;
  for (int32_t number = 0; number < engine->partitions(); ++number) {
    const Partition partition(number);
    if (engine->position(partition).last < Offset(0)) {
      context.Say(
          fmt::format("partition {}: nothing is folded yet, there is nothing to keep", number));
      continue;
    }
    const std::string cut = CellFolder(context.folder, partition).string() + ".cut";
    const absl::StatusOr<CheckpointPlace> place =
        CreateCheckpoint(engine->rows(partition), partition, cut, checkpoints);
    RETURN_IF_ERROR(InFolder(context, place.status()));
    made.push_back(Describe(*place, false));
  }
  return made;
}

// The checkpoints that the places name, all of every fold version at a place.
absl::StatusOr<std::vector<CheckpointPlace>> Named(const std::vector<CheckpointPlace>& all,
                                                   const std::vector<std::string>& places) {
  std::vector<CheckpointPlace> named;
  for (const std::string& text : places) {
    const absl::StatusOr<LogPlace> place = ParsePlace(text);
    if (!place.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is no place of a checkpoint: PARTITION@OFFSET", text));
    }
    const size_t before = named.size();
    for (const CheckpointPlace& one : all) {
      if (one.partition == place->partition && one.position == place->offset) named.push_back(one);
    }
    if (named.size() == before) {
      return absl::NotFoundError(fmt::format("there is no checkpoint at {}", text));
    }
  }
  return named;
}

}  // namespace

absl::StatusOr<ExitCode> CheckpointCreate(const Context& context,
                                          const CheckpointCreateOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Listed> made, context.served != nullptr
                                                       ? CreateInServer(context, options)
                                                       : CreateHere(context, options));
  RETURN_IF_ERROR(PrintAll(context, made));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> CheckpointList(const Context& context,
                                        const CheckpointListOptions& options) {
  ASSIGN_OR_RETURN(const std::string folder, FolderOf(context, options.folder));
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places, ListAllCheckpoints(folder));
  std::vector<Listed> all;
  all.reserve(places.size());
  bool damaged = false;
  for (const CheckpointPlace& place : places) {
    Listed listed = Describe(place, options.verify);
    if (absl::IsNotFound(listed.damage)) continue;  // removed meanwhile
    if (!listed.damage.ok()) context.Say(MessageOf(listed.damage));
    damaged = damaged || absl::IsDataLoss(listed.damage);
    all.push_back(std::move(listed));
  }
  RETURN_IF_ERROR(PrintAll(context, all));
  return damaged ? ExitCode::kDamage : ExitCode::kOk;
}

absl::StatusOr<ExitCode> CheckpointDrop(const Context& context,
                                        const CheckpointDropOptions& options) {
  if (options.all != options.places.empty()) {
    return absl::InvalidArgumentError("name the places of checkpoints, or --all");
  }
  CheckpointOptions checkpoints;
  if (context.served != nullptr) checkpoints = context.served->checkpoints();
  ASSIGN_OR_RETURN(checkpoints.shared, FolderOf(context, options.folder));
  ASSIGN_OR_RETURN(std::vector<CheckpointPlace> chosen, ListAllCheckpoints(checkpoints.shared));
  if (!options.all) {
    ASSIGN_OR_RETURN(chosen, Named(chosen, options.places));
  }
  for (const CheckpointPlace& place : chosen) {
    RETURN_IF_ERROR(DropCheckpoint(place, checkpoints));
  }
  context.Say(fmt::format("{} checkpoints dropped", chosen.size()));
  return ExitCode::kOk;
}

namespace {

void AddFolder(CLI::App& command, std::string& folder) {
  command
      .add_option("--checkpoints", folder,
                  "the folder of the checkpoints; default: the server's, or checkpoints/ in the "
                  "data folder")
      ->type_name("DIR");
}

}  // namespace

void AddCheckpoint(CLI::App& app, CommandRunner& runner) {
  CLI::App* checkpoint =
      app.add_subcommand("checkpoint", "Rows that are kept for when the others are lost");
  checkpoint->require_subcommand(1);

  auto create_options = std::make_shared<CheckpointCreateOptions>();
  CLI::App* create = checkpoint->add_subcommand("create", "Keep the rows as they are now");
  AddFolder(*create, create_options->folder);
  create->add_option("--keep", create_options->keep, "how many stay of a partition")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  RunsWith(*create, runner, create_options, CheckpointCreate);

  auto list_options = std::make_shared<CheckpointListOptions>();
  CLI::App* list = checkpoint->add_subcommand("list", "What is kept");
  AddFolder(*list, list_options->folder);
  list->add_flag("--verify", list_options->verify, "read every file and compare its hash");
  RunsWith(*list, runner, list_options, CheckpointList);

  auto drop_options = std::make_shared<CheckpointDropOptions>();
  CLI::App* drop = checkpoint->add_subcommand("drop", "Remove some; rows and log stay");
  AddFolder(*drop, drop_options->folder);
  drop->add_option("PLACE", drop_options->places, "PARTITION@OFFSET, as list prints it");
  drop->add_flag("--all", drop_options->all, "all of them");
  RunsWith(*drop, runner, drop_options, CheckpointDrop);
}

}  // namespace flywheel
