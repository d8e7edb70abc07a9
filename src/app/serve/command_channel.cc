#include "app/serve/command_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/output_file.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr const char* kSocketName = "flywheel.sock";
// Of those that wait to be taken.
constexpr int kBacklog = 16;

absl::Status SocketError(std::string_view what) {
  return absl::UnavailableError(fmt::format("{}: {}", what, std::system_category().message(errno)));
}

// The socket's address, by way of the folder's descriptor: an address holds 108 bytes, a path any
// number.
struct Address {
  OwnedFd folder;
  sockaddr_un socket = {};
};

absl::StatusOr<Address> AddressIn(const std::string& folder) {
  Address address;
  address.folder = OwnedFd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!address.folder) return FileError(errno, folder, "cannot be opened");
  address.socket.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), kSocketName);
  std::memcpy(address.socket.sun_path, path.c_str(), path.size() + 1);
  return address;
}

OwnedFd NewSocket() { return OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

absl::Status SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return SocketError("the server cannot be told");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status ReceiveAll(int socket, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = recv(socket, bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::UnavailableError("the client went away before it was heard");
    bytes += got;
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

// Room for three descriptors beside a message.
struct alignas(cmsghdr) ControlRoom {
  std::array<char, CMSG_SPACE(3 * sizeof(int))> bytes{};
};

absl::Status SendStreams(int socket, char first, const std::array<int, 3>& streams) {
  ControlRoom control;
  iovec part{&first, 1};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof streams);
  std::memcpy(CMSG_DATA(header), streams.data(), sizeof streams);
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == 1 ? absl::OkStatus() : SocketError("the server cannot be told");
}

absl::StatusOr<StandardStreams> ReceiveStreams(int socket, char* first) {
  ControlRoom control;
  iovec part{first, 1};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  StandardStreams streams;
  const cmsghdr* const header = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(3 * sizeof(int))) {
    return absl::InvalidArgumentError("a request came without its three streams");
  }
  std::array<int, 3> fds{};
  std::memcpy(fds.data(), CMSG_DATA(header), sizeof fds);
  for (size_t i = 0; i < fds.size(); ++i) streams[i] = OwnedFd(fds[i]);
  return streams;
}

std::string LengthOf(const std::string& text) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>((text.size() >> shift) & 0xff);
  }
  return bytes;
}

absl::StatusOr<CommandRequest> ParseRequest(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  CommandRequest request;
  const bool whole = json.is_object() && json.contains("arguments") &&
                     json["arguments"].is_array() && json.contains("workingFolder") &&
                     json["workingFolder"].is_string() && json.contains("terminal") &&
                     json["terminal"].is_boolean();
  if (!whole) return absl::InvalidArgumentError("a request that is none");
  for (const nlohmann::json& argument : json["arguments"]) {
    if (!argument.is_string()) return absl::InvalidArgumentError("a request that is none");
    request.arguments.push_back(argument.get<std::string>());
  }
  request.working_folder = json["workingFolder"].get<std::string>();
  request.err_is_a_terminal = json["terminal"].get<bool>();
  return request;
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}

void RemoveCommandSocket(const std::string& folder) {
  unlink((folder + "/" + kSocketName).c_str());
}

absl::StatusOr<OwnedFd> ListenForCommands(const std::string& folder) {
  ASSIGN_OR_RETURN(const Address address, AddressIn(folder));
  OwnedFd socket = NewSocket();
  if (!socket) return SocketError("no socket can be made");
  RemoveCommandSocket(folder);
  // For the owner alone from the first moment on.
  fchmod(socket.get(), S_IRUSR | S_IWUSR);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.socket),
           sizeof address.socket) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return SocketError(fmt::format("{}/{} cannot be listened at", folder, kSocketName));
  }
  return socket;
}

absl::StatusOr<std::optional<OwnedFd>> ConnectForCommands(const std::string& folder) {
  const absl::StatusOr<Address> address = AddressIn(folder);
  if (!address.ok()) return std::nullopt;  // whoever opens the folder says what is wrong with it
  OwnedFd socket = NewSocket();
  if (!socket) return SocketError("no socket can be made");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->socket),
              sizeof address->socket) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    return SocketError(fmt::format("the server that holds {} cannot be reached", folder));
  }
  return socket;
}

absl::Status CheckPeer(int socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return SocketError("who is there cannot be found out");
  }
  if (peer.uid == 0 || peer.uid == geteuid()) return absl::OkStatus();
  return absl::PermissionDeniedError("the data folder is another user's");
}

absl::Status SendRequest(int socket, const CommandRequest& request,
                         const std::array<int, 3>& streams) {
  const nlohmann::json json = {{"arguments", request.arguments},
                               {"workingFolder", request.working_folder},
                               {"terminal", request.err_is_a_terminal}};
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > kMaxCommandBytes) return absl::InvalidArgumentError("the command is too long");
  const std::string length = LengthOf(text);
  RETURN_IF_ERROR(SendStreams(socket, length[0], streams));
  return SendAll(socket, length.substr(1) + text);
}

absl::StatusOr<std::pair<CommandRequest, StandardStreams>> ReceiveRequest(int socket) {
  std::array<char, 4> length{};
  ASSIGN_OR_RETURN(StandardStreams streams, ReceiveStreams(socket, length.data()));
  RETURN_IF_ERROR(ReceiveAll(socket, length.data() + 1, length.size() - 1));
  uint32_t size = 0;
  for (size_t i = 0; i < length.size(); ++i) {
    size |= uint32_t{static_cast<unsigned char>(length[i])} << (8 * i);
  }
  if (size > kMaxCommandBytes) return absl::InvalidArgumentError("a request that is too long");
  std::string text(size, '\0');
  RETURN_IF_ERROR(ReceiveAll(socket, text.data(), text.size()));
  ASSIGN_OR_RETURN(CommandRequest request, ParseRequest(text));
  return std::pair(std::move(request), std::move(streams));
}

}  // namespace flywheel
