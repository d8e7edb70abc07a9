#include "app/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace flywheel {
namespace {

std::atomic<Interrupt*> listener = nullptr;

void OnSignal(int signal) {
  const int saved_errno = errno;
  if (Interrupt* interrupt = listener.load(); interrupt != nullptr) interrupt->Raise(signal);
  errno = saved_errno;
}

}  // namespace

Interrupt::Interrupt(bool of_process) : of_process_(of_process) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    read_fd_ = ends[0];
    write_fd_ = ends[1];
  }
}

Interrupt::~Interrupt() {
  Interrupt* self = this;
  listener.compare_exchange_strong(self, nullptr);
  if (read_fd_ >= 0) close(read_fd_);
  if (write_fd_ >= 0) close(write_fd_);
}

void Interrupt::Listen() {
  if (!of_process_) return;
  listener.store(this);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void Interrupt::Raise(int signal) {
  int none = 0;
  if (!signal_.compare_exchange_strong(none, signal)) return;
  const char byte = 1;
  // Nothing can be done about an error in a signal's handler; raised() holds all the same.
  [[maybe_unused]] const ssize_t written = write(write_fd_, &byte, 1);
}

ExitCode Interrupt::exit_code() const {
  const int signal = signal_.load();
  if (signal == 0) return ExitCode::kOk;
  return signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated;
}

}  // namespace flywheel
