#include "events/kafka/client.h"

#include <fmt/format.h>
#include <syslog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"
#include "events/kafka/steady_waits.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// What is older says nothing about now.
constexpr std::chrono::minutes kTroubleIsFresh{1};

enum class Unknown : uint8_t { kRefuse, kIgnore };

absl::Status SetOne(rd_kafka_conf_t* conf, const KafkaSetting& setting, Unknown unknown) {
  std::array<char, 512> error{};
  const rd_kafka_conf_res_t result = rd_kafka_conf_set(
      conf, setting.name.c_str(), setting.value.c_str(), error.data(), error.size());
  if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
  if (result == RD_KAFKA_CONF_UNKNOWN && unknown == Unknown::kIgnore) return absl::OkStatus();
  return absl::InvalidArgumentError(
      IsSecretKafkaSetting(setting.name)
          ? fmt::format("librdkafka does not take the setting {}", setting.name)
          : fmt::format("librdkafka does not take {}={}: {}", setting.name, setting.value,
                        error.data()));
}

absl::Status SetAll(rd_kafka_conf_t* conf, const std::vector<KafkaSetting>& settings,
                    Unknown unknown) {
  for (const KafkaSetting& setting : settings) RETURN_IF_ERROR(SetOne(conf, setting, unknown));
  return absl::OkStatus();
}

absl::StatusOr<rdkafka::Conf> Configured(const KafkaAddress& address, const KafkaSettings& settings,
                                         const KafkaClientOptions& options) {
  rdkafka::Conf conf(rd_kafka_conf_new());
  const std::vector<KafkaSetting> defaults = {
      {"client.id", "flywheel"},
      {"socket.nagle.disable", "true"},
      // A broker that comes back is found within a second.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
  };
  const std::vector<KafkaSetting> fixed = {
      {"bootstrap.servers", address.bootstrap_servers()},
      {"allow.auto.create.topics", "false"},
      // Adds to what the operator asked for; see TellsOfChange.
      {"debug", "topic,broker"},
  };
  RETURN_IF_ERROR(SetAll(conf.get(), defaults, Unknown::kIgnore));
  RETURN_IF_ERROR(SetAll(conf.get(), options.defaults, Unknown::kIgnore));
  RETURN_IF_ERROR(SetAll(conf.get(), settings.all(), Unknown::kRefuse));
  RETURN_IF_ERROR(SetAll(conf.get(), options.required, Unknown::kRefuse));
  RETURN_IF_ERROR(SetAll(conf.get(), fixed, Unknown::kRefuse));
  if (options.configure) options.configure(conf.get());
  return conf;
}

// librdkafka begins its lines with the thread that has something to say.
std::string_view WithoutThread(std::string_view line) {
  if (!line.starts_with("[thrd:")) return line;
  const size_t end = line.find("]: ");
  return end == std::string_view::npos ? line : line.substr(end + 3);
}

// Debug lines that tell of a change behind a reader: a leader that is none any more, a partition
// that moved to another broker, a topic that is missing or has other partitions, a broker that is
// lost. They are written before anything is fetched after the change. (There is an interceptor for
// brokers, but with one librdkafka 2.0.2 frees memory twice where it does not take the settings.)
bool TellsOfChange(std::string_view facility, std::string_view line) {
  if (facility == "STATE") return line.starts_with("Topic ") || line.ends_with("-> DOWN");
  return facility == "BROKERUA" || facility == "BRKDELGT" || facility == "TOPICERR" ||
         facility == "PARTCNT";
}

// What an operator wants to know who did not ask for librdkafka's debug lines: not that a setting
// is for the other kind of client, nor that a broker which has just started is asked again.
bool IsNews(int level, std::string_view facility, std::string_view line) {
  return level <= LOG_WARNING && facility != "CONFWARN" && !line.ends_with(": retrying");
}

}  // namespace

// What librdkafka's callbacks need; outlives the handle, which may end late.
class KafkaClient::Monitor {
 public:
  Monitor(void* user, KafkaLogSink sink, bool wants_debug)
      : user_(user), wants_debug_(wants_debug), sink_(std::move(sink)) {}

