// What only the program itself shows: signals, pipes that are closed, the terminal.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/events.h"
#include "app/program.h"

namespace flywheel {
namespace {

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";

// The program beside this test's binary.
std::string Binary() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "flywheel")
      .string();
}

// Starts the program with the descriptors as its standard ones.
pid_t Start(std::vector<std::string> arguments, int in, int out, int err) {
  arguments.insert(arguments.begin(), Binary());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return child;
}

// The exit code; -1 where a signal ended it.
int Wait(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int OpenNull() { return open("/dev/null", O_RDWR | O_CLOEXEC); }

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

struct Pipe {
  Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  int reader() const { return ends[0]; }
  int writer() const { return ends[1]; }
  void CloseReader() { CloseEnd(0); }
  void CloseWriter() { CloseEnd(1); }

 private:
  void CloseEnd(size_t end) {
    if (ends[end] >= 0) close(std::exchange(ends[end], -1));
  }
  int ends[2];
};

TEST_CASE("a signal ends the process after the batch, with what was acknowledged on the disk") {
  const auto [signal, code] = GENERATE(std::pair(SIGINT, 130), std::pair(SIGTERM, 143));
  Program folder;
  Pipe in;
  Pipe out;
  const int null = OpenNull();
  const pid_t child =
      Start({"--data", folder.data(), "--json", "publish"}, in.reader(), out.writer(), null);
  out.CloseWriter();
  const std::string line = EventLine(kNoon, Placed("o1", "b1"));
  REQUIRE(write(in.writer(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  // Where the child does not start nobody takes it.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int left = 1; left > 0;) {
    REQUIRE(ioctl(in.reader(), FIONREAD, &left) == 0);
    REQUIRE(std::chrono::steady_clock::now() < patience);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(kill(child, signal) == 0);
  CHECK(Wait(child) == code);
  CHECK(LinesOf(ReadAll(out.reader())).size() == 1);
  CHECK(LinesOf(folder.Run({"log", "cat"}).out).size() == 1);
  close(null);
}

TEST_CASE("a reader that went away stops publish with a message, and nothing is lost") {
  Program folder;
  folder.Write("events.jsonl", EventLine(kNoon, Placed("o1", "b1")));
  Pipe out;
  Pipe err;
  const int null = OpenNull();
  const pid_t child =
      Start({"--data", folder.data(), "--json", "publish", folder.Path("events.jsonl")}, null,
            out.writer(), err.writer());
  out.CloseReader();
  out.CloseWriter();
  err.CloseWriter();
  const std::string messages = ReadAll(err.reader());
  CHECK(Wait(child) == 4);
  CHECK(messages.find("1 lines, 1 accepted") != std::string::npos);
  CHECK(messages.find("standard output takes no more") != std::string::npos);
  CHECK(folder.Run({"query", "rating", "anna"}).code == 0);
  close(null);
}

TEST_CASE("an answer that cannot be written is an error") {
  const int null = OpenNull();
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  CHECK(Wait(Start({"--help"}, null, full, null)) == 4);
  close(full);
  close(null);
}

TEST_CASE("nothing but messages goes to a standard error that is no terminal") {
  Program folder;
  Pipe err;
  const int null = OpenNull();
  const pid_t child =
      Start({"--data", folder.data(), "simulate", "--orders", "500"}, null, null, err.writer());
  err.CloseWriter();
  CHECK(ReadAll(err.reader()).empty());
  CHECK(Wait(child) == 0);
  close(null);
}

}  // namespace
}  // namespace flywheel
