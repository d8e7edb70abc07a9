#include "app/schemas.h"

#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "app/program.h"
#include "events/event_json.h"
#include "events/intake.h"
#include "events/kafka/address.h"
#include "schemas/async_api.h"
#include "schemas/example_event.h"
#include "schemas/json_schema.h"
#include "schemas/schema_pool.h"

namespace flywheel {
namespace {

using nlohmann::json;

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Path below the folder -> content.
std::map<std::string, std::string> FilesUnder(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(folder).string()] = Contents(entry.path());
  }
  return files;
}

// What is wrong with a JSON event at intake; empty: nothing.
std::string FlawOf(const json& event) {
  std::variant<std::string, IntakeRefusal> bytes = EventFromJson(event.dump());
  if (const auto* refusal = std::get_if<IntakeRefusal>(&bytes)) return refusal->sentence;
  const Instant now = *ParseInstant("2026-01-01T00:00:00Z");
  const auto prepared = Prepare(std::get<std::string>(bytes), now, PolicyBook::BuiltIn(), 4);
  const auto* refusal = std::get_if<IntakeRefusal>(&prepared);
  return refusal == nullptr ? "" : refusal->sentence;
}

// One event of each published kind with every field set, by the payload's JSON name.
std::map<std::string, json> GoldenEvents() {
  std::map<std::string, json> events;
  for (const auto* payload : PublishedPayloads()) {
    const std::string bytes =
        Contents(FLYWHEEL_SOURCE_DIR "/tests/golden/events/event_" + payload->name() + ".binpb");
    events[payload->json_name()] = json::parse(*EventToJson(bytes));
  }
  return events;
}

// The schema that a property's own schema or an element's names, or the schema itself.
const SchemaJson& Target(const SchemaJson& schema, const SchemaJson& root) {
  if (schema.contains("items")) return Target(schema["items"], root);
  if (!schema.contains("allOf")) return schema;
  const std::string reference = schema["allOf"][0]["$ref"];
  return root["$defs"][reference.substr(std::string("#/$defs/").size())];
}

bool Requires(const SchemaJson& schema, const std::string& property) {
  if (!schema.contains("required")) return false;
  const SchemaJson& required = schema["required"];
  return std::find(required.begin(), required.end(), property) != required.end();
}

// Calls `visit` for each property of each object in `value`, with the schema that holds there.
void ForEachProperty(json& value, const SchemaJson& schema, const SchemaJson& root,
                     const std::function<void(json& object, const std::string& property,
                                              const SchemaJson& of_object)>& visit) {
  if (value.is_array()) {
    for (json& element : value) ForEachProperty(element, schema, root, visit);
    return;
  }
  if (!value.is_object()) return;
  std::vector<std::string> names;
  for (const auto& [name, part] : value.items()) names.push_back(name);
  for (const std::string& name : names) {
    INFO(name);
    REQUIRE(schema["properties"].contains(name));
    ForEachProperty(value[name], Target(schema["properties"][name], root), root, visit);
    visit(value, name, schema);
  }
}

TEST_CASE(
    "schemas export writes the schemas as they are written, their descriptors and documents") {
  Program program;
  const std::string folder = program.Path("bundle");
  const ProgramRun run = program.Run({"schemas", "export", folder});
  INFO(run.err);
  REQUIRE(run.code == 0);
  std::map<std::string, std::string> files = FilesUnder(folder);

  for (const auto& [path, text] : FilesUnder(FLYWHEEL_SOURCE_DIR "/schemas")) {
    INFO(path);
    CHECK(files["proto/" + path] == text);
    files.erase("proto/" + path);
  }
  google::protobuf::FileDescriptorSet set;
  REQUIRE(set.ParseFromString(files["flywheel.binpb"]));
  std::set<std::string> names;
  for (const auto& file : set.file()) {
    names.insert(file.name());
    for (const auto& imported : file.dependency()) CHECK(names.contains(imported));
    CHECK(file.source_code_info().location_size() > 0);
  }
  CHECK(names.contains("flywheel/events/v1/event.proto"));
  CHECK(names.contains("google/protobuf/timestamp.proto"));
  CHECK(json::parse(files["event.schema.json"])["properties"].contains("sellerId"));
  CHECK(json::parse(files["asyncapi.json"])["channels"]["inbox"]["address"] == "flywheel.inbox");
  CHECK(files["README.md"].find("flywheel.inbox") != std::string::npos);
  CHECK(files.size() == 4);
}

