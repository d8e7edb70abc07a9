#include "query/metrics.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "query/exposition.h"

namespace flywheel {
namespace {

TEST_CASE("samples stand under their family, labels are escaped") {
  MetricsText text;
  text.Family("things_total", MetricsText::Type::kCounter, "Things\\ and\nmore.");
  text.Sample({}, int64_t{5});
  text.Sample({{"kind", "a \"b\" \\ c\nd"}, {"size", ""}}, 1.5);
  CHECK(text.text() ==
        "# HELP things_total Things\\\\ and\\nmore.\n"
        "# TYPE things_total counter\n"
        "things_total 5\n"
        "things_total{kind=\"a \\\"b\\\" \\\\ c\\nd\",size=\"\"} 1.5\n");
  CHECK(ParseExposition(text.text()).size() == 2);
}

TEST_CASE("a histogram's buckets add up to its count") {
  LatencyHistogram histogram;
  using std::chrono::microseconds;
  for (const int micros : {0, 1, 10, 11, 15'000, 10'000'000, 10'000'001, 36'000'000}) {
    histogram.Observe(microseconds(micros));
  }
  MetricsText text;
  text.Family("took_seconds", MetricsText::Type::kHistogram, "Time.");
  text.Sample({{"route", "r"}}, histogram);
  Exposition samples = ParseExposition(text.text());
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"1e-05\"}"] == 3);
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"2e-05\"}"] == 4);
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"0.01\"}"] == 4);
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"0.02\"}"] == 5);
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"10\"}"] == 6);
  CHECK(samples["took_seconds_bucket{route=\"r\",le=\"+Inf\"}"] == 8);
  CHECK(samples["took_seconds_count{route=\"r\"}"] == 8);
  CHECK(samples["took_seconds_sum{route=\"r\"}"] == Approx(56.015023));
}

TEST_CASE("nothing is lost when many threads observe") {
  LatencyHistogram histogram;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&histogram] {
      for (int j = 0; j < 10'000; ++j) histogram.Observe(std::chrono::microseconds(j));
    });
  }
  for (std::thread& thread : threads) thread.join();
  MetricsText text;
  text.Family("took_seconds", MetricsText::Type::kHistogram, "Time.");
  text.Sample({}, histogram);
  CHECK(ParseExposition(text.text())["took_seconds_count"] == 40'000);
}

TEST_CASE("sources are written in the order in which they were added") {
  Metrics metrics;
  int calls = 0;
  metrics.Add([&](MetricsText& text) {
    text.Family("a", MetricsText::Type::kGauge, "A.");
    text.Sample({}, int64_t{++calls});
  });
  metrics.Add([](MetricsText& text) {
    text.Family("b", MetricsText::Type::kGauge, "B.");
    text.Sample({}, int64_t{7});
  });
  CHECK(metrics.Text() == "# HELP a A.\n# TYPE a gauge\na 1\n# HELP b B.\n# TYPE b gauge\nb 7\n");
  CHECK(metrics.Text().find("a 2\n") != std::string::npos);
}

TEST_CASE("the reader of these tests is strict") {
  for (const char* text :
       {"a 1\n", "# HELP a A.\na 1\n", "# HELP a A.\n# TYPE a gauge\na 1",
        "# HELP a A.\n# TYPE a gauge\na x\n", "# HELP a A.\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a A.\n# TYPE a gauge\nb 2\n", "# HELP a A.\n# TYPE a counter\na 1\n",
        "# HELP a A.\n# TYPE a gauge\na{b=\"\"c\"} 1\n",
        "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 3\na_bucket{le=\"+Inf\"} 2\n",
        "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_count 3\n"}) {
    INFO(text);
    CHECK_THROWS_AS(ParseExposition(text), std::runtime_error);
  }
}

}  // namespace
}  // namespace flywheel