  void* user() const { return user_; }
  int64_t disturbances() const { return disturbances_.load(std::memory_order_acquire); }
  std::string Trouble() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Refusal() const ABSL_LOCKS_EXCLUDED(mutex_);

  void OnLine(int level, std::string_view facility, std::string_view line)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void OnError(rd_kafka_resp_err_t code, std::string_view reason) ABSL_LOCKS_EXCLUDED(mutex_);
  // The sink is not called any more.
  void Silence() ABSL_LOCKS_EXCLUDED(sink_mutex_) {
    MutexLock lock(&sink_mutex_);
    sink_ = nullptr;
  }

  static void LogCallback(const rd_kafka_t* handle, int level, const char* facility,
                          const char* line) {
    if (handle == nullptr) return;
    static_cast<Monitor*>(rd_kafka_opaque(handle))->OnLine(level, facility, line);
  }
  static void ErrorCallback(rd_kafka_t* /*handle*/, int code, const char* reason, void* opaque) {
    static_cast<Monitor*>(opaque)->OnError(static_cast<rd_kafka_resp_err_t>(code), reason);
  }

 private:
  void OnBrokerUp() ABSL_LOCKS_EXCLUDED(mutex_);
  void Disturb() { disturbances_.fetch_add(1, std::memory_order_release); }
  void Tell(std::string_view line) ABSL_LOCKS_EXCLUDED(sink_mutex_);
  // What the sink is to be given for a line: the line, with how many were left out before it.
  std::optional<std::string> Limited(std::string_view line) ABSL_LOCKS_EXCLUDED(mutex_);

  void* const user_;
  const bool wants_debug_;
  std::atomic<int64_t> disturbances_{0};

  Mutex sink_mutex_;
  KafkaLogSink sink_ ABSL_GUARDED_BY(sink_mutex_);
  mutable Mutex mutex_;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point trouble_at_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point period_ ABSL_GUARDED_BY(mutex_);
  int lines_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

std::string KafkaClient::Monitor::Trouble() const {
  MutexLock lock(&mutex_);
  return Clock::now() - trouble_at_ < kTroubleIsFresh ? trouble_ : std::string();
}

absl::Status KafkaClient::Monitor::Refusal() const {
  MutexLock lock(&mutex_);
  return refusal_;
}

std::optional<std::string> KafkaClient::Monitor::Limited(std::string_view line) {
  MutexLock lock(&mutex_);
  const Clock::time_point now = Clock::now();
  if (now - period_ >= absl::ToChronoNanoseconds(kLogLinesPeriod)) {
    period_ = now;
    lines_ = 0;
  }
  if (lines_ >= kMaxLogLines) {
    ++left_out_;
    return std::nullopt;
  }
  ++lines_;
  const int64_t left_out = std::exchange(left_out_, 0);
  return left_out == 0 ? std::string(line)
                       : fmt::format("{} ({} lines before it were left out)", line, left_out);
}

void KafkaClient::Monitor::OnLine(int level, std::string_view facility, std::string_view line) {
  line = WithoutThread(line);
  if (TellsOfChange(facility, line)) Disturb();
  if (facility == "STATE" && line.ends_with("-> UP")) OnBrokerUp();
  if (facility == "FAIL" && level <= LOG_ERR) {
    MutexLock lock(&mutex_);
    trouble_ = line;
    trouble_at_ = Clock::now();
  }
  if (IsNews(level, facility, line) || wants_debug_) Tell(line);
}

void KafkaClient::Monitor::Tell(std::string_view line) {
  const std::optional<std::string> limited = Limited(fmt::format("Kafka: {}", line));
  MutexLock lock(&sink_mutex_);
  if (limited && sink_) sink_(*limited);
}

void KafkaClient::Monitor::OnError(rd_kafka_resp_err_t code, std::string_view reason) {
  Disturb();
  MutexLock lock(&mutex_);
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
    refusal_ = KafkaStatus(code, "the broker does not let this client in", reason);
  }
}

void KafkaClient::Monitor::OnBrokerUp() {
  MutexLock lock(&mutex_);
  refusal_ = absl::OkStatus();
  trouble_.clear();
}

