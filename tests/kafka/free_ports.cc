#include "kafka/free_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace flywheel {
namespace {

constexpr int kFirstPort = 20000;
constexpr int kLastPort = 32000;
constexpr int kAttempts = 1000;

// A name in the kernel's abstract space: it goes with the process, however that ends, and is seen
// by whoever shares the ports.
int Lock(int port) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  const std::string text = "flywheel-test-port-" + std::to_string(port);
  text.copy(name.sun_path + 1, sizeof(name.sun_path) - 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (bind(fd, reinterpret_cast<const sockaddr*>(&name), length) == 0) return fd;
  close(fd);
  return -1;
}

bool Free(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return free;
}

}  // namespace

PortLease::PortLease() {
  std::random_device random;
  std::uniform_int_distribution<int> any(kFirstPort, kLastPort);
  for (int i = 0; i < kAttempts; ++i) {
    const int port = any(random);
    const int lock = Lock(port);
    if (lock < 0) continue;
    if (Free(port)) {
      port_ = port;
      lock_ = lock;
      return;
    }
    close(lock);
  }
  throw std::runtime_error("there is no free port between 20000 and 32000");
}

PortLease::~PortLease() {
  if (lock_ >= 0) close(lock_);
}

PortLease::PortLease(PortLease&& other) noexcept
    : port_(other.port_), lock_(std::exchange(other.lock_, -1)) {}

PortLease& PortLease::operator=(PortLease&& other) noexcept {
  std::swap(port_, other.port_);
  std::swap(lock_, other.lock_);
  return *this;
}

}  // namespace flywheel
