// Runs the commands of other processes in the server that holds the data folder.
#ifndef FLYWHEEL_APP_SERVE_COMMAND_SERVER_H_
#define FLYWHEEL_APP_SERVE_COMMAND_SERVER_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "app/interrupt.h"
#include "app/serve/command_channel.h"
#include "app/served_folder.h"
#include "base/mutex.h"
#include "base/strong.h"

namespace flywheel {

// Operation: a thread takes those that come to the folder's socket; each command runs in a thread
// of its own with the client's streams. A client that goes away interrupts its command.
//
// Concurrency: one thread starts and stops it.
//
// Limits: kMaxCommands at a time, a further one is told so and ends with exit code 4; a client has
// 5 s to say what it wants.
class CommandServer {
 public:
  static constexpr size_t kMaxCommands = 32;

  // REQUIRES: this process holds the folder. `served` must outlive it.
  static absl::StatusOr<std::unique_ptr<CommandServer>> Start(std::string folder,
                                                              ServedFolder* served,
                                                              std::function<Instant()> wall_clock);
  // Interrupts the commands that run and waits for them.
  ~CommandServer();

 private:
  // A command that runs.
  struct Session {
    OwnedFd socket;
    Interrupt interrupt;
    std::thread thread;
    bool ended = false;
  };

  CommandServer(std::string folder, ServedFolder* served, std::function<Instant()> wall_clock,
                OwnedFd listening);
  void AcceptAll();
  void TakeClient(OwnedFd socket);
  void Serve(Session& session);
  // The exit code for one client.
  uint8_t RunFor(Session& session);
  void JoinEnded();

  const std::string folder_;
  ServedFolder* const served_;
  const std::function<Instant()> wall_clock_;
  OwnedFd listening_;
  Interrupt stop_;
  Mutex mutex_;
  std::list<Session> sessions_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;  // the last, so that it starts when all else is there
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_COMMAND_SERVER_H_
