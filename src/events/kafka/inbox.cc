#include "events/kafka/inbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/status.h"

namespace flywheel {
namespace {

// How long a turn waits for the first message of a batch; the membership is served in between.
constexpr absl::Duration kTurn = absl::Milliseconds(50);
// While a batch waits for its next try.
constexpr absl::Duration kNap = absl::Milliseconds(20);
// The same trouble in other words is not said more often.
constexpr std::chrono::seconds kSayAgain{5};

// The headers of a message; the views point into it.
std::vector<MessageHeader> HeadersOf(const rd_kafka_message_t& message) {
  std::vector<MessageHeader> headers;
  rd_kafka_headers_t* all = nullptr;
  if (rd_kafka_message_headers(&message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(all, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    MessageHeader& header = headers.emplace_back();
    header.name = name;
    if (value != nullptr) header.value = std::string_view(static_cast<const char*>(value), size);
  }
  return headers;
}

absl::Status CheckOptions(const KafkaInboxOptions& options) {
  const bool ok = options.max_batch_messages > 0 && options.max_batch_bytes > 0 &&
                  options.max_batch_wait >= absl::ZeroDuration() &&
                  options.first_backoff > absl::ZeroDuration() &&
                  options.max_backoff >= options.first_backoff &&
                  options.consumer.session_timeout >= absl::Seconds(1) &&
                  options.consumer.metadata_interval >= absl::Milliseconds(10) &&
                  options.consumer.request_timeout > absl::ZeroDuration() &&
                  options.consumer.retry_interval > absl::ZeroDuration();
  return ok ? absl::OkStatus()
            : absl::InvalidArgumentError("an option of the inbox is out of range");
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaInbox>> KafkaInbox::Start(const KafkaAddress& address,
                                                              const KafkaSettings& settings,
                                                              EventLog* log, RefusedStore* refused,
                                                              Publisher::PolicySource policies,
                                                              std::function<Instant()> wall_clock,
                                                              KafkaInboxOptions options) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<KafkaInbox> inbox(new KafkaInbox(address, settings, log, refused,
                                                   std::move(policies), std::move(wall_clock),
                                                   std::move(options)));
  ASSIGN_OR_RETURN(inbox->consumer_,
                   InboxConsumer::Make(address, settings, inbox->options_.consumer));
  inbox->Publish(absl::UnavailableError("joining the group"));
  const MutexLock lock(&inbox->join_mutex_);
  try {
    inbox->thread_ = std::thread([self = inbox.get()] { self->Run(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(fmt::format("no thread for the inbox: {}", error.what()));
  }
  return inbox;
}

KafkaInbox::KafkaInbox(const KafkaAddress& address, const KafkaSettings& settings, EventLog* log,
                       RefusedStore* refused, Publisher::PolicySource policies,
                       std::function<Instant()> wall_clock, KafkaInboxOptions options)
    : address_(address),
      settings_(settings),
      options_(std::move(options)),
      writer_(log, refused, std::move(policies), std::move(wall_clock),
              {address.InboxTopic(), options_.refused_budget}),
      backoff_(options_.first_backoff) {}

KafkaInbox::~KafkaInbox() { Stop(); }

void KafkaInbox::Stop() {
  {
    const MutexLock lock(&mutex_);
    if (!stopping_) stop_at_ = Clock::now() + absl::ToChronoMilliseconds(options_.stop_timeout);
    stopping_ = true;
    stop_requested_.NotifyAll();
  }
  const MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.join();
}

InboxState KafkaInbox::state() const {
  const MutexLock lock(&mutex_);
  return state_;
}

bool KafkaInbox::stopping() const {
  const MutexLock lock(&mutex_);
  return stopping_;
}

void KafkaInbox::Sleep(absl::Duration duration) {
  const auto until = Clock::now() + absl::ToChronoMilliseconds(duration);
  const MutexLock lock(&mutex_);
  bool passed = false;
  while (!stopping_ && !passed) passed = stop_requested_.WaitUntil(&mutex_, until);
}

void KafkaInbox::Run() {
  while (!stopping()) Turn();
  Finish();
}

void KafkaInbox::Turn() {
  if (consumer_ == nullptr) MakeConsumer();
  if (consumer_ == nullptr) return;
  const absl::Status served = Serve();
  if (consumer_ == nullptr) return;
  if (batch_.empty()) Collect();
  if (!batch_.empty()) Write();
  Publish(write_error_.ok() ? served : write_error_);
}

void KafkaInbox::MakeConsumer() {
  absl::StatusOr<std::unique_ptr<InboxConsumer>> consumer =
      InboxConsumer::Make(address_, settings_, options_.consumer);
  if (consumer.ok()) {
    consumer_ = *std::move(consumer);
    return;
  }
  Publish(consumer.status());
  Sleep(options_.consumer.retry_interval);
}

// Drops the batch where its partitions are taken away, and the consumer where it is beyond repair.
absl::Status KafkaInbox::Serve() {
  const absl::Status status = consumer_->Serve(/*busy=*/!batch_.empty());
  if (consumer_->counts().commits != seen_commits_) {
    seen_commits_ = consumer_->counts().commits;
    Step(InboxStep::kCommitted);
  }
  const bool is_dead = absl::IsAborted(status) || absl::IsOutOfRange(status);
  if (!batch_.empty() && (is_dead || consumer_->generation() != batch_generation_)) {
    batch_.Clear();
    write_error_ = absl::OkStatus();
  }
  if (!is_dead) return status;
  Publish(status);
  counts_before_.Add(consumer_->counts());
  consumer_.reset();
  seen_commits_ = 0;
  ++restarts_;
  if (absl::IsAborted(status)) Sleep(options_.max_backoff);
  return status;
}

void KafkaInbox::Collect() {
  InboxConsumer::Message message = consumer_->Next(kTurn);
  if (message == nullptr) return;
  batch_generation_ = consumer_->generation();
  const auto end = Clock::now() + absl::ToChronoMilliseconds(options_.max_batch_wait);
  for (;;) {
    if (message != nullptr) {
      const std::vector<MessageHeader> headers = HeadersOf(*message);
      const std::shared_ptr<rd_kafka_message_t> owner(std::move(message));
      InboxMessage parts;
      if (owner->payload != nullptr) {
        parts.value = std::string_view(static_cast<const char*>(owner->payload), owner->len);
      }
      parts.headers = headers;
      batch_.Add(owner->partition, owner->offset, parts, owner);
      ++messages_;
      bytes_ += owner->len;
    }
    if (batch_.size() >= options_.max_batch_messages) break;
    if (batch_.bytes() >= options_.max_batch_bytes) break;
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) break;
    message = consumer_->Next(absl::FromChrono(left));
  }
  next_write_ = {};
  Step(InboxStep::kRead);
}

void KafkaInbox::Write() {
  if (Clock::now() < next_write_) return Sleep(kNap);
  absl::Status status = writer_.Prepare(batch_);
  if (status.ok()) {
    Step(InboxStep::kPrepared);
    status = writer_.Append(batch_, [this] { return KeepWaiting(); });
  }
  if (!status.ok()) return Fail(status);
  Step(InboxStep::kAppended);
  batch_.Clear();
  write_error_ = absl::OkStatus();
  backoff_ = options_.first_backoff;
}

void KafkaInbox::Fail(const absl::Status& status) {
  if (absl::IsCancelled(status)) return;  // stopping
  write_error_ = status;
  next_write_ = Clock::now() + absl::ToChronoMilliseconds(backoff_);
  backoff_ = std::min(backoff_ * 2, options_.max_backoff);
}

// While an append is on its way: takes part in rebalances, whose outcome is looked at afterwards.
bool KafkaInbox::KeepWaiting() {
  const absl::Status served = consumer_->Serve(/*busy=*/true);
  Publish(write_error_.ok() ? served : write_error_);
  const MutexLock lock(&mutex_);
  return !stopping_ || Clock::now() < stop_at_;
}

void KafkaInbox::Finish() {
  if (consumer_ == nullptr) return batch_.Clear();
  // What is not in the log now stays uncommitted.
  consumer_->Serve(/*busy=*/!batch_.empty()).IgnoreError();
  batch_.Clear();
  consumer_->CommitAll(options_.stop_timeout);
  Publish(absl::CancelledError("stopped"));
  consumer_.reset();
}

void KafkaInbox::Step(InboxStep step) {
  if (options_.on_step) options_.on_step(step);
}

void KafkaInbox::Publish(const absl::Status& status) {
  Say(status);
  InboxConsumer::Counts counts = counts_before_;
  std::vector<InboxPartitionLag> lags;
  if (consumer_ != nullptr) {
    counts.Add(consumer_->counts());
    lags = consumer_->Lags();
  }
  const MutexLock lock(&mutex_);
  state_.messages = messages_;
  state_.bytes = bytes_;
  state_.written = writer_.counts();
  state_.commits = counts.commits;
  state_.failed_commits = counts.failed_commits;
  state_.losses = counts.losses;
  state_.lost_messages = counts.lost_messages;
  state_.last_loss = std::move(counts.last_loss);
  state_.restarts = restarts_;
  state_.status = status;
  state_.in_hand = batch_.size();
  state_.lags = std::move(lags);
  state_.last_turn = Clock::now();
}

// What changes, to an operator; trouble in ever other words at most every few seconds.
void KafkaInbox::Say(const absl::Status& status) {
  if (!options_.consumer.log) return;
  const std::string text = status.ok() ? std::string() : std::string(status.message());
  if (text == said_) return;
  const auto now = Clock::now();
  const bool is_change = text.empty() || said_.empty();
  if (!is_change && now - said_at_ < kSayAgain) return;
  options_.consumer.log(
      fmt::format("inbox {}: {}", address_.name(), text.empty() ? "reading" : text));
  said_ = text;
  said_at_ = now;
}

}  // namespace flywheel
