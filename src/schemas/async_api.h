// The inbox for publishers, as an AsyncAPI 3.0 document.
#ifndef FLYWHEEL_SCHEMAS_ASYNC_API_H_
#define FLYWHEEL_SCHEMAS_ASYNC_API_H_

#include <string_view>

#include "schemas/json_schema.h"

namespace flywheel {

// One channel, the topic `<name>.inbox`, with a message for each payload that a publisher may send;
// headers are those of CloudEvents' binary mode. Payloads are described as JSON; "x-protobuf" names
// the same message in the .proto files. REQUIRES: Kafka takes `<name>.inbox` as a topic's name.
SchemaJson AsyncApiDocument(std::string_view name);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_ASYNC_API_H_
