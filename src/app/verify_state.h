// What verify compares besides the read models: outcomes, orders, sellers, quarantine.
#ifndef FLYWHEEL_APP_VERIFY_STATE_H_
#define FLYWHEEL_APP_VERIFY_STATE_H_

#include "absl/status/status.h"
#include "app/verify_report.h"
#include "base/strong.h"
#include "naive/replay.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Compares everything of one partition; differences and counts are added to the report.
absl::Status CompareState(Partition partition, const RowReader& store, const naive::Replay& replay,
                          VerifyReport* report);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_STATE_H_
