#include "events/policy_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "events/policy.h"
#include "events/policy_check.h"

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;
using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownFieldSet;
using google::protobuf::util::TimeUtil;

// Deeper than any policy goes.
constexpr size_t kMaxDepth = 16;

// A JSON text as it stands there: a name that is given twice is there twice.
struct JsonValue {
  enum class Kind : uint8_t { kNull, kBoolean, kWhole, kOther, kText, kList, kObject };

  JsonValue() = default;
  explicit JsonValue(Kind of_kind) : kind(of_kind) {}

  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t whole = 0;
  std::string text;
  std::vector<std::pair<std::string, JsonValue>> members;  // of a list: without names
};

// Takes the calls of nlohmann::json's parser, whose names its public functions have.
class TreeBuilder {
 public:
  explicit TreeBuilder(JsonValue* root) : root_(root) {}

  // Where the text stopped being JSON; nullopt: it is nested too deep.
  std::optional<size_t> error_position() const { return error_position_; }

  bool null() { return Add(JsonValue()) != nullptr; }
  bool boolean(bool value) {
    JsonValue json{JsonValue::Kind::kBoolean};
    json.boolean = value;
    return Add(std::move(json)) != nullptr;
  }
  bool number_integer(int64_t value) { return AddWhole(value); }
  bool number_unsigned(uint64_t value) {
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return value <= kMost ? AddWhole(static_cast<int64_t>(value)) : AddOther();
  }
  // 5.0 and 1e3 are whole numbers; so protobuf's mapping has it.
  bool number_float(double value, const std::string& /*text*/) {
    constexpr double kExact = 9'007'199'254'740'992.0;
    if (std::floor(value) != value || std::abs(value) > kExact) return AddOther();
    return AddWhole(static_cast<int64_t>(value));
  }
  bool string(std::string& value) {
    JsonValue json{JsonValue::Kind::kText};
    json.text = std::move(value);
    return Add(std::move(json)) != nullptr;
  }
  bool binary(std::vector<uint8_t>& /*value*/) { return AddOther(); }  // not in JSON
  bool start_object(size_t /*elements*/) { return Open(JsonValue::Kind::kObject); }
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }
  bool end_object() { return Close(); }
  bool start_array(size_t /*elements*/) { return Open(JsonValue::Kind::kList); }
  bool end_array() { return Close(); }
  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    error_position_ = position;
    return false;
  }

 private:
  JsonValue* Add(JsonValue value) {
    if (open_.empty()) {
      *root_ = std::move(value);
      return root_;
    }
    open_.back()->members.emplace_back(std::exchange(name_, {}), std::move(value));
    return &open_.back()->members.back().second;
  }
  bool AddWhole(int64_t value) {
    JsonValue json{JsonValue::Kind::kWhole};
    json.whole = value;
    return Add(std::move(json)) != nullptr;
  }
  bool AddOther() { return Add(JsonValue{JsonValue::Kind::kOther}) != nullptr; }
  bool Open(JsonValue::Kind kind) {
    if (open_.size() == kMaxDepth) return false;
    open_.push_back(Add(JsonValue{kind}));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  JsonValue* root_;
  // A list grows only while nothing within it is open, so these stay where they are.
  std::vector<JsonValue*> open_;
  std::string name_;
  std::optional<size_t> error_position_;
};

bool IsDuration(const FieldDescriptor* field) {
  return field->type() == FieldDescriptor::TYPE_MESSAGE &&
         field->message_type() == Duration::descriptor();
}

// What a field takes, as "is not ..." continues.
std::string_view Wanted(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return IsDuration(field) ? "a length of time like 3600s" : "an object";
    default:
      return "a whole number within its range";
  }
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : absl::StrCat(path, ".", name);
}

// Fills messages from the tree and collects what does not fit.
class MessageFiller {
 public:
  explicit MessageFiller(std::vector<PolicyFault>* faults) : faults_(faults) {}

