#include "schemas/bundle.h"

#include <fmt/format.h>

#include "schemas/async_api.h"
#include "schemas/embedded.h"
#include "schemas/json_schema.h"

namespace flywheel {
namespace {

constexpr int kIndent = 2;

std::string Document(const SchemaJson& json) { return json.dump(kIndent) + "\n"; }

std::string ReadMe(std::string_view name) {
  return fmt::format(
      R"(# Publishing to Flywheel

An event is one `flywheel.events.v1.Event`; over Kafka it goes to the topic `{0}.inbox`.

| file | what it is |
|---|---|
| `proto/` | the schemas as they are written; `protoc --proto_path=proto` makes code of them |
| `flywheel.binpb` | the same as a `google.protobuf.FileDescriptorSet`, with imports and comments |
| `event.schema.json` | an event as JSON, as a JSON Schema 2020-12 |
| `asyncapi.json` | the inbox as an AsyncAPI 3.0 document |

`proto/flywheel/events/v1/` is what publishers send. `proto/flywheel/policy/v1/` is what it imports,
`proto/flywheel/log/v1/` what stands in Flywheel's own log. The files are made by
`flywheel schemas export`; nothing here is edited by hand.
)",
      name);
}

}  // namespace

std::vector<BundleFile> SchemaBundle(std::string_view name) {
  std::vector<BundleFile> files = {{"README.md", ReadMe(name)},
                                   {"asyncapi.json", Document(AsyncApiDocument(name))},
                                   {"event.schema.json", Document(EventJsonSchema())},
                                   {"flywheel.binpb", std::string(EmbeddedDescriptorSet())}};
  for (const EmbeddedSchema& schema : EmbeddedSchemas()) {
    files.push_back({fmt::format("proto/{}", schema.path), std::string(schema.text)});
  }
  return files;
}

}  // namespace flywheel
