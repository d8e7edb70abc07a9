#include "schemas/example_event.h"

#include <string>

#include "schemas/schema_pool.h"

namespace flywheel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

SchemaJson RequiredFields(const Descriptor* message);

SchemaJson ExampleText(const std::string& name) {
  if (name == "event_id") return "0190b2c4-7d5e-7c3a-9b1f-3f6d2a8e4c10";
  if (name == "market") return "PL";
  if (name == "currency") return "PLN";
  // "order_id" is "order-1".
  return name.substr(0, name.rfind("_id")) + "-1";
}

SchemaJson ExampleValue(const FieldDescriptor* field) {
  switch (field->type()) {
    case FieldDescriptor::TYPE_ENUM:
      return field->enum_type()->value(1)->name();
    case FieldDescriptor::TYPE_MESSAGE:
      if (field->name() == "occurred_at") return "2025-06-30T12:00:00.000Z";
      return RequiredFields(field->message_type());
    default:
      return ExampleText(field->name());
  }
}

// Money is the one part whose value says nothing when it is left out.
void AddAmount(const Descriptor* message, SchemaJson& example) {
  if (message->name() == "Money") example["amountMinor"] = "4999";
}

SchemaJson RequiredFields(const Descriptor* message) {
  SchemaJson example = SchemaJson::object();
  AddAmount(message, example);
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (IsRequired(field)) example[field->json_name()] = ExampleValue(field);
  }
  return example;
}

}  // namespace

SchemaJson ExampleEvent(const FieldDescriptor* payload) {
  SchemaJson event = RequiredFields(payload->containing_type());
  event[payload->json_name()] = RequiredFields(payload->message_type());
  return event;
}

}  // namespace flywheel
