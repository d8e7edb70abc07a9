#include "query/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flywheel {
namespace {

std::string_view NameOf(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::kCounter:
      return "counter";
    case MetricsText::Type::kGauge:
      return "gauge";
    case MetricsText::Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void AppendEscaped(std::string_view text, bool is_label, std::string& out) {
  for (const char byte : text) {
    if (byte == '\\') {
      out += "\\\\";
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '"' && is_label) {
      out += "\\\"";
    } else {
      out.push_back(byte);
    }
  }
}

}  // namespace

void LatencyHistogram::Observe(std::chrono::nanoseconds took) {
  const int64_t nanos = took.count();
  const auto bucket = std::find_if(kUpperMicros.begin(), kUpperMicros.end(),
                                   [nanos](int64_t micros) { return nanos <= micros * 1000; });
  counts_[static_cast<size_t>(bucket - kUpperMicros.begin())].fetch_add(1,
                                                                        std::memory_order_relaxed);
  sum_nanos_.fetch_add(nanos, std::memory_order_relaxed);
}

void MetricsText::Family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ");
  AppendEscaped(help, /*is_label=*/false, text_);
  text_.append("\n# TYPE ").append(name).append(" ").append(NameOf(type)).append("\n");
}

void MetricsText::Sample(MetricLabels labels, int64_t value) {
  Line("", labels, "", std::to_string(value));
}

void MetricsText::Sample(MetricLabels labels, double value) {
  Line("", labels, "", fmt::format("{}", value));
}

void MetricsText::Sample(MetricLabels labels, const LatencyHistogram& histogram) {
  uint64_t count = 0;
  for (size_t i = 0; i < histogram.counts_.size(); ++i) {
    count += histogram.counts_[i].load(std::memory_order_relaxed);
    const bool is_last = i == LatencyHistogram::kUpperMicros.size();
    const std::string bound =
        is_last ? "+Inf"
                : fmt::format("{}", static_cast<double>(LatencyHistogram::kUpperMicros[i]) / 1e6);
    Line("_bucket", labels, bound, std::to_string(count));
  }
  const auto nanos = static_cast<double>(histogram.sum_nanos_.load(std::memory_order_relaxed));
  Line("_sum", labels, "", fmt::format("{}", nanos / 1e9));
  Line("_count", labels, "", std::to_string(count));
}

void MetricsText::Line(std::string_view suffix, MetricLabels labels, std::string_view upper_bound,
                       std::string_view value) {
  text_.append(name_).append(suffix);
  char before = '{';
  const auto add = [&](std::string_view name, std::string_view text) {
    text_.push_back(before);
    text_.append(name).append("=\"");
    AppendEscaped(text, /*is_label=*/true, text_);
    text_.push_back('"');
    before = ',';
  };
  for (const auto& [name, text] : labels) add(name, text);
  if (!upper_bound.empty()) add("le", upper_bound);
  if (before == ',') text_.push_back('}');
  text_.append(" ").append(value).append("\n");
}

void Metrics::Add(Source source) {
  MutexLock lock(&mutex_);
  sources_.push_back(std::move(source));
}

std::string Metrics::Text() const {
  MetricsText text;
  MutexLock lock(&mutex_);
  for (const Source& source : sources_) source(text);
  return text.text();
}

}  // namespace flywheel
