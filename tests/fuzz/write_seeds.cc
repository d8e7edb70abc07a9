// Writes the seeds of the fuzz targets: write_seeds DIR makes a folder in DIR for each, with a full
// event of every kind, a full record of every kind, and some random ones.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "events/event_json.h"
#include "events/sample_records.h"

namespace flywheel {
namespace {

void Write(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

// In the form that inbox_message_fuzz.cc reads.
void WriteInboxMessages(const std::filesystem::path& folder, const std::string& name,
                        const std::string& event) {
  const auto header = [](const std::string& value) {
    return std::string(1, static_cast<char>(value.size())) + value;
  };
  const std::string framing("\0\0\0\0\7\0", 6);
  Write(folder / name, '\0' + event);
  Write(folder / (name + "_framed"), '\0' + framing + event);
  Write(folder / (name + "_json"), '\1' + header("application/json") + EventToJson(event).value());
  Write(folder / (name + "_cloudevent"),
        '\x3E' + header("018df4a6-3c00-7abc-8def-0123456789ab") + header("source zażółć") +
            header("flywheel.events.v1." + name) + header("2024-02-29T12:00:00.123Z") +
            header("1.0") + event);
}

void WriteSeeds(const std::filesystem::path& folder) {
  std::mt19937_64 random(1);
  const sample::Pick pick = [&random](uint64_t below) { return below == 0 ? 0 : random() % below; };
  for (const EventKind kind : sample::AllKinds()) {
    const std::string name(NameOf(kind));
    const std::string full = sample::FullEvent(kind).SerializeAsString();
    Write(folder / "wire_scan" / name, full);
    Write(folder / "event_json" / name, EventToJson(full).value());
    WriteInboxMessages(folder / "inbox_message", name, full);
    for (int i = 0; i < 4; ++i) {
      Write(folder / "wire_scan" / (name + std::to_string(i)),
            sample::RandomEvent(kind, pick).SerializeAsString());
    }
  }
  for (const RecordKind kind : sample::AllRecordKinds()) {
    Write(folder / "wire_scan" / ("record" + std::to_string(static_cast<int>(kind))),
          sample::FullRecord(kind).SerializeAsString());
  }
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_seeds DIR\n");
    return 2;
  }
  flywheel::WriteSeeds(argv[1]);
}
