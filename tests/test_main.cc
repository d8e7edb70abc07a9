#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "test_folder.h"

int main(int argc, char** argv) {
  flywheel::EnterRepository();
  return Catch::Session().run(argc, argv);
}
