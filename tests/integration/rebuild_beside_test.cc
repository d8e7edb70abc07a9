// Rows that are made beside those in use, and put in their place.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "app/serve/node.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/running_server.h"
#include "integration/simulated_folder.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

TEST_CASE("rows are made beside a server of the same version, compared, and put in place") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  RunningServer server(folder, {"--partitions", "2"});
  Fill(folder, 1);
  const std::string expected = Answers(folder);

  const ProgramEnd rebuilt = RunOn(folder, {"--json", "rebuild", "--beside"});
  INFO(rebuilt.err);
  CHECK(rebuilt.code == 0);
  CHECK(Contains(rebuilt.out, R"("before":)"));
  CHECK(Contains(rebuilt.out, R"("equal":true)"));
  CHECK(Answers(folder) == expected);
  // They are used up.
  CHECK(RunOn(folder, {"rebuild", "--swap"}).code == 3);
  Fill(folder, 2);
  CHECK(RunOn(folder, {"verify"}).code == 0);
  const ProgramEnd& end = server.Stop();
  CHECK(end.code == 0);
  CHECK(Contains(end.err, "partition 0 takes over the rows that were made beside"));
  CHECK(Contains(end.err, "partition 1 takes over the rows that were made beside"));
  CheckWhole(folder);
}

TEST_CASE("rows are made beside and put in place where nobody serves") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Fill(folder, 3);
  const std::string expected = Answers(folder);
  const ProgramEnd rebuilt = RunOn(folder, {"--json", "rebuild", "--beside"});
  INFO(rebuilt.err);
  CHECK(rebuilt.code == 0);
  CHECK(Contains(rebuilt.out, R"("equal":true)"));
  CHECK(Answers(folder) == expected);
  CheckWhole(folder);
  CHECK(RunOn(files.Path("none"), {"rebuild", "--beside"}).code == 3);
  CHECK(RunOn(folder, {"rebuild", "--beside", "--swap"}).code == 2);
}

TEST_CASE("a rebuild beside that is killed goes on, and harms nobody") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  RunningServer server(folder, {"--partitions", "2"});
  Fill(folder, 4);
  const std::string expected = Answers(folder);
  std::mt19937_64 random(4);
  for (int round = 0; round < 6; ++round) {
    RunningProgram rebuild(On(folder, {"rebuild", "--beside"}));
    for (uint64_t turns = random() % 40; turns > 0 && !rebuild.ended(); --turns) {
      rebuild.Pump(std::chrono::microseconds(5'000));
    }
    rebuild.Signal(SIGKILL);
    rebuild.Wait();
    CHECK(Answers(folder) == expected);
  }
  const ProgramEnd rebuilt = RunOn(folder, {"rebuild", "--beside"});
  INFO(rebuilt.err);
  CHECK(rebuilt.code == 0);
  CHECK(Answers(folder) == expected);
  CHECK(server.Stop().code == 0);
  CheckWhole(folder);
}

TEST_CASE("the program of another fold version serves until the new one takes its rows over") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Fill(folder, 5);
  const std::string expected = Answers(folder);
  fs::remove_all(folder + "/cells");
  NodeOptions older;
  older.log.folder = folder;
  older.cells.cell.cell.other_fold_version = 17;
  const auto clock = [] { return Instant(1'780'000'000'000); };
  {
    const auto node = Node::Open(older, clock);
    REQUIRE(node.ok());
    (*node)->cells().HoldAll();
    REQUIRE((*node)->FoldedViews().ok());
    const ProgramEnd rebuilt = RunOn(folder, {"rebuild", "--beside"});
    INFO(rebuilt.err);
    CHECK(rebuilt.code == 0);
    CHECK(Contains(rebuilt.err, "the rows are ready"));
    CHECK((*node)->FoldedViews().ok());
    // What is there is not made again.
    const ProgramEnd again = RunOn(folder, {"rebuild", "--beside"});
    CHECK(again.code == 0);
    CHECK_FALSE(Contains(again.err, "\n0 of "));
    CHECK_FALSE(again.err.starts_with("0 of "));
  }
  {
    RunningServer server(folder);
    CHECK(Answers(folder) == expected);
    CHECK(server.program().PumpUntil("partition 0 takes over the rows"));
    CHECK(server.Stop().code == 0);
  }
  CheckWhole(folder);
  // Back to the older one, which finds its rows as it left them.
  const auto node = Node::Open(older, clock);
  REQUIRE(node.ok());
  (*node)->cells().HoldAll();
  CHECK((*node)->FoldedViews().ok());
}

TEST_CASE("rows of another version are kept where none are ready") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Fill(folder, 6);
  fs::remove_all(folder + "/cells");
  NodeOptions older;
  older.log.folder = folder;
  older.cells.cell.cell.other_fold_version = 17;
  {
    const auto node = Node::Open(older, [] { return Instant(1'780'000'000'000); });
    REQUIRE(node.ok());
    (*node)->cells().HoldAll();
    REQUIRE((*node)->FoldedViews().ok());
  }
  const ProgramEnd asked = RunOn(folder, {"export", "rating", "--as-of", kAsOf});
  CHECK(asked.code == 4);
  CHECK(Contains(asked.err, "flywheel rebuild"));
  CHECK(RunOn(folder, {"rebuild"}).code == 0);
  CheckWhole(folder);
}

}  // namespace
}  // namespace flywheel
