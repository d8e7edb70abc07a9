// A data folder of a test, the program run on it, and what lies in its log. Checks nothing.
#ifndef FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_H_
#define FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/running_program.h"

namespace flywheel {

// What a run of the program works on.
struct DataFolder {
  // NOLINTNEXTLINE(google-explicit-constructor): most have their log within.
  DataFolder(std::string path_of_all) : path(std::move(path_of_all)) {}
  DataFolder(std::string path_of_rows, std::string address)
      : path(std::move(path_of_rows)), log(std::move(address)) {}

  std::string path;
  std::string log;  // kafka://host:port/name; empty: the embedded log in the folder
};

// --data FOLDER, and --log ADDRESS where it has one, before the arguments.
std::vector<std::string> On(const DataFolder& folder, std::vector<std::string> arguments);
ProgramEnd RunOn(const DataFolder& folder, std::vector<std::string> arguments,
                 std::string_view input = "");

// What the program's publish --json says of a line that it took.
struct Acknowledgement {
  int64_t line = 0;
  std::string event_id;
  int32_t partition = 0;
  int64_t offset = 0;
};
// Those in the text's whole lines; a last line without its end was cut off by a kill.
std::vector<Acknowledgement> AcknowledgementsIn(std::string_view text);

// The events of each partition by offset, as serialized flywheel.events.v1.Event. Throws where the
// log cannot be read to its end.
using LoggedEvents = std::vector<std::map<int64_t, std::string>>;
LoggedEvents EventsInLog(const DataFolder& folder);

std::vector<std::string> LinesOf(std::string_view text);
bool Contains(std::string_view text, std::string_view part);
// The first line in which they differ, as both have it; empty: they are the same, byte for byte.
std::string FirstDifference(std::string_view left, std::string_view right);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_H_
