#include "app/event_target.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include <memory>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/output_file.h"
#include "app/progress.h"
#include "base/status.h"
#include "events/event_json.h"

namespace flywheel {
namespace {

// Sentences about refused events that are printed.
constexpr int64_t kMaxRefusalsSaid = 100;

// An event after its length, as EventFormat::kBinary reads it.
std::string Framed(const std::string& bytes) {
  uint8_t length[10];
  const uint8_t* end =
      google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(bytes.size(), length);
  std::string frame(reinterpret_cast<const char*>(length), static_cast<size_t>(end - length));
  return frame + bytes;
}

// What arrives of a text or of an event's bytes: too little to be read, since the payload stands
// last.
std::string CutOff(const std::string& whole) { return whole.substr(0, whole.size() - 1); }

class EventWriter {
 public:
  EventWriter(std::unique_ptr<OutputFile> file, EventFormat format)
      : file_(std::move(file)), format_(format) {}

  absl::Status Write(const std::string& bytes) {
    if (format_ == EventFormat::kBinary) return file_->Write(Framed(bytes));
    ASSIGN_OR_RETURN(const std::string line, EventToJson(bytes));
    return file_->Write(line + "\n");
  }
  absl::Status WriteCutOff(const std::string& bytes) {
    if (format_ == EventFormat::kBinary) return file_->Write(Framed(CutOff(bytes)));
    ASSIGN_OR_RETURN(const std::string line, EventToJson(bytes));
    return file_->Write(CutOff(line) + "\n");
  }
  absl::Status Finish() { return file_->Commit(); }

 private:
  std::unique_ptr<OutputFile> file_;
  EventFormat format_;
};

// Collects batches and publishes them. The folder is opened, or made, for the first batch: an input
// that cannot be read leaves no folder behind.
class BatchPublisher {
 public:
  BatchPublisher(const Context& context, int32_t partitions)
      : context_(context), partitions_(partitions) {}

  absl::Status Write(std::string bytes) {
    batch_bytes_ += bytes.size();
    batch_.push_back({++number_, std::move(bytes)});
    const bool full = batch_.size() >= kMaxBatchEvents || batch_bytes_ >= kMaxBatchBytes;
    return full ? PublishBatch() : absl::OkStatus();
  }

  absl::Status PublishBatch() {
    if (session_ == nullptr) {
      ASSIGN_OR_RETURN(session_, PublishSession::Open(context_, partitions_));
    }
    for (const PublishOutcome& outcome : session_->Publish(batch_)) {
      counts_.Count(outcome);
      if (outcome.kind == PublishOutcome::Kind::kNotPublished) return outcome.error;
      if (outcome.kind == PublishOutcome::Kind::kRefused) SayRefusal(outcome);
    }
    batch_.clear();
    batch_bytes_ = 0;
    return absl::OkStatus();
  }

  // Folds what was published; nothing where the folder was not opened.
  absl::StatusOr<FoldOutcome> Finish() {
    return session_ != nullptr ? session_->Finish() : FoldOutcome();
  }
  bool opened() const { return session_ != nullptr; }
  const PublishCounts& counts() const { return counts_; }

 private:
  void SayRefusal(const PublishOutcome& outcome) const {
    if (counts_.refused > kMaxRefusalsSaid) return;
    context_.Say(fmt::format("event {} ({}): {} {}: {}", outcome.number, outcome.event_id,
                             NameOf(outcome.refusal.code), outcome.refusal.field,
                             outcome.refusal.sentence));
    if (counts_.refused == kMaxRefusalsSaid) context_.Say("further refusals are only counted");
  }

