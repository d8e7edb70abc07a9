#include "query/exposition.h"

#include <cstdlib>
#include <regex>
#include <set>
#include <stdexcept>

namespace flywheel {
namespace {

const std::regex kHelp(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*))");
const std::regex kType(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram))");
const std::regex kSample(
    R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+))re");

class Reader {
 public:
  void Line(const std::string& line) {
    std::smatch match;
    if (std::regex_match(line, match, kHelp)) {
      if (!families_.insert(match[1]).second) Fail("a family is given twice", line);
      helped_ = match[1];
    } else if (std::regex_match(line, match, kType)) {
      if (match[1] != helped_) Fail("a type without its help before it", line);
      family_ = match[1];
      type_ = match[2];
      if ((type_ == "counter") !=
          (family_.size() > 6 && family_.substr(family_.size() - 6) == "_total"))
        Fail("counters and only counters end in _total", line);
    } else if (std::regex_match(line, match, kSample)) {
      Sample(match[1], match[2], match[3], line);
    } else {
      Fail("what is this", line);
    }
  }

  const Exposition& samples() const { return samples_; }

 private:
  [[noreturn]] static void Fail(const std::string& why, const std::string& line) {
    throw std::runtime_error(why + ": " + line);
  }

  void Sample(const std::string& name, const std::string& labels, const std::string& value,
              const std::string& line) {
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (*end != '\0') Fail("a value that is no number", line);
    const std::string suffix = name.substr(std::min(family_.size(), name.size()));
    const bool is_of_family = name.substr(0, family_.size()) == family_;
    const bool fits = type_ == "histogram"
                          ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
                          : suffix.empty();
    if (family_.empty() || !is_of_family || !fits) Fail("a sample without its family", line);
    if (!samples_.emplace(name + labels, number).second) Fail("a sample is given twice", line);
    if (suffix == "_bucket") {
      const size_t bound = labels.find("le=\"");
      if (bound == std::string::npos) Fail("a bucket without a bound", line);
      const bool is_first = labels.substr(0, bound) != bucket_of_;
      if (!is_first && number < last_bucket_) Fail("a bucket falls", line);
      bucket_of_ = labels.substr(0, bound);
      last_bucket_ = number;
      last_is_infinite_ = labels.find("le=\"+Inf\"") != std::string::npos;
    }
    if (suffix == "_count" && (!last_is_infinite_ || number != last_bucket_)) {
      Fail("the last bucket is not the count", line);
    }
  }

  std::set<std::string> families_;
  std::string helped_;
  std::string family_;
  std::string type_;
  Exposition samples_;
  std::string bucket_of_;
  double last_bucket_ = 0;
  bool last_is_infinite_ = false;
};

}  // namespace

Exposition ParseExposition(std::string_view text) {
  Reader reader;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("the last line has no end");
    reader.Line(std::string(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  return reader.samples();
}

}  // namespace flywheel
