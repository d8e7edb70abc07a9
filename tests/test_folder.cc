// The one file of the tests that holds an absolute path: all others compile to the same objects in
// every clone.
#include "test_folder.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

// Debian builds its libraries without the thread sanitizer: it sees their locks (pthread's) but not
// their atomics, so what the string functions do on their behalf looks like races. Accesses that
// instrumented code makes, ours and the templates in it, are all still checked.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1:second_deadlock_stack=1";
}

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
