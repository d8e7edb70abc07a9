#include "schemas/async_api.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>

#include "events/intake.h"
#include "schemas/example_event.h"
#include "schemas/schema_pool.h"

namespace flywheel {
namespace {

using google::protobuf::FieldDescriptor;

constexpr const char* kPackage = "flywheel.events.v1";
constexpr const char* kSchemas = "#/components/schemas/";
constexpr const char* kSchemaFormat = "application/vnd.aai.asyncapi+json;version=3.0.0";
// Of AsyncAPI's Kafka binding.
constexpr const char* kBindingVersion = "0.5.0";
constexpr const char* kProtobuf = "application/protobuf";
constexpr const char* kJson = "application/json";

SchemaJson Reference(const std::string& target) { return {{"$ref", target}}; }

SchemaJson Text(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

SchemaJson ServerObject() {
  return {{"host", "{host}:{port}"},
          {"protocol", "kafka"},
          {"description", "The Kafka cluster that holds the log."},
          {"variables",
           {{"host", {{"description", "A broker's name."}, {"default", "localhost"}}},
            {"port", {{"description", "Its port."}, {"default", "9092"}}}}}};
}

SchemaJson HeadersSchema() {
  SchemaJson version = Text("Of CloudEvents.");
  version["const"] = "1.0";
  SchemaJson type = Text("The payload's message, or flywheel.events.v1.Event.");
  type["examples"] = SchemaJson::array({std::string(kPackage) + ".OrderPlaced"});
  SchemaJson content = Text(
      "The value's form: application/protobuf, application/json or what ends in +json. Without it, "
      "a value that starts with a brace is JSON.");
  content["examples"] = SchemaJson::array({kProtobuf, kJson});
  SchemaJson time = Text("When it happened.");
  time["format"] = "date-time";
  return {
      {"title", "CloudEventsHeaders"},
      {"description",
       "CloudEvents in binary mode; all may be left out. ce_id, ce_source and ce_time stand for "
       "eventId, source and occurredAt where the event has none (its schema asks for them all "
       "the same); where both are given they must be equal."},
      {"type", "object"},
      {"properties",
       {{"ce_specversion", std::move(version)},
        {"ce_type", std::move(type)},
        {"ce_id", Text("A UUID; of another text an event_id is made.")},
        {"ce_source", Text("The system that published it.")},
        {"ce_time", std::move(time)},
        {"content-type", std::move(content)}}}};
}

SchemaJson MessageBindings() {
  return {{"kafka",
           {{"key", Text("Any key, or none: Flywheel routes by the event's seller_id. A publisher "
                         "that wants its own events kept in order takes the seller_id.")},
            {"bindingVersion", kBindingVersion}}}};
}

SchemaJson MessageObject(const FieldDescriptor* payload) {
  const std::string& name = payload->message_type()->name();
  SchemaJson own = {{"required", SchemaJson::array({payload->json_name()})}};
  SchemaJson schema = {
      {"allOf", SchemaJson::array({Reference(std::string(kSchemas) + "Event"), std::move(own)})}};
  SchemaJson example = {{"name", "least"},
                        {"summary", "The required fields alone."},
                        {"payload", ExampleEvent(payload)}};
  return {{"name", name},
          {"title", name},
          {"summary", CommentOf(payload)},
          {"description", CommentOf(payload->message_type())},
          {"contentType", kProtobuf},
          {"headers", Reference(std::string(kSchemas) + "CloudEventsHeaders")},
          {"correlationId",
           {{"description", CommentOf(EventDescriptor()->FindFieldByName("correlation_id"))},
            {"location", "$message.payload#/correlationId"}}},
          {"payload", {{"schemaFormat", kSchemaFormat}, {"schema", std::move(schema)}}},
          {"bindings", Reference("#/components/messageBindings/inbox")},
          {"examples", SchemaJson::array({std::move(example)})},
          {"x-protobuf",
           {{"file", EventDescriptor()->file()->name()},
            {"message", EventDescriptor()->full_name()},
            {"payloadField", payload->name()},
            {"payloadMessage", payload->message_type()->full_name()}}}};
}

SchemaJson InfoObject() {
  return {
      {"title", "Flywheel's inbox"},
      {"version", "1.0.0"},
      {"description",
       fmt::format("Post-purchase events for Flywheel. A message's value is one {0}.Event: its "
                   "protobuf bytes or its JSON by protobuf's own mapping, plain or in Confluent's "
                   "framing. At most {1} bytes "
                   "of protobuf. Key, partitioner, partition count and compression are the "
                   "publisher's choice. A repeat is harmless: an act is accepted once. What cannot "
                   "be taken is kept with its place in the inbox, a code and a sentence.",
                   kPackage, kMaxEventBytes)},
      {"license",
       {{"name", "Apache-2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}}};
}

SchemaJson ChannelObject(const std::string& topic, SchemaJson messages) {
  return {{"address", topic},
          {"title", "Inbox"},
          {"description", "Events on their way in, from any publisher."},
          {"servers", SchemaJson::array({Reference("#/servers/kafka")})},
          {"messages", std::move(messages)},
          {"bindings",
           {{"kafka",
             {{"topic", topic},
              {"topicConfiguration", {{"cleanup.policy", SchemaJson::array({"delete"})}}},
              {"bindingVersion", kBindingVersion}}}}}};
}

SchemaJson OperationObject() {
  return {{"action", "receive"},
          {"channel", Reference("#/channels/inbox")},
          {"title", "Take an event"},
          {"summary",
           "Flywheel takes each message at least once, in the order of its partition, and "
           "appends it to its log."}};
}

}  // namespace

SchemaJson AsyncApiDocument(std::string_view name) {
  SchemaJson of_channel = SchemaJson::object();
  SchemaJson messages = SchemaJson::object();
  for (const FieldDescriptor* payload : PublishedPayloads()) {
    const std::string& message = payload->message_type()->name();
    of_channel[message] = Reference("#/components/messages/" + message);
    messages[message] = MessageObject(payload);
  }
  SchemaJson schemas = EventSchemaDefinitions(kSchemas);
  schemas["CloudEventsHeaders"] = HeadersSchema();
  return {{"asyncapi", "3.0.0"},
          {"info", InfoObject()},
          {"defaultContentType", kProtobuf},
          {"servers", {{"kafka", ServerObject()}}},
          {"channels",
           {{"inbox", ChannelObject(fmt::format("{}.inbox", name), std::move(of_channel))}}},
          {"operations", {{"takeEvent", OperationObject()}}},
          {"components",
           {{"messages", std::move(messages)},
            {"messageBindings", {{"inbox", MessageBindings()}}},
            {"schemas", std::move(schemas)}}}};
}

}  // namespace flywheel
