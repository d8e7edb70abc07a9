#include "kafka/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace flywheel {
namespace {

// Between fork and exec only what a signal handler might call.
[[noreturn]] void Become(char* const* argv, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  // Ctrl-C on the terminal is for the tests: they stop what they started.
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvp(argv[0], argv);
  _exit(127);
}

pid_t Fork(std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return -1;
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Become(argv.data(), file, parent);
  close(file);
  return pid;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments, std::string output)
    : keeper_([this, arguments = std::move(arguments), output = std::move(output)]() mutable {
        Run(std::move(arguments), output);
      }) {
  {
    MutexLock lock(&mutex_);
    while (!started_) changed_.Wait(&mutex_);
  }
  if (pid_ > 0) return;
  keeper_.join();
  throw std::runtime_error("a process cannot be started");
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  keeper_.join();
}

void ChildProcess::Run(std::vector<std::string> arguments, const std::string& output) {
  pid_t pid = -1;
  {
    MutexLock lock(&mutex_);
    pid = pid_ = Fork(arguments, output);
    started_ = true;
    changed_.NotifyAll();
  }
  if (pid <= 0) return;
  siginfo_t end = {};
  while (waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  // Signal must not meet a number that has been given away: it is released under the lock.
  MutexLock lock(&mutex_);
  waitpid(pid, &status_, 0);
  ended_ = true;
  changed_.NotifyAll();
}

bool ChildProcess::ended() const {
  MutexLock lock(&mutex_);
  return ended_;
}

int ChildProcess::code() const {
  MutexLock lock(&mutex_);
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

void ChildProcess::Signal(int signal) {
  MutexLock lock(&mutex_);
  if (!ended_) kill(pid_, signal);
}

bool ChildProcess::WaitForEnd(std::chrono::milliseconds at_most) const {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  MutexLock lock(&mutex_);
  while (!ended_) {
    if (changed_.WaitUntil(&mutex_, deadline)) return ended_;
  }
  return true;
}

}  // namespace flywheel