  const Context& context_;
  const int32_t partitions_;
  std::unique_ptr<PublishSession> session_;
  PublishCounts counts_;
  std::vector<OfferedEvent> batch_;
  size_t batch_bytes_ = 0;
  int64_t number_ = 0;
};

Instant OccurredAt(const events::v1::Event& event) {
  return Instant(event.occurred_at().seconds() * kMillisPerSecond +
                 event.occurred_at().nanos() / 1'000'000);
}

// Runs `make`, counting, and hands each event's bytes to `write`, those to be cut off to
// `write_cut_off`.
template <class Write, class WriteCutOff>
absl::Status MakeAll(const Context& context, uint64_t expected, MakeEvents make, const Write& write,
                     const WriteCutOff& write_cut_off, SentEvents& sent) {
  Progress progress(context, "events");
  const Instant now = context.wall_clock();
  const auto count = [&](const events::v1::Event& event) -> absl::Status {
    if (context.interrupt->raised()) return absl::CancelledError("interrupted");
    ++sent.events;
    if (OccurredAt(event) > now) ++sent.after_now;
    progress.Show(static_cast<uint64_t>(sent.events), expected);
    return absl::OkStatus();
  };
  return make(
      [&](const events::v1::Event& event) -> absl::Status {
        RETURN_IF_ERROR(count(event));
        return write(event.SerializeAsString());
      },
      [&](const events::v1::Event& event) -> absl::Status {
        RETURN_IF_ERROR(count(event));
        return write_cut_off(event.SerializeAsString());
      });
}

absl::StatusOr<SentEvents> SendToFile(const Context& context, const EventTargetOptions& options,
                                      uint64_t expected, MakeEvents make) {
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, OutputFile::Open(context, options.out));
  EventWriter writer(std::move(file), options.format);
  SentEvents sent;
  RETURN_IF_ERROR(MakeAll(
      context, expected, make, [&](const std::string& bytes) { return writer.Write(bytes); },
      [&](const std::string& bytes) { return writer.WriteCutOff(bytes); }, sent));
  RETURN_IF_ERROR(writer.Finish());
  return sent;
}

absl::StatusOr<SentEvents> SendToFolder(const Context& context, const EventTargetOptions& options,
                                        uint64_t expected, MakeEvents make) {
  BatchPublisher publisher(context, options.partitions);
  SentEvents sent;
  absl::Status status = MakeAll(
      context, expected, make, [&](std::string bytes) { return publisher.Write(std::move(bytes)); },
      [&](const std::string& bytes) { return publisher.Write(CutOff(bytes)); }, sent);
  if (status.ok()) status = publisher.PublishBatch();
  const absl::StatusOr<FoldOutcome> folded = publisher.Finish();
  if (folded.ok()) sent.folded = *folded;
  sent.counts = publisher.counts();
  if (!status.ok()) {
    if (publisher.opened()) {
      std::string text = sent.ToText();
      text.pop_back();
      context.Say(text);
    }
    return status;
  }
  RETURN_IF_ERROR(folded.status());
  return sent;
}

}  // namespace

void AddEventTarget(CLI::App& command, EventTargetOptions& options) {
  command
      .add_option("--out", options.out,
                  "write the events to this file (- is standard output) and publish nothing")
      ->type_name("FILE");
  AddEventFormat(command, options.format);
  AddPartitions(command, options.partitions);
}

ExitCode SentEvents::exit_code() const {
  return counts && counts->refused > 0 ? ExitCode::kRefused : ExitCode::kOk;
}

std::string SentEvents::ToText() const {
  if (!counts) return {};
  return fmt::format("published {} events: {} accepted, {} refused\nin the fold: {}\n",
                     counts->offered, counts->accepted, counts->refused, Describe(folded));
}

void SentEvents::WriteJson(JsonWriter& json) const {
  json.BeginObject().Field("offered", counts->offered).Field("accepted", counts->accepted);
  json.Field("refused", counts->refused).Key("fold");
  WriteFoldOutcome(folded, json);
  json.EndObject();
}

absl::StatusOr<SentEvents> SendEvents(const Context& context, const EventTargetOptions& options,
                                      uint64_t expected, MakeEvents make) {
  context.interrupt->Listen();
  return options.out.empty() ? SendToFolder(context, options, expected, make)
                             : SendToFile(context, options, expected, make);
}

}  // namespace flywheel
