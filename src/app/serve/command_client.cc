#include "app/serve/command_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "app/serve/command_channel.h"
#include "base/status.h"

namespace flywheel {
namespace {

// The byte that the server answers with; an interrupt closes our half meanwhile.
absl::StatusOr<ExitCode> AwaitExitCode(int socket, Interrupt& interrupt) {
  bool told = false;
  for (;;) {
    std::array<pollfd, 2> watched{{{socket, POLLIN, 0}, {told ? -1 : interrupt.fd(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[1].revents != 0) {
      shutdown(socket, SHUT_WR);
      told = true;
    }
    if (watched[0].revents == 0) continue;
    uint8_t code = 0;
    const ssize_t got = recv(socket, &code, 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 1) return static_cast<ExitCode>(code);
    return absl::UnavailableError(
        "the server that holds the data folder went away before the command was done; what it "
        "acknowledged is in the log");
  }
}

}  // namespace

absl::StatusOr<std::optional<ExitCode>> RunInServer(const Context& context,
                                                    const std::vector<std::string>& arguments) {
  if (context.out_fd < 0 || context.err_fd < 0) return std::nullopt;
  ASSIGN_OR_RETURN(const std::optional<OwnedFd> socket, ConnectForCommands(context.folder));
  if (!socket) return std::nullopt;
  RETURN_IF_ERROR(context.Flush());
  context.interrupt->Listen();
  CommandRequest request;
  request.arguments = arguments;
  std::error_code error;
  request.working_folder = std::filesystem::current_path(error).string();
  request.err_is_a_terminal = context.err_is_a_terminal;
  RETURN_IF_ERROR(
      SendRequest(socket->get(), request, {context.in_fd, context.out_fd, context.err_fd}));
  ASSIGN_OR_RETURN(const ExitCode code, AwaitExitCode(socket->get(), *context.interrupt));
  if (context.interrupt->raised()) return context.interrupt->exit_code();
  return code;
}

}  // namespace flywheel
