// The one file of the tests that holds an absolute path: all others compile to the same objects in
// every clone.
#include "test_folder.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace flywheel {

void EnterRepository() {
  std::error_code error;
  std::filesystem::current_path(FLYWHEEL_SOURCE_ROOT, error);
  if (error) {
    std::fprintf(stderr, "%s: %s\n", FLYWHEEL_SOURCE_ROOT, error.message().c_str());
    std::exit(1);
  }
}

}  // namespace flywheel
