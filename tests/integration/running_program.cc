#include "integration/running_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPieceBytes = size_t{64} << 10;

[[noreturn]] void Fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

// The test binary lies in the build folder's tests/, the program above it.
std::string ProgramPath() {
  static const std::string path =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "flywheel")
          .string();
  return path;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) Fail("pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
  int read_end;
  int write_end;
};

// The test's end of a pipe.
int Kept(int fd) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) Fail("fcntl");
  return fd;
}

pid_t Spawn(const std::vector<std::string>& arguments, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  std::string program = ProgramPath();
  std::vector<char*> argv = {program.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t process = -1;
  const int error = posix_spawn(&process, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::system_category(), program);
  return process;
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments) {
  // A program that is gone is an error of a write, not the end of the tests.
  signal(SIGPIPE, SIG_IGN);
  const Pipe in;
  const Pipe out;
  const Pipe err;
  process_ = Spawn(arguments, in.read_end, out.write_end, err.write_end);
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  in_ = Kept(in.write_end);
  out_ = Kept(out.read_end);
  err_ = Kept(err.read_end);
  process_fd_ = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
  if (process_fd_ < 0) Fail("pidfd_open");
}

RunningProgram::~RunningProgram() {
  if (!reaped_) {
    kill(process_, SIGKILL);
    Reap(/*wait=*/true);
  }
  for (const int fd : {process_fd_, in_, out_, err_}) {
    if (fd >= 0) close(fd);
  }
}

void RunningProgram::Signal(int signal) const {
  if (!reaped_) kill(process_, signal);
}

void RunningProgram::CloseInput() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

void RunningProgram::Write() {
  const ssize_t written = write(in_, input_.data() + fed_, std::min(unfed(), kPieceBytes));
  if (written < 0 && errno == EPIPE) CloseInput();
  if (written <= 0) return;
  fed_ += static_cast<size_t>(written);
  if (fed_ == input_.size() || fed_ > (size_t{1} << 20)) {
    input_.erase(0, fed_);
    fed_ = 0;
  }
}

void RunningProgram::Read(int* stream, std::string* text) {
  char piece[kPieceBytes];
  const ssize_t count = read(*stream, piece, sizeof(piece));
  if (count > 0) text->append(piece, static_cast<size_t>(count));
  if (count == 0) {
    close(*stream);
    *stream = -1;
  }
}

void RunningProgram::Reap(bool wait) {
  int status = 0;
  struct rusage usage = {};
  if (wait4(process_, &status, wait ? 0 : WNOHANG, &usage) != process_) return;
  reaped_ = true;
  end_.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end_.max_resident_kib = usage.ru_maxrss;
}

void RunningProgram::Pump(std::chrono::microseconds at_most) {
  if (input_ends_ && unfed() == 0) CloseInput();
  // A stream of -1 is left out by poll.
  pollfd waiting[4] = {{unfed() > 0 ? in_ : -1, POLLOUT, 0},
                       {out_, POLLIN, 0},
                       {err_, POLLIN, 0},
                       {reaped_ ? -1 : process_fd_, POLLIN, 0}};
  const timespec limit = {at_most.count() / 1'000'000, at_most.count() % 1'000'000 * 1000};
  if (ppoll(waiting, 4, &limit, nullptr) <= 0) return;
  if (waiting[0].revents != 0) Write();
  if (waiting[1].revents != 0) Read(&out_, &end_.out);
  if (waiting[2].revents != 0) Read(&err_, &end_.err);
  if (waiting[3].revents != 0) Reap(/*wait=*/false);
}

bool RunningProgram::PumpUntil(std::string_view text) {
  const Clock::time_point hung = Clock::now() + kPatience;
  while (end_.out.find(text) == std::string::npos && end_.err.find(text) == std::string::npos) {
    if (reaped_ && out_ < 0 && err_ < 0) return false;
    if (Clock::now() > hung) throw std::runtime_error("the program does not say it");
    Pump(std::chrono::milliseconds(50));
  }
  return true;
}

const ProgramEnd& RunningProgram::Wait() {
  const Clock::time_point hung = Clock::now() + kPatience;
  while (!reaped_ || out_ >= 0 || err_ >= 0) {
    if (Clock::now() > hung) throw std::runtime_error("the program does not end");
    Pump(std::chrono::milliseconds(50));
  }
  return end_;
}

ProgramEnd RunProgram(const std::vector<std::string>& arguments, std::string_view input) {
  RunningProgram program(arguments);
  program.Feed(input);
  program.EndInput();
  return program.Wait();
}

}  // namespace flywheel
