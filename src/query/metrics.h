// What is measured, in Prometheus's text format.
#ifndef FLYWHEEL_QUERY_METRICS_H_
#define FLYWHEEL_QUERY_METRICS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace flywheel {

// A label and its value.
using MetricLabel = std::pair<std::string_view, std::string_view>;
using MetricLabels = std::initializer_list<MetricLabel>;

// Times by their length, in steps of about two: 10 µs to 10 s.
//
// Concurrency: any thread.
class LatencyHistogram {
 public:
  static constexpr std::array<int64_t, 19> kUpperMicros = {
      10,     20,     50,      100,     200,     500,       1'000,     2'000,     5'000,     10'000,
      20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000};

  void Observe(std::chrono::nanoseconds took);

 private:
  friend class MetricsText;
  std::array<std::atomic<uint64_t>, kUpperMicros.size() + 1> counts_{};  // the last: longer
  std::atomic<int64_t> sum_nanos_ = 0;
};

// Writes the exposition format, version 0.0.4.
//
// Operation: Family, then its samples. Families have names of their own: one that is begun twice
// would be refused by who reads the text.
class MetricsText {
 public:
  enum class Type : uint8_t { kCounter, kGauge, kHistogram };

  // `name` by Prometheus's rules: a counter's ends in _total, units are seconds and bytes.
  void Family(std::string_view name, Type type, std::string_view help);
  void Sample(MetricLabels labels, int64_t value);
  void Sample(MetricLabels labels, double value);
  void Sample(MetricLabels labels, const LatencyHistogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void Line(std::string_view suffix, MetricLabels labels, std::string_view upper_bound,
            std::string_view value);

  std::string text_;
  std::string name_;
};

// Concurrency: any thread.
class Metrics {
 public:
  // Adds its families to the text whenever the metrics are read; called on an I/O thread, so it
  // must not block. What it reads must live until the server is stopped.
  using Source = std::function<void(MetricsText&)>;

  void Add(Source source) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Text() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable Mutex mutex_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_METRICS_H_
