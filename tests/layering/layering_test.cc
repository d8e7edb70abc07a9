#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "layering/layers.h"

namespace flywheel {
namespace {

Layers RepositoryLayers() {
  return ParseLayers(FileText(FLYWHEEL_SOURCE_DIR "/tests/layering/layers.txt"));
}

TEST_CASE("no file of src includes in a forbidden direction") {
  const Layers layers = RepositoryLayers();
  const std::vector<Include> includes = IncludesUnder(FLYWHEEL_SOURCE_DIR "/src");
  CHECK(includes.size() > 50);  // it did read the files
  for (const Include& include : includes) {
    const auto violation = Violation(layers, include);
    INFO(violation.value_or(""));
    CHECK_FALSE(violation);
  }
}

TEST_CASE("every folder of src with a source file has a rule") {
  const Layers layers = RepositoryLayers();
  const std::string root = FLYWHEEL_SOURCE_DIR "/src";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto& path = entry.path();
    if (path.extension() != ".cc" && path.extension() != ".h") continue;
    const std::string folder = path.parent_path().lexically_relative(root).generic_string();
    INFO(folder);
    CHECK(layers.contains(folder));
  }
}

TEST_CASE("planted violations are found") {
  const Layers layers = RepositoryLayers();
  const Include planted[] = {
      {"base/money.h", "events/codec.h"},                        // upwards
      {"events/intake.cc", "events/embedded/embedded_log.h"},    // the port knows its adapter
      {"events/wire_scan.cc", "projections/facts/order_row.h"},  // upwards
      {"events/embedded/log.cc", "events/memory/memory_log.h"},  // from adapter to adapter
      {"events/intake.cc", "librdkafka/rdkafkacpp.h"},           // infrastructure in the core
      {"base/bounded_queue.h", "boost/asio.hpp"},                //
      {"projections/facts/order_row.cc", "rocksdb/slice.h"},     //
      {"projections/models/rating.cc", "spdlog/spdlog.h"},       //
      {"projections/models/rating.cc", "grpcpp/grpcpp.h"},       //
      {"projections/facts/order_row.h", "projections/models/rating.h"},
      {"projections/models/rating.cc", "projections/store/store.h"},
      {"projections/store/store.cc", "projections/cell/cell.h"},
      {"projections/cell/cell.cc", "projections/views/rating_reader.h"},
      {"projections/cell/cell.cc", "naive/rating.h"},
      {"projections/cell/cell.cc", "app/options.h"},
      {"naive/accept.cc", "base/strong.h"},  // shares code with what it checks
      {"naive/accept.cc", "events/wire_scan.h"},
      {"naive/rating.cc", "projections/models/rating.h"},
      {"naive/rating.cc", "fmt/format.h"},
      {"naive/rating.cc", "rocksdb/db.h"},
      {"sources/olist.cc", "projections/cell/cell.h"},
      {"sources/olist.cc", "naive/rating.h"},
      {"sources/olist.cc", "app/options.h"},
      {"newcomer/file.cc", "vector"},  // a folder without a rule
  };
  for (const Include& include : planted) {
    INFO(include.file << " -> " << include.header);
    CHECK(Violation(layers, include));
  }
}

TEST_CASE("allowed includes are not reported") {
  const Layers layers = RepositoryLayers();
  const Include allowed[] = {
      {"base/time_zone.cc", "absl/time/time.h"},
      {"base/time_zone.cc", "base/time_zone.h"},
      {"base/time_zone.cc", "vector"},
      {"events/codec.cc", "flywheel/events/v1/event.pb.h"},
      {"events/embedded/embedded_log.cc", "events/event_log.h"},
      {"projections/store/store.cc", "rocksdb/db.h"},
      {"projections/cell/cell.cc", "projections/store/store.h"},
      {"naive/rating.cc", "flywheel/events/v1/event.pb.h"},
      {"naive/rating.cc", "absl/time/time.h"},
      {"naive/rating.cc", "algorithm"},
      {"app/main.cc", "naive/verify.h"},
      {"app/main.cc", "CLI/CLI.hpp"},
  };
  for (const Include& include : allowed) {
    INFO(Violation(layers, include).value_or(""));
    CHECK_FALSE(Violation(layers, include));
  }
}

TEST_CASE("include lines are read in every spelling") {
  CHECK(HeadersOf("#include <vector>\n  #  include \"base/money.h\"  // why\n// #include <map>\n"
                  "#define X\n#include MACRO\nint include;\n") ==
        std::vector<std::string>{"vector", "base/money.h"});
}

TEST_CASE("a rule that cannot be read is an error") {
  CHECK_THROWS(ParseLayers("folder base"));
  CHECK_THROWS(ParseLayers("refuse base: rocksdb/"));
  CHECK_THROWS(ParseLayers("folder base:\nallow base: events"));
}

}  // namespace
}  // namespace flywheel