  void Fill(const std::string& path, const JsonValue& object, Message* message) {
    const Descriptor* descriptor = message->GetDescriptor();
    std::set<const FieldDescriptor*> seen;
    for (const auto& [name, value] : object.members) {
      const FieldDescriptor* field = descriptor->FindFieldByCamelcaseName(name);
      if (field == nullptr) field = descriptor->FindFieldByName(name);
      if (field == nullptr) {
        Fault(Join(path, name), absl::StrCat("is no field of ", descriptor->name()));
        continue;
      }
      const std::string field_path = Join(path, field->name());
      if (!seen.insert(field).second) {
        Fault(field_path, "is given twice");
      } else if (value.kind != JsonValue::Kind::kNull) {
        FillField(field_path, field, value, message);
      }
    }
  }

 private:
  void FillField(const std::string& path, const FieldDescriptor* field, const JsonValue& value,
                 Message* message) {
    if (!field->is_repeated()) {
      Store(path, field, value, message);
      return;
    }
    if (value.kind != JsonValue::Kind::kList) {
      Fault(path, "is not a list");
      return;
    }
    for (size_t i = 0; i < value.members.size(); ++i) {
      Store(absl::StrCat(path, "[", i, "]"), field, value.members[i].second, message);
    }
  }

  // One value: of the field, or an element of its list.
  void Store(const std::string& path, const FieldDescriptor* field, const JsonValue& value,
             Message* message) {
    const Reflection* reflection = message->GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        Message* inner = field->is_repeated() ? reflection->AddMessage(message, field)
                                              : reflection->MutableMessage(message, field);
        if (IsDuration(field)) {
          if (value.kind != JsonValue::Kind::kText ||
              !TimeUtil::FromString(value.text, static_cast<Duration*>(inner))) {
            FaultType(path, field);
          }
        } else if (value.kind != JsonValue::Kind::kObject) {
          FaultType(path, field);
        } else {
          Fill(path, value, inner);
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value.kind != JsonValue::Kind::kBoolean) return FaultType(path, field);
        reflection->SetBool(message, field, value.boolean);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        if (value.kind != JsonValue::Kind::kText) FaultType(path, field);
        // An element that is none keeps its place, so that the paths of the others are right.
        if (field->is_repeated()) {
          reflection->AddString(message, field, value.text);
        } else {
          reflection->SetString(message, field, value.text);
        }
        break;
      default: {
        const std::optional<int32_t> number = NumberOf(value);
        if (!number) FaultType(path, field);
        if (field->is_repeated()) {
          reflection->AddInt32(message, field, number.value_or(0));
        } else if (number) {
          reflection->SetInt32(message, field, *number);
        }
        break;
      }
    }
  }

  // A policy has no other numbers than 32-bit ones; they may be given as a text.
  static std::optional<int32_t> NumberOf(const JsonValue& value) {
    int64_t whole = value.whole;
    if (value.kind == JsonValue::Kind::kText) {
      const char* end = value.text.data() + value.text.size();
      const auto [stop, error] = std::from_chars(value.text.data(), end, whole);
      if (error != std::errc() || stop != end) return std::nullopt;
    } else if (value.kind != JsonValue::Kind::kWhole) {
      return std::nullopt;
    }
    if (whole < std::numeric_limits<int32_t>::min() ||
        whole > std::numeric_limits<int32_t>::max()) {
      return std::nullopt;
    }
    return static_cast<int32_t>(whole);
  }

  void Fault(std::string path, std::string sentence) {
    faults_->push_back({std::move(path), std::move(sentence)});
  }
  void FaultType(const std::string& path, const FieldDescriptor* field) {
    Fault(path, absl::StrCat("is not ", std::string(Wanted(field))));
  }

  std::vector<PolicyFault>* faults_;
};

std::string LineAndColumn(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, position > 0 ? position - 1 : 0);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.find_last_of('\n');
  const size_t column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1);
  return absl::StrCat("line ", lines + 1, ", column ", column + 1);
}

