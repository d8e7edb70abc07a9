// A field's schema follows from its type, its comment ("required") and its name: the rules by name
// are those of intake's Validate, and a test holds the two against each other.

#include "schemas/json_schema.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/intake.h"
#include "events/vocabulary.h"
#include "schemas/schema_pool.h"

namespace flywheel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kTimestamp = "google.protobuf.Timestamp";

constexpr const char* kUuidPattern =
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
constexpr const char* kNoControlCharacter = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
// 1970 to 2199, as kEarliestInstant and kLatestInstant are.
constexpr const char* kInstantPattern =
    "^(19[7-9][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "(\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
// 0 to kMaxAmountMinor.
constexpr const char* kAmountPattern = "^(0|[1-9][0-9]{0,14}|10{15})$";

// What takes the place of a schema that a field shares with others.
SchemaJson Reference(std::string_view prefix, const std::string& name) {
  return {{"$ref", std::string(prefix) + name}};
}

bool IsId(const std::string& name) {
  return name.ends_with("_id") || name == "source" || name == "reference_number";
}

SchemaJson TextSchema(const FieldDescriptor* field) {
  SchemaJson schema = {{"type", "string"}};
  const std::string& name = field->name();
  if (name == "event_id") {
    schema["format"] = "uuid";
    schema["pattern"] = kUuidPattern;
  } else if (IsId(name)) {
    if (IsRequired(field)) schema["minLength"] = 1;
    schema["maxLength"] = kMaxIdBytes;
    schema["pattern"] = kNoControlCharacter;
    if (name == "seller_id") schema["not"] = {{"const", kAllSellers}};
  } else if (name == "market" || name == "markets") {
    schema["pattern"] = "^[A-Z]{2}$";
  } else if (name == "currency") {
    schema["pattern"] = "^[A-Z]{3}$";
  }
  return schema;
}

// No number of an event is negative.
SchemaJson NumberSchema(const FieldDescriptor* field) {
  const bool is_mark = field->containing_type()->name() == "Rates";
  const int32_t greatest = is_mark ? 5 : std::numeric_limits<int32_t>::max();
  return {{"type", "integer"}, {"minimum", 0}, {"maximum", greatest}};
}

// A number of 64 bits: JSON readers that know doubles alone need it as a text.
SchemaJson AmountSchema() {
  SchemaJson number = {{"type", "integer"}, {"minimum", 0}, {"maximum", kMaxAmountMinor}};
  SchemaJson text = {{"type", "string"}, {"pattern", kAmountPattern}};
  return {{"anyOf", SchemaJson::array({std::move(number), std::move(text)})}};
}

SchemaJson InstantSchema() {
  return {{"type", "string"}, {"format", "date-time"}, {"pattern", kInstantPattern}};
}

// Enums are nested in a message that gives them their name.
const std::string& NameOf(const EnumDescriptor* enumeration) {
  return enumeration->containing_type()->name();
}

// Not set is a value of its own where the field may be left out.
SchemaJson ChoiceSchema(const FieldDescriptor* field, std::string_view prefix) {
  const EnumDescriptor* enumeration = field->enum_type();
  SchemaJson known = Reference(prefix, NameOf(enumeration));
  if (IsRequired(field)) return {{"allOf", SchemaJson::array({std::move(known)})}};
  SchemaJson unset = {{"const", enumeration->FindValueByNumber(0)->name()}};
  return {{"anyOf", SchemaJson::array({std::move(known), std::move(unset)})}};
}

SchemaJson ValueSchema(const FieldDescriptor* field, std::string_view prefix) {
  switch (field->type()) {
    case FieldDescriptor::TYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::TYPE_STRING:
      return TextSchema(field);
    case FieldDescriptor::TYPE_INT32:
      return NumberSchema(field);
    case FieldDescriptor::TYPE_INT64:
      return AmountSchema();
    case FieldDescriptor::TYPE_ENUM:
      return ChoiceSchema(field, prefix);
    case FieldDescriptor::TYPE_MESSAGE:
      if (field->message_type()->full_name() == kTimestamp) return InstantSchema();
      return {{"allOf", SchemaJson::array({Reference(prefix, field->message_type()->name())})}};
    default:
      FLYWHEEL_CHECK(false, "every type of a published field has a JSON Schema");
  }
}

SchemaJson FieldSchema(const FieldDescriptor* field, std::string_view prefix) {
  SchemaJson schema = {{"description", CommentOf(field)}};
  SchemaJson value = ValueSchema(field, prefix);
  if (field->is_repeated()) {
    schema["type"] = "array";
    schema["maxItems"] = kMaxListElements;
    schema["items"] = std::move(value);
    return schema;
  }
  schema.update(value);
  if (field->name() == "recorded_at") schema["readOnly"] = true;
  return schema;
}

bool IsPublished(const FieldDescriptor* field) {
  return field->containing_oneof() == nullptr ||
         !IsMadeByFlywheelAlone(static_cast<EventKind>(field->number()));
}

SchemaJson MessageSchema(const Descriptor* message, std::string_view prefix) {
  SchemaJson schema = {{"title", message->name()},
                       {"description", CommentOf(message)},
                       {"type", "object"},
                       {"properties", SchemaJson::object()}};
  SchemaJson required = SchemaJson::array();
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (!IsPublished(field)) continue;
    schema["properties"][field->json_name()] = FieldSchema(field, prefix);
    if (IsRequired(field)) required.push_back(field->json_name());
  }
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

SchemaJson EventSchema(std::string_view prefix) {
  SchemaJson schema = MessageSchema(EventDescriptor(), prefix);
  schema["title"] = EventDescriptor()->full_name();
  const auto* payload_oneof = EventDescriptor()->FindOneofByName("payload");
  schema["description"] = CommentOf(EventDescriptor()) + "\n\n" + CommentOf(payload_oneof);
  SchemaJson choices = SchemaJson::array();
  for (const FieldDescriptor* payload : PublishedPayloads()) {
    SchemaJson properties = SchemaJson::array({payload->json_name()});
    choices.push_back({{"required", std::move(properties)}});
  }
  schema["oneOf"] = std::move(choices);
  return schema;
}

SchemaJson EnumSchema(const EnumDescriptor* enumeration) {
  std::string description = CommentOf(enumeration->containing_type());
  SchemaJson names = SchemaJson::array();
  for (int i = 1; i < enumeration->value_count(); ++i) {
    const auto* value = enumeration->value(i);
    names.push_back(value->name());
    description += "\n\n" + value->name() + ": " + CommentOf(value);
  }
  return {{"title", NameOf(enumeration)},
          {"description", description},
          {"type", "string"},
          {"enum", std::move(names)}};
}

// Adds what the message's fields name and is not there yet, in the order of the fields.
void AddNamedBy(const Descriptor* message, std::string_view prefix, SchemaJson& definitions) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (!IsPublished(field)) continue;
    if (field->type() == FieldDescriptor::TYPE_ENUM) {
      const EnumDescriptor* enumeration = field->enum_type();
      if (!definitions.contains(NameOf(enumeration))) {
        definitions[NameOf(enumeration)] = EnumSchema(enumeration);
      }
    }
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const Descriptor* part = field->message_type();
    if (part->full_name() == kTimestamp || definitions.contains(part->name())) continue;
    definitions[part->name()] = MessageSchema(part, prefix);
    AddNamedBy(part, prefix, definitions);
  }
}

}  // namespace

SchemaJson EventSchemaDefinitions(std::string_view prefix) {
  SchemaJson definitions = {{EventDescriptor()->name(), EventSchema(prefix)}};
  AddNamedBy(EventDescriptor(), prefix, definitions);
  return definitions;
}

SchemaJson EventJsonSchema() {
  SchemaJson schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"$id", "urn:flywheel:events:v1:event"}};
  SchemaJson definitions = EventSchemaDefinitions("#/$defs/");
  const std::string& event = EventDescriptor()->name();
  schema.update(definitions[event]);
  definitions.erase(event);
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace flywheel
