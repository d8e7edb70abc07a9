// The schemas as they stand in the program; defined in a file that the build makes.
#ifndef FLYWHEEL_SCHEMAS_EMBEDDED_H_
#define FLYWHEEL_SCHEMAS_EMBEDDED_H_

#include <string_view>
#include <vector>

namespace flywheel {

// A .proto file as it is written.
struct EmbeddedSchema {
  std::string_view path;  // as it is imported, e.g. "flywheel/events/v1/event.proto"
  std::string_view text;
};

// All of Flywheel's own, by path.
const std::vector<EmbeddedSchema>& EmbeddedSchemas();

// The bytes of a google.protobuf.FileDescriptorSet of them and of what they import, with source
// info.
std::string_view EmbeddedDescriptorSet();

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_EMBEDDED_H_
