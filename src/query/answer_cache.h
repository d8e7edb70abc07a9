// Answers that were given before and still hold.
#ifndef FLYWHEEL_QUERY_ANSWER_CACHE_H_
#define FLYWHEEL_QUERY_ANSWER_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/seller_changes.h"

namespace flywheel {

inline constexpr size_t kMaxAnswerCacheBytes = size_t{32} << 20;

// What is asked about one seller of one cell, for an instant that no record of the cell lies behind
// and with all knowledge.
struct CachedQuestion {
  // A figure of a seller in a market (or "*"), with what else changes the answer's body.
  CachedQuestion(std::string_view figure, std::string_view of_seller, std::string_view market,
                 bool history);

  // Names the question but for its instant. Equal texts, equal questions.
  std::string text;
  std::string seller;
  // What the answer is made of, besides the seller's row.
  bool uses_smart_rows = false;  // besides those of ratings
};

// Operation: an answer is kept as its body, in which the instants behind "asOf" are replaced when
// it is given again. It is given only where it is the one that the view would give, byte by byte:
// the instant lies within those for which the reader said that it holds, and the rows it is made of
// did not change between the two views, as SellerChanges tells. Of the seller's own row, which
// nearly every record changes, what answers are made of is compared.
//
// Limits: the bytes given to the constructor, bookkeeping included; who was not asked for longest
// goes first.
//
// Concurrency: any thread.
class AnswerCache {
 public:
  explicit AnswerCache(size_t max_bytes = kMaxAnswerCacheBytes);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // The body that the view gives for `as_of`; nullopt: it has to be made.
  // REQUIRES: as_of is at or after the log_clock of the view.
  std::optional<std::string> Find(const CachedQuestion& question, const CellView& view,
                                  Instant as_of);

  // The body was made from the view for `as_of` and holds until `holds_until`; every "asOf" in it
  // is as_of's.
  void Keep(const CachedQuestion& question, const CellView& view, Instant as_of,
            Instant holds_until, std::string_view body);

  struct State {
    uint64_t found = 0;
    uint64_t made = 0;  // asked for and not found
    size_t answers = 0;
    size_t bytes = 0;
  };
  State state() const;

 private:
  struct Answer {
    std::string text;
    std::string body;
    std::vector<uint32_t> instants;  // where in the body
    std::string seller_row;          // see SellerPartOf
    Instant from;
    Instant until;
    uint64_t changes_id = 0;
    size_t policies = 0;
    Offset next;  // of the view

    size_t bytes() const;
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Answer> answers ABSL_GUARDED_BY(mutex);  // asked for most lately first
    absl::flat_hash_map<std::string_view, std::list<Answer>::iterator> by_text
        ABSL_GUARDED_BY(mutex);
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    uint64_t found ABSL_GUARDED_BY(mutex) = 0;
    uint64_t made ABSL_GUARDED_BY(mutex) = 0;

    void Drop(std::list<Answer>::iterator answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(std::string_view text);

  const size_t max_shard_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_ANSWER_CACHE_H_
