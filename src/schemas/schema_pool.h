// The schemas' descriptors with their comments.
#ifndef FLYWHEEL_SCHEMAS_SCHEMA_POOL_H_
#define FLYWHEEL_SCHEMAS_SCHEMA_POOL_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace flywheel {

// flywheel.events.v1.Event of the embedded descriptors, which know their comments (those of the
// generated code do not). Lives as long as the process.
//
// Concurrency: any thread.
const google::protobuf::Descriptor* EventDescriptor();

// The payloads that a publisher may send: all but those that Flywheel alone makes.
std::vector<const google::protobuf::FieldDescriptor*> PublishedPayloads();

// The comment before a message, a field, a oneof, an enum or a value as one text: lines are joined,
// an empty line parts paragraphs.
std::string CommentOf(const google::protobuf::Descriptor* message);
std::string CommentOf(const google::protobuf::FieldDescriptor* field);
std::string CommentOf(const google::protobuf::OneofDescriptor* oneof);
std::string CommentOf(const google::protobuf::EnumDescriptor* enumeration);
std::string CommentOf(const google::protobuf::EnumValueDescriptor* value);

// True where the field's comment says "required".
bool IsRequired(const google::protobuf::FieldDescriptor* field);

}  // namespace flywheel

#endif  // FLYWHEEL_SCHEMAS_SCHEMA_POOL_H_
