#include "events/refused_record.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"
#include "events/sha256.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

constexpr std::string_view kCutMark = "...";

// At most kMaxRefusedTextBytes of the text, cut between two characters; what is no UTF-8 cannot
// stand in the log.
std::string Bounded(std::string_view text) {
  if (!IsUtf8(text)) return "(not valid UTF-8)";
  if (text.size() <= kMaxRefusedTextBytes) return std::string(text);
  size_t size = kMaxRefusedTextBytes - kCutMark.size();
  const auto continues = [&text](size_t at) { return (text[at] & 0xC0) == 0x80; };
  while (size > 0 && continues(size)) --size;
  return std::string(text.substr(0, size)).append(kCutMark);
}

}  // namespace

std::string PlaceInTopic(int32_t partition, int64_t offset) {
  return absl::StrCat(partition, "@", offset);
}

PreparedRecord MakeRefused(const RefusedOrigin& origin, std::string_view bytes,
                           const IntakeRefusal& refusal, Instant recorded_at, int32_t partitions) {
  FLYWHEEL_CHECK(recorded_at >= kEarliestInstant && recorded_at <= kLatestInstant,
                 "the stamp of intake is an instant of Flywheel's");
  const Sha256 hash = Sha256Of(bytes);
  log::v1::Record record;
  log::v1::Refused& refused = *record.mutable_refused();
  refused.mutable_recorded_at()->set_seconds(recorded_at.number() / kMillisPerSecond);
  refused.mutable_recorded_at()->set_nanos(
      static_cast<int32_t>(recorded_at.number() % kMillisPerSecond * 1'000'000));
  refused.set_source(Bounded(origin.source));
  refused.set_source_place(Bounded(origin.source_place));
  refused.set_sha256(hash.data(), hash.size());
  refused.set_length(bytes.size());
  refused.set_code(static_cast<log::v1::RefusalCode::Value>(refusal.code));
  refused.set_field(Bounded(refusal.field));
  refused.set_sentence(Bounded(refusal.sentence));
  const bool names_seller = refusal.seller_id.size() <= kMaxIdBytes && IsUtf8(refusal.seller_id);
  if (names_seller) refused.set_seller_id(refusal.seller_id);
  const std::string identity =
      absl::StrCat(refused.source(), refused.source_place(), refused.sha256());
  const Partition partition =
      PartitionOf(refused.seller_id().empty() ? identity : refused.seller_id(), partitions);
  return {partition, record.SerializeAsString()};
}

}  // namespace flywheel
