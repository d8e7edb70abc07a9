#include "kafka/broker.h"

#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <thread>

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::string_view kNodeScript = "scripts/kafka_node.sh";
// Half the time for the compiler, and no broker here lives long enough to earn it back.
constexpr const char* kQuickToStart = "-XX:TieredStopAtLevel=1";
constexpr std::string_view kFolderStem = "flywheel_kafka_";
// How often the ports are chosen anew where somebody else was faster.
constexpr int kPortAttempts = 5;
constexpr int kLastWordsBytes = 4096;

std::string RandomHex(size_t length) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string text;
  for (size_t i = 0; i < length; ++i) text += kDigits[random() % kDigits.size()];
  return text;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string EndOf(std::string text) {
  if (text.size() > kLastWordsBytes) text.erase(0, text.size() - kLastWordsBytes);
  return text;
}

std::string FolderOf(bool on_disk) {
  if (!on_disk && access("/dev/shm", W_OK) == 0) return "/dev/shm";
  return fs::temp_directory_path().string();
}

// Makes processes wait for each other while they make a folder.
class OneAtATime {
 public:
  explicit OneAtATime(const std::string& where)
      : lock_(open((where + "/flywheel_kafka.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (lock_ < 0 || flock(lock_, LOCK_EX) != 0) throw std::runtime_error("no lock");
  }
  ~OneAtATime() { close(lock_); }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;

 private:
  const int lock_;
};

// The lock is free where its process is gone.
void RemoveAbandoned(const std::string& where) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(where, ignored)) {
    if (!entry.path().filename().string().starts_with(kFolderStem)) continue;
    const int lock = open((entry.path() / "lock").c_str(), O_RDWR | O_CLOEXEC);
    if (lock < 0) continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
    close(lock);
  }
}

bool Accepts(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  const bool accepts = connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) == 0;
  close(fd);
  return accepts;
}

