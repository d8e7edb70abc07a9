#include "app/serve/serve.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "app/cell_folder.h"
#include "app/data_folder.h"
#include "app/make_folder.h"
#include "app/serve/command_server.h"
#include "app/serve/inbox_metrics.h"
#include "app/serve/node.h"
#include "app/serve/node_service.h"
#include "base/name_character.h"
#include "base/status.h"
#include "events/kafka/inbox.h"
#include "events/kafka/membership.h"
#include "events/kafka/refused_store.h"
#include "query/http_doors.h"

namespace flywheel {
namespace {

// How often what is due is looked after.
constexpr absl::Duration kTick = absl::Milliseconds(250);

struct Listen {
  std::string host;
  uint16_t port = 0;
};

// HOST:PORT, an IPv6 address in brackets.
absl::StatusOr<Listen> ParseListen(const std::string& text) {
  const size_t colon = text.rfind(':');
  Listen listen;
  if (colon != std::string::npos) {
    listen.host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, listen.port);
    if (error == std::errc() && rest == end && colon + 1 < text.size() && !listen.host.empty()) {
      if (listen.host.front() == '[' && listen.host.back() == ']') {
        listen.host = listen.host.substr(1, listen.host.size() - 2);
      }
      return listen;
    }
  }
  return absl::InvalidArgumentError(fmt::format("--listen {}: not HOST:PORT", text));
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// What the node calls itself where nobody says: the same after a restart at the same port.
std::string DefaultNodeId(uint16_t port) {
  std::string id = fmt::format("{}-{}", HostName(), port);
  for (char& c : id) {
    if (!IsNameCharacter(c)) c = '-';
  }
  return id.substr(0, kMaxNodeIdBytes);
}

// A node with its doors, put together and run.
class Server {
 public:
  Server(const Context& context, const ServeOptions& options)
      : context_(context), options_(options) {}
  ~Server() { Stop(); }

  absl::StatusOr<ExitCode> Run() {
    RETURN_IF_ERROR(Start());
    context_.Say(fmt::format("serving on {}", service_->address()));
    while (!context_.interrupt->raised()) RETURN_IF_ERROR(Tick());
    context_.Say("stopping");
    Stop();
    return ExitCode::kOk;
  }

