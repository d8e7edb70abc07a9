#include "query/answer_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/hash/hash.h"
#include "base/instant_text.h"
#include "projections/facts/seller_row.h"
#include "projections/views/cell_reading.h"

namespace flywheel {
namespace {

// In a text of JSON a quotation mark is escaped, so this stands nowhere else.
constexpr std::string_view kInstantKey = R"("asOf":")";

size_t HashOf(std::string_view text) {
  return absl::HashOf(absl::string_view(text.data(), text.size()));
}

std::vector<uint32_t> InstantsOf(std::string_view body) {
  std::vector<uint32_t> instants;
  for (size_t at = body.find(kInstantKey); at != std::string_view::npos;
       at = body.find(kInstantKey, at)) {
    at += kInstantKey.size();
    instants.push_back(static_cast<uint32_t>(at));
  }
  return instants;
}

// What answers are made of in the seller's row, as text: not its clock, from which on time passes
// in the stored figures, nor when they change next. Empty: the row cannot be read.
std::string SellerPartOf(const CellView& view, std::string_view seller) {
  absl::StatusOr<std::optional<SellerRow>> row = ReadSeller(*view.rows, seller);
  if (!row.ok() || !row->has_value()) return "";
  SellerRow part = **std::move(row);
  part.clock = Instant();
  part.smart_next = Instant(std::numeric_limits<int64_t>::max());
  part.waiting = part.complete() ? 0 : 1;
  part.open_refusals = 0;
  std::string text;
  part.Encode(&text);
  return text;
}

}  // namespace

CachedQuestion::CachedQuestion(std::string_view figure, std::string_view of_seller,
                               std::string_view market, bool history)
    : seller(of_seller) {
  text.reserve(figure.size() + 8 + market.size() + seller.size());
  text.append(figure).push_back(history ? '+' : '-');
  // A market may be any text here: its length tells it from the seller that follows.
  text.append(fmt::format_int(market.size()).c_str()).push_back(':');
  text.append(market).append(seller);
}

size_t AnswerCache::Answer::bytes() const {
  // The nodes of the list and of the map.
  constexpr size_t kAround = 2 * sizeof(void*) + sizeof(std::string_view) + 3 * sizeof(void*);
  return sizeof(Answer) + kAround + text.capacity() + body.capacity() + seller_row.capacity() +
         instants.capacity() * sizeof(uint32_t);
}

void AnswerCache::Shard::Drop(std::list<Answer>::iterator answer) {
  bytes -= answer->bytes();
  by_text.erase(answer->text);
  answers.erase(answer);
}

AnswerCache::AnswerCache(size_t max_bytes) : max_shard_bytes_(max_bytes / kShards) {}

AnswerCache::~AnswerCache() = default;

AnswerCache::Shard& AnswerCache::ShardOf(std::string_view text) {
  return shards_[HashOf(text) / 64 % kShards];
}

std::optional<std::string> AnswerCache::Find(const CachedQuestion& question, const CellView& view,
                                             Instant as_of) {
  if (view.changes == nullptr || max_shard_bytes_ == 0) return std::nullopt;
  Shard& shard = ShardOf(question.text);
  const Offset next = view.position.next;
  std::string body;
  std::string seller_row;
  const auto holds = [&](const Answer& answer) {
    if (answer.changes_id != view.changes->id() || answer.policies != view.policies->size())
      return false;
    if (as_of < answer.from || as_of > answer.until) return false;
    const Offset older = std::min(answer.next, next);
    return view.changes->LastOf(question.seller, RowGroup::kDays) <= older &&
           (!question.uses_smart_rows ||
            view.changes->LastOf(question.seller, RowGroup::kSmart) <= older);
  };
  {
    MutexLock lock(&shard.mutex);
    const auto found = shard.by_text.find(question.text);
    if (found == shard.by_text.end() || !holds(*found->second)) {
      ++shard.made;
      return std::nullopt;
    }
    const Answer& answer = *found->second;
    shard.answers.splice(shard.answers.begin(), shard.answers, found->second);
    body = answer.body;
    const std::string instant = FormatInstant(as_of);
    for (const uint32_t at : answer.instants) body.replace(at, instant.size(), instant);
    if (view.changes->LastOf(question.seller, RowGroup::kSeller) <= std::min(answer.next, next)) {
      ++shard.found;
      return body;
    }
    seller_row = answer.seller_row;
  }
  const bool same = SellerPartOf(view, question.seller) == seller_row;
  MutexLock lock(&shard.mutex);
  ++(same ? shard.found : shard.made);
  if (!same) return std::nullopt;
  // Everything it is made of is the same in this view: the next question need not look back behind
  // it.
  const auto found = shard.by_text.find(question.text);
  if (found != shard.by_text.end() && found->second->seller_row == seller_row &&
      found->second->next < next && holds(*found->second)) {
    found->second->next = next;
  }
  return body;
}

void AnswerCache::Keep(const CachedQuestion& question, const CellView& view, Instant as_of,
                       Instant holds_until, std::string_view body) {
  if (view.changes == nullptr || holds_until <= as_of) return;
  Answer answer;
  answer.seller_row = SellerPartOf(view, question.seller);
  if (answer.seller_row.empty()) return;
  answer.text = question.text;
  answer.body = body;
  answer.instants = InstantsOf(body);
  answer.from = as_of;
  answer.until = holds_until;
  answer.changes_id = view.changes->id();
  answer.policies = view.policies->size();
  answer.next = view.position.next;
  const size_t bytes = answer.bytes();
  if (bytes > max_shard_bytes_) return;

  Shard& shard = ShardOf(question.text);
  MutexLock lock(&shard.mutex);
  if (const auto found = shard.by_text.find(question.text); found != shard.by_text.end()) {
    shard.Drop(found->second);
  }
  while (shard.bytes + bytes > max_shard_bytes_) shard.Drop(std::prev(shard.answers.end()));
  shard.answers.push_front(std::move(answer));
  shard.by_text.emplace(shard.answers.front().text, shard.answers.begin());
  shard.bytes += bytes;
}

AnswerCache::State AnswerCache::state() const {
  State state;
  for (const Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    state.found += shard.found;
    state.made += shard.made;
    state.answers += shard.answers.size();
    state.bytes += shard.bytes;
  }
  return state;
}

}  // namespace flywheel
