// The rules of tests/layering/layers.txt and the check of includes against them.
#ifndef FLYWHEEL_TESTS_LAYERING_LAYERS_H_
#define FLYWHEEL_TESTS_LAYERING_LAYERS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flywheel {

// One #include line. `file` is relative to src/, `header` is what stands between the quotes or
// brackets.
struct Include {
  std::string file;
  std::string header;
};

// What one folder of src/ may include.
struct Layer {
  bool all = false;                              // any folder of src/
  std::set<std::string> folders;                 // these folders, and itself
  std::vector<std::string> refused;              // prefixes of headers from outside
  std::optional<std::vector<std::string>> only;  // the only prefixes from outside, where given
};

using Layers = std::map<std::string, Layer>;  // by folder

// Reads the rules. Throws std::runtime_error with the line where one cannot be read.
Layers ParseLayers(std::string_view text);

// Why the include is forbidden; nothing if it is allowed.
std::optional<std::string> Violation(const Layers& layers, const Include& include);

// The headers that a source text includes, in its order.
std::vector<std::string> HeadersOf(std::string_view source);

// Every #include line of the .cc and .h files under `folder`.
std::vector<Include> IncludesUnder(const std::string& folder);

// The whole file. Throws std::runtime_error where it cannot be read.
std::string FileText(const std::string& path);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_LAYERING_LAYERS_H_