 private:
  absl::Status Start() {
    ASSIGN_OR_RETURN(const Listen listen, ParseListen(options_.listen));
    RETURN_IF_ERROR(OpenNode(listen));
    // The id needs the port, which is known once the door is open.
    RETURN_IF_ERROR(OpenDoors(listen));
    ASSIGN_OR_RETURN(commands_,
                     CommandServer::Start(context_.folder, node_.get(), context_.wall_clock));
    if (node_->log_options().embedded()) {
      node_->cells().HoldAll();
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(address_, KafkaAddress::Parse(node_->log_options().address));
    ASSIGN_OR_RETURN(settings_, KafkaSettings::Parse(node_->log_options().kafka));
    return JoinGroup();
  }

  absl::Status OpenNode(const Listen& listen) {
    NodeOptions node;
    node.log = LogOptionsOf(context_);
    node.log.say = [this](std::string_view line) { Say(line); };
    if (options_.partitions != 0) node.log.partitions = options_.partitions;
    node.cells.cache_bytes = static_cast<size_t>(options_.cache_mib) << 20;
    node.cells.cell.checkpoint_interval = options_.checkpoint_seconds == 0
                                              ? absl::InfiniteDuration()
                                              : absl::Seconds(options_.checkpoint_seconds);
    node.cells.say = [this](std::string_view line) { Say(line); };
    CheckpointOptions& checkpoints = node.cells.checkpoints;
    checkpoints.keep = options_.checkpoint_keep;
    checkpoints.shared = options_.checkpoints;
    if (checkpoints.shared.empty() && node.log.embedded()) {
      checkpoints.shared = OwnCheckpoints(context_.folder);
    }
    if (!options_.checkpoints.empty()) {
      RETURN_IF_ERROR(MakeFolder(options_.checkpoints));
      checkpoints.writer = options_.node_id.empty() ? DefaultNodeId(listen.port) : options_.node_id;
    }
    if (!options_.node_id.empty()) RETURN_IF_ERROR(CheckNodeId(options_.node_id));
    ASSIGN_OR_RETURN(node_, Node::Open(std::move(node), context_.wall_clock));
    return absl::OkStatus();
  }

  absl::Status OpenDoors(const Listen& listen) {
    service_ = std::make_unique<NodeService>(node_.get(), context_.wall_clock);
    HttpDoorsOptions doors;
    doors.server.address = listen.host;
    doors.server.port = listen.port;
    doors.server.threads = options_.http_threads;
    doors.server.max_queue_delay = absl::Milliseconds(options_.queue_delay_millis);
    ASSIGN_OR_RETURN(doors_, HttpDoors::Start(service_.get(), doors));
    const uint16_t port = doors_->port();
    const bool ipv6 = listen.host.find(':') != std::string::npos;
    service_->SetIdentity(options_.node_id.empty() ? DefaultNodeId(port) : options_.node_id,
                          !options_.advertise.empty() ? options_.advertise
                          : ipv6 ? fmt::format("http://[{}]:{}", listen.host, port)
                                 : fmt::format("http://{}:{}", listen.host, port));
    return absl::OkStatus();
  }

  absl::Status JoinGroup() {
    MembershipOptions membership;
    membership.node_id = service_->node_id();
    membership.address = service_->address();
    membership.session_timeout = absl::Seconds(options_.session_seconds);
    membership.log = node_->log_options().say;
    ASSIGN_OR_RETURN(group_, KafkaMembership::Join(*address_, settings_, membership));
    service_->SetGroup(group_);
    return absl::OkStatus();
  }

  // The inbox is read once it is known by which policies.
  absl::Status StartInbox() {
    if (!address_ || options_.no_inbox || inbox_ != nullptr) return absl::OkStatus();
    if (service_->policies() == nullptr) return absl::OkStatus();
    KafkaRefusedStore::Options store;
    store.log = node_->log_options().say;
    ASSIGN_OR_RETURN(refused_, KafkaRefusedStore::Make(*address_, settings_, store));
    KafkaInboxOptions inbox;
    inbox.consumer.node_id = service_->node_id();
    inbox.consumer.session_timeout = absl::Seconds(options_.session_seconds);
    inbox.consumer.log = node_->log_options().say;
    ASSIGN_OR_RETURN(inbox_, KafkaInbox::Start(
                                 *address_, settings_, &node_->log(), refused_.get(),
                                 [this] { return service_->policies(); }, context_.wall_clock,
                                 std::move(inbox)));
    doors_->metrics().Add(
        [inbox = inbox_.get()](MetricsText& text) { WriteInbox(inbox->state(), text); });
    return absl::OkStatus();
  }

  absl::Status Tick() {
    if (group_ != nullptr) {
      RETURN_IF_ERROR(FollowGroup());
    } else {
      Wait();
    }
    node_->cells().CloseIdle();
    TellTroubles();
    return StartInbox();
  }

  // Waits for a tick or the interrupt.
  void Wait() const {
    pollfd raised{context_.interrupt->fd(), POLLIN, 0};
    poll(&raised, 1, static_cast<int>(absl::ToInt64Milliseconds(kTick)));
  }

  absl::Status FollowGroup() {
    const std::shared_ptr<const Assignment> current = group_->WaitForChange(epoch_, kTick);
    if (current->epoch != epoch_) {
      epoch_ = current->epoch;
      switch (current->state) {
        case Assignment::State::kAssigned:
          node_->cells().Hold(current->partitions);
          break;
        case Assignment::State::kFenced:
          return current->trouble;
        case Assignment::State::kRebalancing:
        case Assignment::State::kJoining:
          break;  // what it holds it most likely keeps
        case Assignment::State::kLost:
        case Assignment::State::kStuck:
        case Assignment::State::kClosed:
          node_->cells().Hold({});
          break;
      }
    }
    for (const Partition partition : current->partitions) {
      const std::optional<CellProgress> progress = node_->cells().Progress(partition);
      if (progress && progress->state == CellProgress::State::kServing) {
        group_->NotePosition(partition, progress->next);
      }
    }
    return absl::OkStatus();
  }

  // Says what is in a cell's way, once, and when it is over.
  void TellTroubles() {
    for (int32_t number = 0; number < node_->log().partitions(); ++number) {
      const std::optional<CellProgress> progress = node_->cells().Progress(Partition(number));
      const std::string trouble = !progress ? ""
                                  : progress->state == CellProgress::State::kStopped
                                      ? "stopped: " + progress->trouble
                                      : progress->trouble;
      std::string& told = told_[number];
      if (told == trouble) continue;
      told = trouble;
      Say(fmt::format("partition {}: {}", number, trouble.empty() ? "goes on" : trouble));
    }
  }

  void Say(std::string_view line) {
    MutexLock lock(&say_mutex_);
    context_.Say(line);
  }

  // Doors first: what they have taken is finished before what they need goes.
  void Stop() {
    if (doors_ != nullptr) doors_->Stop();
    commands_.reset();
    if (inbox_ != nullptr) inbox_->Stop();
    if (service_ != nullptr) service_->SetGroup(nullptr);
    if (node_ != nullptr) node_->cells().Stop();
    if (group_ != nullptr) group_->Close(Departure::kForGood);
    doors_.reset();  // its metrics read the inbox
    inbox_.reset();
    group_.reset();
    service_.reset();
    node_.reset();
  }

  const Context& context_;
  const ServeOptions& options_;
  Mutex say_mutex_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<NodeService> service_;
  std::unique_ptr<KafkaRefusedStore> refused_;
  std::unique_ptr<KafkaInbox> inbox_;
  std::unique_ptr<HttpDoors> doors_;
  std::unique_ptr<CommandServer> commands_;
  std::optional<KafkaAddress> address_;
  KafkaSettings settings_;
  std::shared_ptr<KafkaMembership> group_;
  uint64_t epoch_ = 0;
  std::map<int32_t, std::string> told_;
};

}  // namespace

absl::StatusOr<ExitCode> Serve(const Context& context, const ServeOptions& options) {
  context.interrupt->Listen();
  Server server(context, options);
  return server.Run();
}

void AddServe(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Fold what comes and answer, until stopped");
  command->add_option("--listen", options->listen, "where the HTTP door is; port 0: a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command
      ->add_option("--advertise", options->advertise,
                   "the address by which other nodes and clients reach it; default: http://LISTEN")
      ->type_name("URL");
  command
      ->add_option("--node-id", options->node_id,
                   "tells the node from others, and again after a restart; default: HOST-PORT")
      ->type_name("ID");
  command->add_flag("--no-inbox", options->no_inbox, "leave reading the inbox to other nodes");
  command
      ->add_option("--checkpoints", options->checkpoints,
                   "a folder that all nodes share: rows are put there for whoever takes over; "
                   "default: with the embedded log the data folder's own checkpoints/")
      ->type_name("DIR");
  command
      ->add_option("--checkpoint-interval", options->checkpoint_seconds,
                   "seconds between the checkpoints of a partition; 0: only at the end, and when "
                   "`checkpoint create` asks")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command
      ->add_option("--checkpoint-keep", options->checkpoint_keep,
                   "how many checkpoints stay of a partition")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      ->add_option("--session-timeout", options->session_seconds,
                   "seconds without a sign of life after which others take the partitions over")
      ->check(CLI::Range(6, 1'800))
      ->capture_default_str();
  command->add_option("--cache", options->cache_mib, "MiB of decoded rows held in memory")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  command->add_option("--http-threads", options->http_threads, "threads of the HTTP door")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option(
          "--queue-delay", options->queue_delay_millis,
          "milliseconds that a request may wait for its turn under lasting overload before "
          "it is refused; 0: as long as it takes")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  AddPartitions(*command, options->partitions);
  RunsAlone(*command, runner, options, Serve);
}

}  // namespace flywheel
