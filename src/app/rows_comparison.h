// The digests of rows before and after they were made anew.
#ifndef FLYWHEEL_APP_ROWS_COMPARISON_H_
#define FLYWHEEL_APP_ROWS_COMPARISON_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/engine.h"
#include "app/exit_code.h"
#include "projections/store/row_store.h"

namespace flywheel {

// By partition.
using RowsDigests = std::vector<RowsDigest>;

absl::StatusOr<RowsDigests> DigestAll(const Engine& engine);

struct RowsComparison {
  RowsDigests before;  // empty: they could not be read, or are of another fold version
  RowsDigests after;

  bool equal(size_t partition) const {
    return before.empty() || before[partition].hex == after[partition].hex;
  }
  bool equal() const;
};

// Prints both; kDifferences, with a message, where they differ.
absl::StatusOr<ExitCode> Report(const Context& context, const RowsComparison& comparison);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_ROWS_COMPARISON_H_
