// How a command that finds its data folder held by a server runs in that server: the client hands
// over its arguments and its standard streams, the server runs the command and gives the exit code.
//
// The socket `flywheel.sock` lies in the data folder and is for its owner alone. A request is one
// JSON object after its length in four bytes, least significant first; the three descriptors come
// with its first byte. The answer is one byte, the exit code. A client that is interrupted closes
// its sending half; the server then interrupts the command and answers all the same.
#ifndef FLYWHEEL_APP_SERVE_COMMAND_CHANNEL_H_
#define FLYWHEEL_APP_SERVE_COMMAND_CHANNEL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace flywheel {

// Limit of a request.
inline constexpr uint32_t kMaxCommandBytes = 1 << 20;

// A descriptor that is closed with its owner.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct CommandRequest {
  std::vector<std::string> arguments;
  std::string working_folder;
  bool err_is_a_terminal = false;
};

// Standard input, output and error.
using StandardStreams = std::array<OwnedFd, 3>;

// Listens in the folder; what an earlier process left there is replaced. REQUIRES: the caller holds
// the folder. The socket's path may be of any length.
absl::StatusOr<OwnedFd> ListenForCommands(const std::string& folder);
void RemoveCommandSocket(const std::string& folder);

// nullopt: no server listens in the folder.
absl::StatusOr<std::optional<OwnedFd>> ConnectForCommands(const std::string& folder);

// PermissionDenied where the other side is neither root nor the user of this process.
absl::Status CheckPeer(int socket);

absl::Status SendRequest(int socket, const CommandRequest& request,
                         const std::array<int, 3>& streams);
absl::StatusOr<std::pair<CommandRequest, StandardStreams>> ReceiveRequest(int socket);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_COMMAND_CHANNEL_H_
