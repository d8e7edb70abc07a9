#include "app/publish.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "app/command.h"
#include "app/progress.h"
#include "app/publish_session.h"
#include "base/status.h"
#include "events/publish_outcome_json.h"
#include "events/publisher.h"

namespace flywheel {
namespace {

// The message about what was not accepted.
std::string ComplaintOf(const PublishOutcome& outcome, EventFormat format) {
  const std::string_view unit = format == EventFormat::kJsonLines ? "line" : "event";
  if (outcome.kind == PublishOutcome::Kind::kNotPublished) {
    return fmt::format("{} {}: not published: {}", unit, outcome.number, MessageOf(outcome.error));
  }
  const IntakeRefusal& refusal = outcome.refusal;
  if (refusal.field.empty()) {
    return fmt::format("{} {}: {}: {}", unit, outcome.number, NameOf(refusal.code),
                       refusal.sentence);
  }
  return fmt::format("{} {}: {} {}: {}", unit, outcome.number, NameOf(refusal.code), refusal.field,
                     refusal.sentence);
}

// One run of the command: the input, what became of it, and what is said about it.
class PublishRun {
 public:
  PublishRun(const Context& context, const PublishOptions& options)
      : context_(context), options_(options), progress_(context, "publishing") {}

  absl::StatusOr<ExitCode> Run() {
    ASSIGN_OR_RETURN(input_, EventInput::Open(context_, options_.file, options_.format));
    context_.interrupt->Listen();
    if (!options_.dry_run) {
      ASSIGN_OR_RETURN(session_, PublishSession::Open(context_, options_.partitions));
    }
    // Whatever ends the reading, what was appended is folded and said.
    const absl::Status status = PublishAll();
    progress_.Clear();
    const absl::Status summary = Summarise(/*as_message=*/context_.json || !status.ok());
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(summary);
    if (counts_.not_published > 0) return ExitCode::kEnvironment;
    if (context_.interrupt->raised()) return context_.interrupt->exit_code();
    return counts_.refused > 0 ? ExitCode::kRefused : ExitCode::kOk;
  }

 private:
  absl::Status PublishAll() {
    const PolicyBook built_in = PolicyBook::BuiltIn();
    std::vector<OfferedEvent> batch;
    while (counts_.not_published == 0) {
      RETURN_IF_ERROR(input_->NextBatch(&batch));
      if (batch.empty()) break;
      RETURN_IF_ERROR(Acknowledge(
          session_ != nullptr ? session_->Publish(batch)
                              : Publisher::Validate(batch, context_.wall_clock(), built_in)));
      if (input_->total_bytes() > 0) {
        progress_.Show(input_->bytes_read(), input_->total_bytes());
      } else {
        progress_.Show(static_cast<uint64_t>(counts_.offered), 0);
      }
    }
    return absl::OkStatus();
  }

  absl::Status Acknowledge(const std::vector<PublishOutcome>& outcomes) {
    for (const PublishOutcome& outcome : outcomes) counts_.Count(outcome);
    for (const PublishOutcome& outcome : outcomes) {
      if (context_.json) {
        RETURN_IF_ERROR(context_.Print(OutcomeLine(outcome, options_.dry_run)));
      } else if (outcome.kind != PublishOutcome::Kind::kAccepted) {
        progress_.Clear();
        context_.Say(ComplaintOf(outcome, options_.format));
      }
    }
    return context_.Flush();
  }

  absl::Status Summarise(bool as_message) {
    std::string text =
        fmt::format("{} {}, {} {}, {} refused", counts_.offered,
                    options_.format == EventFormat::kJsonLines ? "lines" : "events",
                    counts_.accepted, options_.dry_run ? "valid" : "accepted", counts_.refused);
    if (counts_.not_published > 0) text += fmt::format(", {} not published", counts_.not_published);
    if (input_->empty_lines() > 0) text += fmt::format(", {} empty lines", input_->empty_lines());
    if (context_.interrupt->raised()) text += "; interrupted, the rest was not read";
    absl::Status status;
    if (session_ != nullptr) {
      const absl::StatusOr<FoldOutcome> folded = session_->Finish();
      if (folded.ok()) text += fmt::format("\nin the fold: {}", Describe(*folded));
      status = folded.status();
    }
    if (as_message) {
      context_.Say(text);
      return status;
    }
    status.Update(context_.Print(text + "\n"));
    return status;
  }

  const Context& context_;
  const PublishOptions& options_;
  Progress progress_;
  std::unique_ptr<EventInput> input_;
  std::unique_ptr<PublishSession> session_;
  PublishCounts counts_;
};

}  // namespace

absl::StatusOr<ExitCode> Publish(const Context& context, const PublishOptions& options) {
  return PublishRun(context, options).Run();
}

void AddPublish(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<PublishOptions>();
  CLI::App* command = app.add_subcommand(
      "publish", "Publish events: JSON lines, one flywheel.events.v1.Event each");
  command->add_option("FILE", options->file, "the events; - is standard input")->default_str("-");
  command->add_flag("--dry-run", options->dry_run,
                    "validate by the built-in policy alone, publish nothing");
  AddEventFormat(*command, options->format);
  AddPartitions(*command, options->partitions);
  RunsWith<PublishOptions>(*command, runner, options, Publish,
                           [](const PublishOptions& given) { return !given.dry_run; });
}

}  // namespace flywheel