// How many brokers the one at this address knows, itself among them; 0 where it does not answer.
int BrokersListedBy(const std::string& address) {
  // librdkafka would wait a while after a refused connection.
  if (!Accepts(address)) return 0;
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  char error[256];
  rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), error, sizeof(error));
  rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
  if (client == nullptr) throw std::runtime_error(error);
  const rd_kafka_metadata_t* metadata = nullptr;
  int listed = 0;
  if (rd_kafka_metadata(client, 0, nullptr, &metadata, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (int i = 0; i < metadata->broker_cnt; ++i) {
      const rd_kafka_metadata_broker& broker = metadata->brokers[i];
      if (address == broker.host + (":" + std::to_string(broker.port)))
        listed = metadata->broker_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_destroy(client);
  return listed;
}

}  // namespace

// Holds a lock as long as it lives, so that RemoveAbandoned knows what nobody uses any more.
class KafkaBroker::Folder {
 public:
  Folder(bool on_disk, int room_mib) {
    const std::string where = FolderOf(on_disk);
    // Else somebody's RemoveAbandoned could meet this folder before its lock is taken.
    const OneAtATime turn(where);
    RemoveAbandoned(where);
    std::string pattern = where + "/" + std::string(kFolderStem) + "XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
    lock_ = open((path_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) throw std::runtime_error("no lock");
    if (room_mib == 0) return;
    fs::create_directory(Limited());
    mounted_ = CanLimitRoom() && Mount(0, room_mib);
    if (!mounted_) throw std::runtime_error("mounting needs a privilege");
  }
  ~Folder() {
    if (mounted_) umount2(Limited().c_str(), MNT_DETACH);
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    close(lock_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string Of(int broker) const {
    return (mounted_ ? Limited() : path_) + "/" + std::to_string(broker + 1);
  }
  std::string Beside(const std::string& name) const { return path_ + "/" + name; }
  void SetRoom(int mib) const {
    if (!Mount(MS_REMOUNT, mib)) throw std::runtime_error("the room cannot be changed");
  }

 private:
  std::string Limited() const { return path_ + "/limited"; }
  bool Mount(unsigned long flags, int mib) const {
    const std::string size = "size=" + std::to_string(mib) + "m";
    return mount("tmpfs", Limited().c_str(), "tmpfs", flags, size.c_str()) == 0;
  }

  std::string path_;
  int lock_ = -1;
  bool mounted_ = false;
};

KafkaBroker::KafkaBroker(Options options) : options_(std::move(options)) {
  if (options_.brokers != 1 && (options_.brokers != 3 || options_.secure)) {
    throw std::runtime_error("one broker or three, and a secure one stands alone");
  }
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    cluster_ = "C" + RandomHex(20) + "A";
    nodes_.clear();
    folder_ = std::make_unique<Folder>(options_.on_disk, options_.room_mib);
    nodes_.resize(static_cast<size_t>(options_.brokers));
    bool answers = true;
    for (int i = 0; i < options_.brokers; ++i) Spawn(i);
    for (int i = 0; answers && i < options_.brokers; ++i) {
      answers = WaitUntilAnswers(i, options_.brokers);
    }
    if (answers) return;
  }
  throw std::runtime_error("the ports of a broker were taken by others, again and again");
}

KafkaBroker::~KafkaBroker() = default;

KafkaBroker::Node& KafkaBroker::At(int broker) { return nodes_.at(static_cast<size_t>(broker)); }
const KafkaBroker::Node& KafkaBroker::At(int broker) const {
  return nodes_.at(static_cast<size_t>(broker));
}

void KafkaBroker::Spawn(int broker) {
  const std::string folder = folder_->Of(broker);
  fs::create_directories(folder);
  std::string controllers;
  for (int i = 0; i < options_.brokers; ++i) {
    controllers += (i == 0 ? "" : ",") + std::to_string(i + 1) +
                   "@127.0.0.1:" + std::to_string(At(i).controller_port.port());
  }
  std::vector<std::string> arguments = {std::string(kNodeScript),
                                        "run",
                                        "--folder",
                                        folder,
                                        "--cluster",
                                        cluster_,
                                        "--node",
                                        std::to_string(broker + 1),
                                        "--port",
                                        std::to_string(At(broker).port.port()),
                                        "--controllers",
                                        controllers,
                                        "--jvm",
                                        kQuickToStart,
                                        "--heap",
                                        options_.heap};
  if (options_.secure) {
    arguments.insert(arguments.end(), {"--secure", std::to_string(At(broker).open_port.port())});
  }
  for (const std::string& property : options_.properties) {
    arguments.insert(arguments.end(), {"--property", property});
  }
  At(broker).paused = false;
  At(broker).process = std::make_unique<ChildProcess>(
      arguments, folder_->Beside("output-" + std::to_string(broker + 1)));
}

bool KafkaBroker::WaitUntilAnswers(int broker, int listed) const {
  const Clock::time_point hung = Clock::now() + kPatience;
  const ChildProcess& process = *At(broker).process;
  while (BrokersListedBy(OpenAddress(broker)) < listed) {
    if (process.ended()) {
      const std::string words = LastWords(broker);
      if (words.find("Address already in use") != std::string::npos) return false;
      throw std::runtime_error("the broker ended with " + std::to_string(process.code()) + ": " +
                               words);
    }
    if (Clock::now() > hung) {
      throw std::runtime_error("the broker does not answer: " + LastWords(broker));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::string KafkaBroker::OpenAddress(int broker) const {
  const Node& node = At(broker);
  return "127.0.0.1:" + std::to_string((options_.secure ? node.open_port : node.port).port());
}

std::string KafkaBroker::address(int broker) const {
  return (options_.secure ? "localhost:" : "127.0.0.1:") + std::to_string(At(broker).port.port());
}

std::string KafkaBroker::address() const {
  std::string all;
  for (int i = 0; i < options_.brokers; ++i) all += (i == 0 ? "" : ",") + address(i);
  return all;
}

std::string KafkaBroker::open_address() const { return OpenAddress(0); }

std::vector<std::pair<std::string, std::string>> KafkaBroker::ClientSettings(
    std::string_view user, std::string_view password) const {
  std::vector<std::pair<std::string, std::string>> settings = {{"bootstrap.servers", address()}};
  if (!options_.secure) return settings;
  const std::string name(user);
  settings.emplace_back("security.protocol", "SASL_SSL");
  settings.emplace_back("sasl.mechanism", ScramWorks() ? "SCRAM-SHA-512" : "PLAIN");
  settings.emplace_back("sasl.username", name);
  settings.emplace_back("sasl.password", password.empty() ? name + "-secret" : password);
  settings.emplace_back("ssl.ca.location", folder() + "/ca.pem");
  return settings;
}

void KafkaBroker::Stop(int broker) {
  Resume(broker);
  ChildProcess& process = *At(broker).process;
  process.Signal(SIGTERM);
  if (!process.WaitForEnd(kPatience)) {
    throw std::runtime_error("the broker does not stop: " + LastWords(broker));
  }
}

void KafkaBroker::Kill(int broker) {
  At(broker).process->Signal(SIGKILL);
  if (!At(broker).process->WaitForEnd(kPatience)) throw std::runtime_error("kill -9 does nothing");
}

void KafkaBroker::Pause(int broker) {
  At(broker).process->Signal(SIGSTOP);
  At(broker).paused = true;
}

void KafkaBroker::Resume(int broker) {
  if (!At(broker).paused) return;
  At(broker).process->Signal(SIGCONT);
  At(broker).paused = false;
}

void KafkaBroker::Start(int broker) {
  if (running(broker)) return;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    Spawn(broker);
    if (WaitUntilAnswers(broker, 1)) return;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  throw std::runtime_error("a port of the broker was taken by somebody else");
}

bool KafkaBroker::running(int broker) const { return !At(broker).process->ended(); }

pid_t KafkaBroker::pid(int broker) const { return At(broker).process->pid(); }

std::string KafkaBroker::folder(int broker) const { return folder_->Of(broker); }

std::string KafkaBroker::LastWords(int broker) const {
  return EndOf(ReadAll(folder_->Beside("output-" + std::to_string(broker + 1)))) +
         EndOf(ReadAll(folder(broker) + "/server.log"));
}

bool KafkaBroker::ScramWorks() { return rd_kafka_version() >= 0x02060100; }

bool KafkaBroker::CanLimitRoom() {
  // Nobody else sees the mounts, and they go with the process, whatever happens.
  static const bool can =
      unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return can;
}

void KafkaBroker::SetRoom(int mib) const { folder_->SetRoom(mib); }

KafkaBroker::ToolRun KafkaBroker::RunTool(std::vector<std::string> arguments) const {
  static std::atomic<int> count{0};
  const std::string output = folder_->Beside("tool-" + std::to_string(++count));
  arguments.insert(arguments.begin(), {std::string(kNodeScript), "tool"});
  arguments.insert(arguments.end(), {"--bootstrap-server", OpenAddress(0)});
  const ChildProcess tool(arguments, output);
  if (!tool.WaitForEnd(kPatience)) throw std::runtime_error("the tool does not end");
  return {tool.code(), ReadAll(output)};
}

KafkaBroker& SharedBroker() {
  static KafkaBroker broker;
  return broker;
}

std::string TestTopic(std::string_view stem) { return std::string(stem) + "-" + RandomHex(8); }

}  // namespace flywheel
