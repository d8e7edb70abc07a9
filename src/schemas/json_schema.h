// An event as the JSON door takes it, as a JSON Schema.
#ifndef FLYWHEEL_SCHEMAS_JSON_SCHEMA_H_
#define FLYWHEEL_SCHEMAS_JSON_SCHEMA_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace flywheel {

// Keys stand in the order in which they were put in.
using SchemaJson = nlohmann::ordered_json;

// A JSON Schema 2020-12 of flywheel.events.v1.Event.
//
// What it takes, intake takes, but for what a schema cannot say: ids of over kMaxIdBytes bytes in
// fewer characters, two equal line_ids of an order, a market that the policy does not know, an
// occurred_at in the future, an event over kMaxEventBytes. The door is wider: it also takes the
// schema's own names (order_id), null for what is left out, enums by number, 32-bit numbers as
// text, zeros before an amount, {} for a price that is not given, and any recorded_at.
SchemaJson EventJsonSchema();

// The same rules as schemas by the name of the message or enum: "Event", "OrderPlaced", "Money",
// "Actor", ... They name each other by `prefix` and the name, e.g. "#/$defs/Money", and use what
// draft 7 and 2020-12 share, so that they fit into an AsyncAPI document too.
SchemaJson EventSchemaDefinitions(std::string_view prefix);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_JSON_SCHEMA_H_
