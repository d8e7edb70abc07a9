// Writes the seeds of the fuzz targets: write_seeds DIR makes DIR/wire_scan and DIR/event_json with
// a full event of every kind, a full record of every kind, and some random ones.

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

void WriteSeeds(const std::filesystem::path& folder) {
  std::mt19937_64 random(1);
  const sample::Pick pick = [&random](uint64_t below) { return below == 0 ? 0 : random() % below; };
  for (const EventKind kind : sample::AllKinds()) {
    const std::string name(NameOf(kind));
    const std::string full = sample::FullEvent(kind).SerializeAsString();
    Write(folder / "wire_scan" / name, full);
    Write(folder / "event_json" / name, EventToJson(full).value());
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
