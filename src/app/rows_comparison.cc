#include "app/rows_comparison.h"

#include <memory>
#include <string>
#include <utility>

#include "app/table.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/cell/cell_view.h"

namespace flywheel {
namespace {

std::string ToJson(const RowsComparison& digests) {
  JsonWriter json;
  json.BeginObject().Key("partitions").BeginArray();
  for (size_t partition = 0; partition < digests.after.size(); ++partition) {
    json.BeginObject().Field("partition", partition);
    if (!digests.before.empty()) json.Field("before", digests.before[partition].hex);
    json.Field("after", digests.after[partition].hex);
    json.Field("rows", digests.after[partition].rows);
    json.Field("bytes", digests.after[partition].bytes).EndObject();
  }
  json.EndArray().Flag("equal", digests.equal());
  return json.EndObject().TakeLine();
}

std::string ToTable(const RowsComparison& digests) {
  Table table({"partition", "rows", "digest before", "digest after", ""});
  for (size_t partition = 0; partition < digests.after.size(); ++partition) {
    table.Add({std::to_string(partition), GroupedNumber(digests.after[partition].rows),
               digests.before.empty() ? "not known" : digests.before[partition].hex,
               digests.after[partition].hex, digests.equal(partition) ? "equal" : "DIFFERENT"});
  }
  return table.ToText();
}

}  // namespace

absl::StatusOr<RowsDigests> DigestAll(const Engine& engine) {
  RowsDigests digests;
  ASSIGN_OR_RETURN(const CellViews views, engine.Views());
  digests.reserve(views.size());
  for (const std::shared_ptr<const CellView>& view : views) {
    ASSIGN_OR_RETURN(RowsDigest digest, DigestRows(*view->rows));
    digests.push_back(std::move(digest));
  }
  return digests;
}

bool RowsComparison::equal() const {
  for (size_t partition = 0; partition < after.size(); ++partition) {
    if (!equal(partition)) return false;
  }
  return true;
}

absl::StatusOr<ExitCode> Report(const Context& context, const RowsComparison& comparison) {
  RETURN_IF_ERROR(context.Print(context.json ? ToJson(comparison) : ToTable(comparison)));
  if (comparison.equal()) return ExitCode::kOk;
  context.Say("the rows that the log gives differ from those that stood here");
  return ExitCode::kDifferences;
}

}  // namespace flywheel