namespace {

// Before 2.6.1 librdkafka's SCRAM repeats its nonce, which brokers take until Kafka 4.0: a right
// password is then refused as a wrong one.
std::string ScramHint(const KafkaSettings& settings) {
  const std::string* mechanism = settings.Find("sasl.mechanism");
  if (mechanism == nullptr) mechanism = settings.Find("sasl.mechanisms");
  if (mechanism == nullptr || !mechanism->starts_with("SCRAM") ||
      rd_kafka_version() >= 0x02060100) {
    return {};
  }
  return fmt::format(
      "; Kafka 4 refuses the SCRAM of librdkafka before 2.6.1, also with the right password: this "
      "is "
      "{}; use a newer one, or PLAIN over TLS",
      LibrdkafkaVersion());
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Make(const KafkaAddress& address,
                                                               const KafkaSettings& settings,
                                                               KafkaClientOptions options) {
  UseSteadyWaits();
  ASSIGN_OR_RETURN(rdkafka::Conf conf, Configured(address, settings, options));
  std::unique_ptr<KafkaClient> client(new KafkaClient());
  client->kind_ = options.kind;
  client->close_timeout_ = options.close_timeout;
  client->refusal_hint_ = ScramHint(settings);
  client->monitor_ = std::make_shared<Monitor>(options.user, std::move(options.log),
                                               settings.Find("debug") != nullptr);
  rd_kafka_conf_set_opaque(conf.get(), client->monitor_.get());
  rd_kafka_conf_set_log_cb(conf.get(), Monitor::LogCallback);
  rd_kafka_conf_set_error_cb(conf.get(), Monitor::ErrorCallback);
  std::array<char, 512> error{};
  client->handle_ = rd_kafka_new(
      options.kind == KafkaClientKind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
      conf.get(), error.data(), error.size());
  if (client->handle_ != nullptr) {
    // The configuration is the handle's now.
    [[maybe_unused]] const rd_kafka_conf_t* const taken = conf.release();
    return client;
  }
  if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) {
    return absl::ResourceExhaustedError(fmt::format("librdkafka cannot start: {}", error.data()));
  }
  return absl::InvalidArgumentError(
      fmt::format("librdkafka does not take the settings: {}", error.data()));
}

KafkaClient::~KafkaClient() {
  if (handle_ == nullptr) return;
  // Leaving a group is the business of who joined it: here a consumer ends without waiting for it.
  const int flags = kind_ == KafkaClientKind::kConsumer ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0;
  std::promise<void> promise;
  std::future<void> ended = promise.get_future();
  std::thread ending;
  try {
    ending = std::thread(
        [handle = handle_, flags, monitor = monitor_, done = std::move(promise)]() mutable {
          rd_kafka_destroy_flags(handle, flags);
          monitor.reset();
          done.set_value();
        });
  } catch (const std::system_error&) {
    // There is no thread to be had, so what hangs hangs here.
    rd_kafka_destroy_flags(handle_, flags);
    return;
  }
  if (ended.wait_for(absl::ToChronoNanoseconds(close_timeout_)) == std::future_status::ready) {
    ending.join();
  } else {
    monitor_->Silence();  // whose lines would come to somebody who may be gone
    ending.detach();
  }
}

void* KafkaClient::UserOf(void* opaque) { return static_cast<Monitor*>(opaque)->user(); }

std::string KafkaClient::Trouble() const { return monitor_->Trouble(); }

absl::Status KafkaClient::Refusal() const {
  absl::Status refusal = monitor_->Refusal();
  if (refusal.ok() || refusal_hint_.empty()) return refusal;
  return absl::Status(refusal.code(), fmt::format("{}{}", MessageOf(refusal), refusal_hint_));
}

int64_t KafkaClient::disturbances() const { return monitor_->disturbances(); }

absl::Status KafkaClient::StatusOf(rd_kafka_resp_err_t code, std::string_view what) const {
  absl::Status plain = KafkaStatus(code, what);
  if (!absl::IsUnavailable(plain)) return plain;
  if (absl::Status refusal = Refusal(); !refusal.ok()) return refusal;
  return KafkaStatus(code, what, Trouble());
}

std::string LibrdkafkaVersion() { return rd_kafka_version_str(); }

}  // namespace flywheel
