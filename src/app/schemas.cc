#include "app/schemas.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/command.h"
#include "app/output_file.h"
#include "app/table.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/kafka/address.h"
#include "schemas/bundle.h"

namespace flywheel {
namespace {

constexpr std::string_view kDefaultName = "flywheel";

absl::StatusOr<std::string> NameOfLog(const Context& context, const SchemasExportOptions& options) {
  if (options.name.empty() && context.log.empty()) return std::string(kDefaultName);
  const bool is_named = !options.name.empty();
  ASSIGN_OR_RETURN(
      const KafkaAddress address,
      KafkaAddress::Parse(is_named ? fmt::format("kafka://broker:9092/{}", options.name)
                                   : context.log));
  return address.name();
}

enum class FileState : uint8_t { kMissing, kSame, kDifferent };

// What is printed about a file once it is in place.
std::string_view Outcome(FileState state) {
  switch (state) {
    case FileState::kMissing:
      return "written";
    case FileState::kSame:
      return "unchanged";
    case FileState::kDifferent:
      return "replaced";
  }
  return "";
}

std::string PathOf(const SchemasExportOptions& options, const BundleFile& file) {
  return (std::filesystem::path(options.folder) / file.path).string();
}

absl::StatusOr<FileState> StateOf(const std::string& path, const std::string& bytes) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return FileState::kMissing;
  if (error) return FileError(error.value(), path, "cannot be read");
  if (!std::filesystem::is_regular_file(status)) {
    return absl::InvalidArgumentError(fmt::format("{}: is no file", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError(errno, path, "cannot be read");
  const std::string there{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return FileError(EIO, path, "cannot be read");
  return there == bytes ? FileState::kSame : FileState::kDifferent;
}

// Before the first file is written, so that a refusal leaves all as it was.
absl::StatusOr<std::vector<FileState>> StatesOf(const SchemasExportOptions& options,
                                                const std::vector<BundleFile>& files) {
  std::vector<FileState> states;
  std::string different;
  for (const BundleFile& file : files) {
    ASSIGN_OR_RETURN(const FileState state, StateOf(PathOf(options, file), file.bytes));
    states.push_back(state);
    if (state != FileState::kDifferent) continue;
    different += fmt::format("{}{}", different.empty() ? "" : ", ", file.path);
  }
  if (different.empty() || options.force) return states;
  return absl::FailedPreconditionError(
      fmt::format("{}: files with another content are there already: {}; --force replaces them",
                  options.folder, different));
}

absl::Status Write(const Context& context, const std::string& path, const std::string& bytes) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return FileError(error.value(), folder.string(), "cannot be made");
  ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> out, OutputFile::Open(context, path));
  RETURN_IF_ERROR(out->Write(bytes));
  return out->Commit();
}

absl::Status Report(const Context& context, const SchemasExportOptions& options,
                    const std::vector<BundleFile>& files, const std::vector<FileState>& states) {
  Table table({"file", "bytes", "state"});
  std::string lines;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string path = PathOf(options, files[i]);
    JsonWriter json;
    json.BeginObject().Field("file", path).Field("bytes", files[i].bytes.size());
    json.Field("state", Outcome(states[i])).EndObject();
    lines += json.TakeLine();
    table.Add({path, GroupedNumber(files[i].bytes.size()), std::string(Outcome(states[i]))});
  }
  return context.Print(context.json ? lines : table.ToText());
}

}  // namespace

absl::StatusOr<ExitCode> SchemasExport(const Context& context,
                                       const SchemasExportOptions& options) {
  ASSIGN_OR_RETURN(const std::string name, NameOfLog(context, options));
  const std::vector<BundleFile> files = SchemaBundle(name);
  ASSIGN_OR_RETURN(const std::vector<FileState> states, StatesOf(options, files));
  for (size_t i = 0; i < files.size(); ++i) {
    if (states[i] == FileState::kSame) continue;
    RETURN_IF_ERROR(Write(context, PathOf(options, files[i]), files[i].bytes));
  }
  RETURN_IF_ERROR(Report(context, options, files, states));
  return ExitCode::kOk;
}

void AddSchemas(CLI::App& app, CommandRunner& runner) {
  CLI::App* schemas = app.add_subcommand("schemas", "What a publisher needs to know of the events");
  schemas->require_subcommand(1);
  auto options = std::make_shared<SchemasExportOptions>();
  CLI::App* export_command = schemas->add_subcommand(
      "export", "Write the .proto files, descriptors, a JSON Schema and an AsyncAPI document");
  export_command->add_option("DIR", options->folder, "where to; made where it is not there")
      ->capture_default_str();
  export_command
      ->add_option("--name", options->name,
                   "the log's name on Kafka: NAME.inbox is the topic; default: that of --log, or "
                   "flywheel")
      ->type_name("NAME");
  export_command->add_flag("--force", options->force, "replace files that have another content");
  RunsAlone(*export_command, runner, options, SchemasExport);
}

}  // namespace flywheel