TEST_CASE("a second schemas export changes nothing and says so") {
  Program program;
  const std::string folder = program.Path("bundle");
  REQUIRE(program.Run({"schemas", "export", folder, "--name", "shop"}).code == 0);
  const auto before = FilesUnder(folder);
  const auto written = std::filesystem::last_write_time(folder + "/asyncapi.json");
  const ProgramRun again = program.Run({"schemas", "export", folder, "--name", "shop", "--json"});
  CHECK(again.code == 0);
  CHECK(FilesUnder(folder) == before);
  CHECK(std::filesystem::last_write_time(folder + "/asyncapi.json") == written);
  const std::vector<std::string> lines = LinesOf(again.out);
  CHECK(lines.size() == before.size());
  for (const std::string& line : lines) CHECK(json::parse(line)["state"] == "unchanged");
}

TEST_CASE("schemas export refuses to replace what differs, and writes nothing then") {
  Program program;
  const std::string folder = program.Path("bundle");
  REQUIRE(program.Run({"schemas", "export", folder}).code == 0);
  program.Write("bundle/event.schema.json", "mine");
  std::filesystem::remove(folder + "/README.md");
  const auto before = FilesUnder(folder);
  const ProgramRun refused = program.Run({"schemas", "export", folder});
  CHECK(refused.code == 4);
  CHECK(refused.err.find("event.schema.json") != std::string::npos);
  CHECK(refused.err.find("--force") != std::string::npos);
  CHECK(FilesUnder(folder) == before);

  const ProgramRun forced = program.Run({"schemas", "export", folder, "--force", "--json"});
  CHECK(forced.code == 0);
  std::map<std::string, int> states;
  for (const std::string& line : LinesOf(forced.out)) ++states[json::parse(line)["state"]];
  CHECK(states["replaced"] == 1);
  CHECK(states["written"] == 1);
  CHECK(json::parse(program.Read("bundle/event.schema.json")).contains("$schema"));
}

TEST_CASE("schemas export says what stands in the way") {
  Program program;
  program.Write("file", "");
  const ProgramRun on_file = program.Run({"schemas", "export", program.Path("file")});
  CHECK(on_file.code == 2);
  CHECK(on_file.err.find(program.Path("file")) != std::string::npos);
  CHECK(program.Read("file").empty());

  std::filesystem::create_directories(program.Path("taken/README.md"));
  const ProgramRun on_folder = program.Run({"schemas", "export", program.Path("taken")});
  CHECK(on_folder.code == 2);
  CHECK(on_folder.err.find("README.md: is no file") != std::string::npos);
  CHECK(FilesUnder(program.Path("taken")).empty());

  for (const std::string name : {"a b", "..", "a/b", "zażółć", "a,b", "?"}) {
    INFO(name);
    const ProgramRun run = program.Run({"schemas", "export", program.Path("no"), "--name", name});
    CHECK(run.code == 2);
    CHECK_FALSE(std::filesystem::exists(program.Path("no")));
  }
  const std::string longest(kMaxKafkaNameBytes, 'x');
  CHECK(program.Run({"schemas", "export", program.Path("ok"), "--name", longest}).code == 0);
  CHECK(program.Run({"schemas", "export", program.Path("no"), "--name", longest + "x"}).code == 2);
}

TEST_CASE("schemas export names the inbox of --log, and --name before it") {
  Program program;
  const std::vector<std::string> of_log = {"--log", "kafka://nowhere:1/shop", "schemas", "export"};
  const auto topic_after = [&](std::vector<std::string> options) {
    std::vector<std::string> arguments = of_log;
    arguments.insert(arguments.end(), options.begin(), options.end());
    CHECK(program.Run(arguments).code == 0);
    return json::parse(Contents(options[0] + "/asyncapi.json"))["channels"]["inbox"]["address"]
        .get<std::string>();
  };
  CHECK(topic_after({program.Path("one")}) == "shop.inbox");
  CHECK(topic_after({program.Path("two"), "--name", "fair"}) == "fair.inbox");
}

