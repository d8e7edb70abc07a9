// The bytes of every kind of event and record that was ever released are decoded for ever. Each
// stands in tests/golden/events as <name>.binpb with a text twin <name>.txtpb.
//
// A new kind gets its files by `test_events '[.write-golden]'`, which writes what is missing and
// never changes what is there: an event that was ever written cannot be un-written.

#include <google/protobuf/text_format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "events/sample_records.h"
#include "events/scan_comparison.h"

namespace flywheel {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;

const std::filesystem::path kFolder = FLYWHEEL_SOURCE_DIR "/tests/golden/events";

// File name without its ending -> what is written for it today.
std::map<std::string, std::unique_ptr<Message>> Golden() {
  std::map<std::string, std::unique_ptr<Message>> golden;
  for (const EventKind kind : sample::AllKinds()) {
    golden["event_" + std::string(FieldOf(kind))] =
        std::make_unique<sample::pb::Event>(sample::FullEvent(kind));
  }
  for (const RecordKind kind : sample::AllRecordKinds()) {
    golden["record_" + sample::BodyField(kind)->name()] =
        std::make_unique<log::v1::Record>(sample::FullRecord(kind));
  }
  return golden;
}

std::string Contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// An empty message of the type that a golden file holds.
std::unique_ptr<Message> Empty(const std::string& name) {
  if (name.rfind("record_", 0) == 0) return std::make_unique<log::v1::Record>();
  return std::make_unique<sample::pb::Event>();
}

TEST_CASE("every kind of event and record has a golden file, and every file a twin") {
  for (const auto& [name, message] : Golden()) {
    CAPTURE(name);
    CHECK(std::filesystem::exists(kFolder / (name + ".binpb")));
    CHECK(std::filesystem::exists(kFolder / (name + ".txtpb")));
  }
}

TEST_CASE("golden bytes decode to their twin, without an unknown field") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".binpb") continue;
    const std::string name = entry.path().stem().string();
    CAPTURE(name);
    ++files;
    const std::string bytes = Contents(entry.path());
    const std::unique_ptr<Message> decoded = Empty(name);
    REQUIRE(decoded->ParseFromString(bytes));
    const std::unique_ptr<Message> twin = Empty(name);
    REQUIRE(TextFormat::ParseFromString(
        Contents(std::filesystem::path(entry.path()).replace_extension(".txtpb")), twin.get()));
    CHECK(decoded->DebugString() == twin->DebugString());
    CHECK(decoded->SerializeAsString() == bytes);
    decoded->DiscardUnknownFields();
    CHECK(decoded->SerializeAsString() == bytes);
    CHECK((name.rfind("record_", 0) == 0 ? scan_comparison::RecordDifference(bytes)
                                         : scan_comparison::EventDifference(bytes)) == "");
  }
  CHECK(files >= 30);
}

// Paths of the fields that the message and those inside it leave unset.
void FindUnset(const Message& message, const std::string& path, std::set<std::string>& unset) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    if (field->real_containing_oneof() != nullptr) continue;
    const std::string at = path + "." + field->name();
    const bool set = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                          : reflection->HasField(message, field);
    if (!set) {
      unset.insert(at);
    } else if (field->cpp_type() == sample::FieldDescriptor::CPPTYPE_MESSAGE) {
      FindUnset(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                     : reflection->GetMessage(message, field),
                at, unset);
    }
  }
}

TEST_CASE("golden files set every field") {
  for (const auto& [name, today] : Golden()) {
    const std::unique_ptr<Message> golden = Empty(name);
    REQUIRE(golden->ParseFromString(Contents(kFolder / (name + ".binpb"))));
    // The oneof's own message is what the file is about.
    const auto* reflection = golden->GetReflection();
    const auto* oneof = golden->GetDescriptor()->oneof_decl(0);
    REQUIRE(reflection->HasOneof(*golden, oneof));
    std::set<std::string> unset;
    FindUnset(*golden, name, unset);
    FindUnset(reflection->GetMessage(*golden, reflection->GetOneofFieldDescriptor(*golden, oneof)),
              name, unset);
    for (const std::string& field : unset) {
      // A whole length of time has no nanos.
      if (field.size() > 6 && field.substr(field.size() - 6) == ".nanos") continue;
      CAPTURE(field);
      CHECK(field == "");
    }
  }
}

TEST_CASE("write the golden files that are missing", "[.write-golden]") {
  std::filesystem::create_directories(kFolder);
  for (const auto& [name, message] : Golden()) {
    const std::filesystem::path bytes = kFolder / (name + ".binpb");
    const std::filesystem::path twin = kFolder / (name + ".txtpb");
    if (std::filesystem::exists(bytes) || std::filesystem::exists(twin)) {
      WARN(name << " is there and stays as it is");
      continue;
    }
    std::ofstream(bytes, std::ios::binary) << message->SerializeAsString();
    std::string text;
    TextFormat::Printer printer;
    printer.SetUseUtf8StringEscaping(true);
    REQUIRE(printer.PrintToString(*message, &text));
    std::ofstream(twin, std::ios::binary) << text;
    WARN(name << " is written");
  }
}

}  // namespace
}  // namespace flywheel
