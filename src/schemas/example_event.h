// Events as examples: the least that intake takes of each kind.
#ifndef FLYWHEEL_SCHEMAS_EXAMPLE_EVENT_H_
#define FLYWHEEL_SCHEMAS_EXAMPLE_EVENT_H_

#include <google/protobuf/descriptor.h>

#include "schemas/json_schema.h"

namespace flywheel {

// An event of that payload with the required fields alone, as JSON. REQUIRES: the payload is one of
// PublishedPayloads().
SchemaJson ExampleEvent(const google::protobuf::FieldDescriptor* payload);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_EXAMPLE_EVENT_H_
