#include "integration/running_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/mutex.h"

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

// Starts processes that the kernel kills when this one is gone. It does so when the thread is gone
// that started them, so that is one thread which stays.
class Starter {
 public:
  static Starter& Only() {
    static Starter* const starter = new Starter;  // outlives everything
    return *starter;
  }

  // -1 with errno: it cannot be started. A program that is not there exits with 127.
  pid_t Start(char* const* argv, char* const* variables, const std::array<int, 3>& streams) {
    Order order{argv, variables, streams};
    // The first thread stays too; a test may have given it a view of the file systems of its own.
    if (gettid() == getpid()) return Fork(order);
    MutexLock lock(&mutex_);
    while (order_ != nullptr) changed_.Wait(&mutex_);
    order_ = &order;
    changed_.NotifyAll();
    while (!order.done) changed_.Wait(&mutex_);
    errno = order.error;
    return order.process;
  }

 private:
  struct Order {
    char* const* argv;
    char* const* variables;
    std::array<int, 3> streams;
    pid_t process = -1;
    int error = 0;
    bool done = false;
  };

  Starter() {
    std::thread([this] { Run(); }).detach();
  }

  void Run() {
    MutexLock lock(&mutex_);
    for (;;) {
      while (order_ == nullptr) changed_.Wait(&mutex_);
      order_->process = Fork(*order_);
      order_->error = errno;
      order_->done = true;
      order_ = nullptr;
      changed_.NotifyAll();
    }
  }

  static pid_t Fork(const Order& order) {
    const pid_t parent = getpid();
    const pid_t process = fork();
    if (process == 0) Become(order, parent);
    return process;
  }

  // Between fork and exec only what a signal handler might call.
  [[noreturn]] static void Become(const Order& order, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    for (int to = 0; to < 3; ++to) dup2(order.streams[static_cast<size_t>(to)], to);
    execve(order.argv[0], order.argv, order.variables);
    _exit(127);
  }

  Mutex mutex_;
  CondVar changed_;
  Order* order_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// As exec takes them.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Spawn(std::vector<std::string> arguments, const std::vector<std::string>& environment, int in,
            int out, int err) {
  arguments.insert(arguments.begin(), ProgramPath());
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(variables);
  const pid_t process = Starter::Only().Start(argv.data(), envp.data(), {in, out, err});
  if (process < 0) Fail("fork");
  return process;
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment) {
  // A program that is gone is an error of a write, not the end of the tests.
  signal(SIGPIPE, SIG_IGN);
  const Pipe in;
  const Pipe out;
  const Pipe err;
  process_ = Spawn(arguments, environment, in.read_end, out.write_end, err.write_end);
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
