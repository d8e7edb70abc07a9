#include "query/event_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"

namespace flywheel {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

OfferedEvent OfferedLine(int64_t number, std::string_view line) {
  if (line.size() <= kMaxJsonBytes) return {number, EventFromJson(line)};
  IntakeRefusal refusal;
  refusal.code = RefusalCode::kInvalid;
  refusal.sentence =
      fmt::format("{} bytes, more than the {} that are read", line.size(), kMaxJsonBytes);
  return {number, std::move(refusal)};
}

}  // namespace

std::optional<EventBodyFormat> EventBodyFormatOf(std::string_view content_type) {
  const std::string_view type = Trimmed(content_type.substr(0, content_type.find(';')));
  const auto is = [type](std::string_view name) {
    return absl::EqualsIgnoreCase({type.data(), type.size()}, {name.data(), name.size()});
  };
  if (is("application/x-ndjson") || is("application/jsonl")) return EventBodyFormat::kLines;
  if (is("application/json")) return EventBodyFormat::kJson;
  if (is("application/protobuf") || is("application/x-protobuf")) return EventBodyFormat::kProtobuf;
  return std::nullopt;
}

EventBody::EventBody(std::string body, EventBodyFormat format)
    : body_(std::move(body)), format_(format) {}

bool EventBody::TooManyLines() const {
  return format_ != EventBodyFormat::kProtobuf &&
         std::count(body_.begin(), body_.end(), '\n') > static_cast<int64_t>(kMaxEventBodyLines);
}

void EventBody::NextBatch(std::vector<OfferedEvent>* batch) {
  batch->clear();
  if (format_ == EventBodyFormat::kProtobuf) {
    if (number_ == 0) batch->push_back({++number_, std::move(body_)});
    return;
  }
  const bool may_be_one = format_ == EventBodyFormat::kJson && number_ == 0 &&
                          body_.size() <= kMaxJsonBytes && body_.find('\n') != std::string::npos;
  if (may_be_one) {
    // JSON that fits no event is one too; what is several is no JSON.
    std::variant<std::string, IntakeRefusal> event = EventFromJson(body_);
    const auto* refusal = std::get_if<IntakeRefusal>(&event);
    if (refusal == nullptr || refusal->code != RefusalCode::kUndecodable) {
      batch->push_back({++number_, std::move(event)});
      taken_ = body_.size();
      return;
    }
  }
  while (taken_ < body_.size() && batch->size() < kMaxEventBatch) {
    std::string_view line = std::string_view(body_).substr(taken_);
    line = line.substr(0, line.find('\n'));
    taken_ += line.size() + 1;
    ++number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!Trimmed(line).empty()) batch->push_back(OfferedLine(number_, line));
  }
}

}  // namespace flywheel