void ReadJson(std::string_view text, PolicyReading* reading) {
  JsonValue root;
  TreeBuilder builder(&root);
  if (!nlohmann::json::sax_parse(text, &builder)) {
    reading->faults.push_back(
        {"", builder.error_position()
                 ? absl::StrCat("the text is no JSON from ",
                                LineAndColumn(text, *builder.error_position()), " on")
                 : "the JSON is nested deeper than any policy"});
    return;
  }
  if (root.kind != JsonValue::Kind::kObject) {
    reading->faults.push_back({"", "the text is JSON, but no object"});
    return;
  }
  MessageFiller(&reading->faults).Fill("", root, &reading->policy);
}

// Fields that the schema does not have: of a later version, and silently without effect.
void FindUnknownFields(const std::string& path, const Message& message,
                       std::vector<PolicyFault>* faults) {
  const UnknownFieldSet& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    faults->push_back({Join(path, absl::StrCat(unknown.field(i).number())),
                       absl::StrCat("is no field of ", message.GetDescriptor()->name())});
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const std::string field_path = Join(path, field->name());
    if (!field->is_repeated()) {
      FindUnknownFields(field_path, message.GetReflection()->GetMessage(message, field), faults);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      FindUnknownFields(absl::StrCat(field_path, "[", i, "]"),
                        message.GetReflection()->GetRepeatedMessage(message, field, i), faults);
    }
  }
}

bool LooksLikeJson(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[');
}

void ReadBytes(std::string_view bytes, PolicyReading* reading) {
  const google::protobuf::LogSilencer no_lines_by_publishers;
  if (!reading->policy.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    reading->policy.Clear();
    reading->faults.push_back(
        {"", "the bytes are neither a JSON object nor a flywheel.policy.v1.Policy"});
    return;
  }
  FindUnknownFields("", reading->policy, &reading->faults);
}

// Adds what the checks find, but for values that could not be read in the first place.
void Check(PolicyReading* reading) {
  std::set<std::string> unread;
  for (const PolicyFault& fault : reading->faults) unread.insert(fault.path);
  for (const std::string& reason : WrongFields(reading->policy)) {
    PolicyFault fault = FaultOf(reason);
    if (unread.count(fault.path) == 0) reading->faults.push_back(std::move(fault));
  }
}

}  // namespace

std::string TextOf(const PolicyFault& fault) {
  return fault.path.empty() ? fault.sentence : absl::StrCat(fault.path, ": ", fault.sentence);
}

PolicyFault FaultOf(const std::string& reason) {
  const size_t colon = reason.find(": ");
  if (colon == std::string::npos) return {"", reason};
  return {reason.substr(0, colon), reason.substr(colon + 2)};
}

PolicyReading ReadPolicy(std::string_view bytes) {
  PolicyReading reading;
  if (bytes.empty()) {
    reading.faults.push_back({"", "there is nothing in it; {} is the built-in policy"});
    return reading;
  }
  if (bytes.size() > kMaxPolicyTextBytes) {
    reading.faults.push_back({"", absl::StrCat("it has ", bytes.size(),
                                               " or more bytes, more than ", kMaxPolicyTextBytes)});
    return reading;
  }
  if (LooksLikeJson(bytes)) {
    // A policy's bytes may begin so too: a line feed is the first field's tag.
    PolicyReading as_bytes;
    if (bytes.front() == '\n') ReadBytes(bytes, &as_bytes);
    if (bytes.front() == '\n' && as_bytes.faults.empty()) {
      reading = std::move(as_bytes);
    } else {
      ReadJson(bytes, &reading);
    }
  } else {
    ReadBytes(bytes, &reading);
  }
  const bool was_read = std::none_of(reading.faults.begin(), reading.faults.end(),
                                     [](const PolicyFault& fault) { return fault.path.empty(); });
  if (!was_read) return reading;
  Check(&reading);
  if (const size_t size = reading.policy.ByteSizeLong(); size > kMaxPolicyBytes) {
    reading.faults.push_back(
        {"", absl::StrCat("the policy has ", size, " bytes, more than ", kMaxPolicyBytes)});
  }
  return reading;
}

}  // namespace flywheel
