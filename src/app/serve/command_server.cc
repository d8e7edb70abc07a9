#include "app/serve/command_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <ext/stdio_filebuf.h>
#include <iostream>
#include <utility>
#include <vector>

#include "app/command_line.h"
#include "app/context.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr timeval kRequestTimeout{5, 0};

using FileBuffer = __gnu_cxx::stdio_filebuf<char>;

// A stream on a descriptor that it owns.
struct OutputStream {
  explicit OutputStream(OwnedFd fd) : buffer(fd.release(), std::ios::out), stream(&buffer) {}
  FileBuffer buffer;
  std::ostream stream;
};

// Raises the interrupt once the client has closed its half, until `ended` becomes readable.
void WatchClient(int client, int ended, Interrupt& interrupt) {
  std::array<pollfd, 2> watched{{{client, POLLIN | POLLRDHUP, 0}, {ended, POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0) {
  }
  if (watched[1].revents == 0) interrupt.Raise(SIGINT);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CommandServer>> CommandServer::Start(
    std::string folder, ServedFolder* served, std::function<Instant()> wall_clock) {
  ASSIGN_OR_RETURN(OwnedFd listening, ListenForCommands(folder));
  return std::unique_ptr<CommandServer>(
      new CommandServer(std::move(folder), served, std::move(wall_clock), std::move(listening)));
}

CommandServer::CommandServer(std::string folder, ServedFolder* served,
                             std::function<Instant()> wall_clock, OwnedFd listening)
    : folder_(std::move(folder)),
      served_(served),
      wall_clock_(std::move(wall_clock)),
      listening_(std::move(listening)),
      acceptor_([this] { AcceptAll(); }) {}

CommandServer::~CommandServer() {
  RemoveCommandSocket(folder_);
  stop_.Raise(SIGTERM);
  acceptor_.join();
  std::list<Session> sessions;
  {
    MutexLock lock(&mutex_);
    for (Session& session : sessions_) session.interrupt.Raise(SIGTERM);
    sessions.swap(sessions_);
  }
  for (Session& session : sessions) session.thread.join();
}

void CommandServer::AcceptAll() {
  std::array<pollfd, 2> watched{{{listening_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
  while (!stop_.raised()) {
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    if (stop_.raised()) return;
    OwnedFd client(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) {
      TakeClient(std::move(client));
    } else {
      // No descriptor is free, as a rule: the client waits a moment longer.
      poll(&watched[1], 1, 100);
    }
  }
}

void CommandServer::TakeClient(OwnedFd socket) {
  JoinEnded();
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kRequestTimeout, sizeof kRequestTimeout);
  MutexLock lock(&mutex_);
  Session& session = sessions_.emplace_back();
  session.socket = std::move(socket);
  session.thread = std::thread([this, &session] { Serve(session); });
}

void CommandServer::JoinEnded() {
  std::list<Session> ended;
  {
    MutexLock lock(&mutex_);
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      const auto next = std::next(session);
      if (session->ended) ended.splice(ended.end(), sessions_, session);
      session = next;
    }
  }
  for (Session& session : ended) session.thread.join();
}

void CommandServer::Serve(Session& session) {
  const uint8_t code = RunFor(session);
  send(session.socket.get(), &code, 1, MSG_NOSIGNAL);
  MutexLock lock(&mutex_);
  shutdown(session.socket.get(), SHUT_RDWR);
  session.ended = true;
}

uint8_t CommandServer::RunFor(Session& session) {
  const auto environment = static_cast<uint8_t>(ExitCode::kEnvironment);
  if (!CheckPeer(session.socket.get()).ok()) return environment;
  auto received = ReceiveRequest(session.socket.get());
  if (!received.ok()) return environment;
  auto& [request, streams] = *received;
  OutputStream out(std::move(streams[1]));
  OutputStream err(std::move(streams[2]));
  {
    MutexLock lock(&mutex_);
    if (sessions_.size() > kMaxCommands) {
      err.stream << "flywheel: the server runs " << kMaxCommands << " commands already; try again"
                 << std::endl;
      return environment;
    }
  }
  Context context;
  context.out = &out.stream;
  context.err = &err.stream;
  context.in_fd = streams[0].get();
  context.err_is_a_terminal = request.err_is_a_terminal;
  context.wall_clock = wall_clock_;
  context.interrupt = &session.interrupt;
  context.served = served_;
  context.working_folder = request.working_folder;
  Interrupt ended;
  std::thread watcher([&] { WatchClient(session.socket.get(), ended.fd(), session.interrupt); });
  const ExitCode code = RunCommandLine(request.arguments, context);
  ended.Raise(SIGTERM);
  watcher.join();
  return static_cast<uint8_t>(code);
}

}  // namespace flywheel
