// Ports that nobody else takes while a test wants them.
#ifndef FLYWHEEL_TESTS_KAFKA_FREE_PORTS_H_
#define FLYWHEEL_TESTS_KAFKA_FREE_PORTS_H_

#include <cstdint>

namespace flywheel {

// Operation: picks a loopback port on which nothing listens and holds it, against every other
// PortLease of this machine, until it is destroyed or its process is gone. It does not listen on
// it: a broker can, can be killed, and can come back on the same port. The port lies below those
// that the kernel gives to outgoing connections.
//
// Errors: throws std::runtime_error where there is no port left.
class PortLease {
 public:
  PortLease();
  ~PortLease();
  PortLease(PortLease&& other) noexcept;
  PortLease& operator=(PortLease&& other) noexcept;

  int port() const { return port_; }

 private:
  int port_ = 0;
  int lock_ = -1;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_FREE_PORTS_H_
