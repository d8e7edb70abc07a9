#include "projections/store/row_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/digest.h"
#include "base/status.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

absl::Status RowStore::WriteDurably(absl::FunctionRef<void(RowBatch*)> fill) {
  const std::unique_ptr<RowBatch> batch = NewBatch();
  fill(batch.get());
  RETURN_IF_ERROR(Write(batch.get()));
  return Flush();
}

absl::Status ScanPrefix(
    const RowReader& store, std::string_view prefix,
    absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) {
  return store.Scan(prefix, row_keys::AfterPrefix(std::string(prefix)), visit);
}

absl::StatusOr<RowsDigest> DigestRows(const RowReader& store) {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                        XXH3_freeState);
  XXH3_128bits_reset(state.get());
  RowsDigest digest;
  const auto add = [&state](std::string_view bytes) {
    const uint64_t size = bytes.size();
    XXH3_128bits_update(state.get(), &size, sizeof(size));
    XXH3_128bits_update(state.get(), bytes.data(), bytes.size());
  };
  RETURN_IF_ERROR(store.Scan("", "\xff", [&](std::string_view key, std::string_view value) {
    add(key);
    add(value);
    ++digest.rows;
    digest.bytes += key.size() + value.size();
    return true;
  }));
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  digest.hex = DigestText(hash.high64, hash.low64);
  return digest;
}

}  // namespace flywheel