TEST_CASE("the JSON Schema requires a field exactly where intake does") {
  const SchemaJson root = EventJsonSchema();
  int required_fields = 0;
  int optional_fields = 0;
  for (auto& [kind, event] : GoldenEvents()) {
    INFO(kind);
    CHECK(FlawOf(event) == "");
    ForEachProperty(event, root, root,
                    [&](json& object, const std::string& name, const SchemaJson& schema) {
                      const bool is_payload = &object == &event && name == kind;
                      const bool is_required = is_payload || Requires(schema, name);
                      const json value = object[name];
                      object.erase(name);
                      INFO(name << ": " << FlawOf(event));
                      CHECK(is_required == !FlawOf(event).empty());
                      ++(is_required ? required_fields : optional_fields);
                      object[name] = value;
                    });
  }
  CHECK(required_fields > 100);
  CHECK(optional_fields > 100);
}

TEST_CASE("the JSON Schema lets one payload through, and none that Flywheel alone makes") {
  const SchemaJson schema = EventJsonSchema();
  std::set<std::string> payloads;
  for (const SchemaJson& choice : schema["oneOf"]) payloads.insert(choice["required"][0]);
  CHECK(payloads.size() == GoldenEvents().size());
  for (const std::string& payload : payloads) CHECK(schema["properties"].contains(payload));
  for (const char* own : {"policyPublished", "buyerErased", "timePassed"}) {
    CHECK_FALSE(schema["properties"].contains(own));
  }
  CHECK_FALSE(schema["additionalProperties"].get<bool>());
}

TEST_CASE("each example is the least that intake takes") {
  for (const auto* payload : PublishedPayloads()) {
    const json event = json::parse(ExampleEvent(payload).dump());
    INFO(event.dump());
    CHECK(FlawOf(event) == "");
    for (const auto& [name, value] : event.items()) {
      json without = event;
      without.erase(name);
      CHECK(FlawOf(without) != "");
    }
  }
}

// Calls `visit` with every object of a document.
void ForEachObject(const SchemaJson& value, const std::function<void(const SchemaJson&)>& visit) {
  if (value.is_object()) visit(value);
  if (!value.is_structured()) return;
  for (const SchemaJson& part : value) ForEachObject(part, visit);
}

TEST_CASE("every reference of the documents leads somewhere, and everything is described") {
  for (const SchemaJson& document : {EventJsonSchema(), AsyncApiDocument("shop")}) {
    int references = 0;
    int described = 0;
    ForEachObject(document, [&](const SchemaJson& object) {
      if (object.contains("$ref")) {
        ++references;
        const std::string target = object["$ref"];
        INFO(target);
        REQUIRE(target.starts_with("#/"));
        CHECK(document.contains(SchemaJson::json_pointer(target.substr(1))));
      }
      if (!object.contains("properties")) return;
      CHECK_FALSE(object["description"].get<std::string>().empty());
      for (const auto& [name, property] : object["properties"].items()) {
        INFO(name);
        ++described;
        CHECK_FALSE(property["description"].get<std::string>().empty());
      }
    });
    CHECK(references > 50);
    CHECK(described > 100);
  }
}

TEST_CASE("the AsyncAPI document has a message for each kind that can be published") {
  const SchemaJson document = AsyncApiDocument("shop");
  const SchemaJson& channel = document["channels"]["inbox"];
  CHECK(channel["address"] == "shop.inbox");
  CHECK(channel["messages"].size() == PublishedPayloads().size());
  for (const auto* payload : PublishedPayloads()) {
    const SchemaJson& message = document["components"]["messages"][payload->message_type()->name()];
    CHECK(message["payload"]["schema"]["allOf"][1]["required"][0] == payload->json_name());
    CHECK(message["x-protobuf"]["payloadMessage"] == payload->message_type()->full_name());
  }
}

}  // namespace
}  // namespace flywheel
