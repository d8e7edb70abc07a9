// What a publisher in another language needs, as files.
#ifndef FLYWHEEL_SCHEMAS_BUNDLE_H_
#define FLYWHEEL_SCHEMAS_BUNDLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace flywheel {

struct BundleFile {
  std::string path;  // relative, with '/'
  std::string bytes;
};

// README.md, proto/..., flywheel.binpb, event.schema.json, asyncapi.json: the schemas as they are
// written, their descriptors, the JSON Schema and the AsyncAPI document of the log `name`. The same
// program and name give the same bytes. REQUIRES: Kafka takes `<name>.inbox` as a
// topic's name.
std::vector<BundleFile> SchemaBundle(std::string_view name);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_BUNDLE_H_
