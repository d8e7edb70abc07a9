// A reader of Prometheus's text format, strict about its form.
#ifndef FLYWHEEL_TESTS_QUERY_EXPOSITION_H_
#define FLYWHEEL_TESTS_QUERY_EXPOSITION_H_

#include <map>
#include <string>
#include <string_view>

namespace flywheel {

// Samples by "name{label="value",...}" with the labels as they stand in the text.
using Exposition = std::map<std::string, double>;

// Throws std::runtime_error with the line: a sample without its family's HELP and TYPE before it, a
// family or a sample given twice, a name or a label that is none, a value that is no number, a
// histogram whose buckets fall or whose last one is not its count, a last line without an end.
Exposition ParseExposition(std::string_view text);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_QUERY_EXPOSITION_H_
