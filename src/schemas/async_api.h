// The inbox for publishers, as an AsyncAPI 3.0 document.
#ifndef FLYWHEEL_SCHEMAS_ASYNC_API_H_
#define FLYWHEEL_SCHEMAS_ASYNC_API_H_

#include <string_view>

#include "schemas/json_schema.h"

namespace flywheel {

// One channel, the topic `<name>.inbox`, with a message for each payload that a publisher may send;
// headers are those of CloudEvents' binary mode. Payloads are described as JSON; "x-protobuf" names
// the same message in the .proto files.
SchemaJson AsyncApiDocument(std::string_view name);

// The longest name of a log on Kafka whose topics' names Kafka takes.
inline constexpr size_t kMaxTopicPrefixBytes = 240;

// True for what can stand before ".inbox" in a topic's name: 1 to kMaxTopicPrefixBytes letters,
// digits, '.', '_' and '-', not "." or "..".
bool IsTopicPrefix(std::string_view name);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_ASYNC_API_H_
