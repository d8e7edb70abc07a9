#include "schemas/schema_pool.h"

#include <google/protobuf/descriptor.pb.h>

#include <sstream>

#include "base/status.h"
#include "events/vocabulary.h"
#include "schemas/embedded.h"

namespace flywheel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::OneofDescriptor;
using google::protobuf::SourceLocation;

const DescriptorPool& Pool() {
  static const DescriptorPool* const kPool = [] {
    const std::string_view bytes = EmbeddedDescriptorSet();
    FileDescriptorSet files;
    const bool parsed = files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    FLYWHEEL_CHECK(parsed, "the embedded descriptors can be read");
    auto* pool = new DescriptorPool();
    for (const auto& file : files.file()) {
      const bool built = pool->BuildFile(file) != nullptr;
      FLYWHEEL_CHECK(built, "an embedded file stands after those that it imports");
    }
    return pool;
  }();
  return *kPool;
}

std::string Joined(const std::string& comment) {
  std::istringstream lines(comment);
  std::string text;
  bool new_paragraph = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos) {
      new_paragraph = true;
      continue;
    }
    if (!text.empty()) text += new_paragraph ? "\n\n" : " ";
    text += line.substr(first);
    new_paragraph = false;
  }
  return text;
}

template <class AnyDescriptor>
std::string LeadingComment(const AnyDescriptor* descriptor) {
  SourceLocation location;
  return descriptor->GetSourceLocation(&location) ? Joined(location.leading_comments) : "";
}

}  // namespace

const Descriptor* EventDescriptor() {
  const Descriptor* event = Pool().FindMessageTypeByName("flywheel.events.v1.Event");
  FLYWHEEL_CHECK(event != nullptr, "the event is one of the embedded messages");
  return event;
}

std::vector<const FieldDescriptor*> PublishedPayloads() {
  std::vector<const FieldDescriptor*> payloads;
  const auto* payload = EventDescriptor()->FindOneofByName("payload");
  for (int i = 0; i < payload->field_count(); ++i) {
    const FieldDescriptor* field = payload->field(i);
    if (!IsMadeByFlywheelAlone(static_cast<EventKind>(field->number()))) payloads.push_back(field);
  }
  return payloads;
}

std::string CommentOf(const Descriptor* message) { return LeadingComment(message); }
std::string CommentOf(const FieldDescriptor* field) { return LeadingComment(field); }
std::string CommentOf(const OneofDescriptor* oneof) { return LeadingComment(oneof); }
std::string CommentOf(const EnumDescriptor* enumeration) { return LeadingComment(enumeration); }
std::string CommentOf(const EnumValueDescriptor* value) { return LeadingComment(value); }

bool IsRequired(const FieldDescriptor* field) {
  return CommentOf(field).find("required") != std::string::npos;
}

}  // namespace flywheel
