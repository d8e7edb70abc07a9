#include "sim/faulty_log.h"

#include <array>
#include <string_view>
#include <utility>

namespace flywheel {
namespace {

// What a broker, a disk or a proxy says that is not at hand for the moment.
absl::Status AwayForNow(Dice& dice, std::string_view text) {
  constexpr std::array<absl::StatusCode, 7> kCodes = {
      absl::StatusCode::kUnavailable,       absl::StatusCode::kDeadlineExceeded,
      absl::StatusCode::kResourceExhausted, absl::StatusCode::kPermissionDenied,
      absl::StatusCode::kUnauthenticated,   absl::StatusCode::kAborted,
      absl::StatusCode::kNotFound};
  return {kCodes[dice.Below(kCodes.size())], std::string(text)};
}

}  // namespace

void FaultyLog::AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                            AppendDone done) {
  ++appends_;
  if (!prompt_ && dice_->Of1000(faults_.late_appends)) {
    late_.push_back({partition, {records.begin(), records.end()}, std::vector<Offset>(), done});
    return;
  }
  if (dice_->Of1000(faults_.failed_appends)) {
    const bool unknown = dice_->Half();
    log_.FailNextAppend(unknown ? absl::UnavailableError("it is not known whether it is there")
                                : absl::ResourceExhaustedError("the log is full"),
                        /*records_are_there=*/unknown && dice_->Half());
  }
  absl::StatusOr<std::vector<Offset>> outcome = log_.Append(partition, records);
  if (!prompt_ && dice_->Of1000(faults_.late_reports)) {
    late_.push_back({partition, {}, std::move(outcome), std::move(done)});
    return;
  }
  done(std::move(outcome));
}

absl::StatusOr<RecordBatch> FaultyLog::Read(Partition partition, Offset from,
                                            const ReadLimits& limits) {
  if (dice_->Of1000(faults_.damaged_reads)) {
    ++damages_;
    return absl::DataLossError("the log is damaged");
  }
  if (dice_->Of1000(faults_.failed_reads)) {
    log_.FailNextRead(AwayForNow(*dice_, "the log cannot be read now"));
  }
  log_.ShortenReads(dice_->Of1000(faults_.short_reads) ? 1 + dice_->Below(3) : 0);
  ReadLimits at_once = limits;
  at_once.wait = absl::ZeroDuration();
  return log_.Read(partition, from, at_once);
}

absl::StatusOr<Offset> FaultyLog::BeginOffset(Partition partition) {
  if (dice_->Of1000(faults_.failed_ends)) return AwayForNow(*dice_, "the log is away");
  return log_.BeginOffset(partition);
}

absl::StatusOr<Offset> FaultyLog::EndOffset(Partition partition) {
  if (dice_->Of1000(faults_.failed_ends)) return AwayForNow(*dice_, "the log is away");
  return log_.EndOffset(partition);
}

bool FaultyLog::CompleteOne() {
  if (late_.empty()) return false;
  const auto at = late_.begin() + static_cast<int64_t>(dice_->Below(late_.size()));
  Late late = std::move(*at);
  late_.erase(at);
  if (!late.records.empty()) {
    const std::vector<std::string_view> records(late.records.begin(), late.records.end());
    late.outcome = log_.Append(late.partition, records);
  }
  late.done(std::move(late.outcome));
  return true;
}

void FaultyLog::LoseOne() {
  if (late_.empty()) return;
  const auto at = late_.begin() + static_cast<int64_t>(dice_->Below(late_.size()));
  Late late = std::move(*at);
  late_.erase(at);
  late.done(absl::UnavailableError("nothing was heard of it"));
}

}  // namespace flywheel
