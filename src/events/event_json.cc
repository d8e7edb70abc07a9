#include "events/event_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "events/validation.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

// Whole numbers up to this are exact as a double.
constexpr double kExactWholeNumbers = 9'007'199'254'740'992.0;
// What nlohmann::json calls a number beyond a double.
constexpr int kNumberOverflow = 406;

bool IsOfType(const FieldDescriptor* field, const Descriptor* type) {
  return field->type() == FieldDescriptor::TYPE_MESSAGE && field->message_type() == type;
}

// What a field takes, as "is not ..." continues.
std::string_view Wanted(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "the name of one of its values";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsOfType(field, Timestamp::descriptor())) return "an instant like 2024-02-29T12:00:00Z";
      if (IsOfType(field, Duration::descriptor())) return "a length of time like 3600s";
      return "an object";
    default:
      return "a whole number within its range";
  }
}

// Builds a message out of the calls of nlohmann::json's parser, whose names its public functions
// have. One that returns false ends the parsing, after Fail has kept the reason.
class MessageBuilder {
 public:
  explicit MessageBuilder(Message* root) : root_(root) {}

  // REQUIRES: the parsing has failed.
  const IntakeRefusal& refusal() const { return refusal_; }

  bool null() {
    if (levels_.empty()) return FailRoot();
    return !levels_.back().in_list || Fail(Begin(), "is null");
  }

  bool boolean(bool value) {
    const FieldDescriptor* field = Begin();
    if (field == nullptr) return false;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return FailType(field);
    return Store<bool>(field, &Reflection::SetBool, &Reflection::AddBool, value);
  }

  bool number_integer(int64_t value) {
    const FieldDescriptor* field = Begin();
    return field != nullptr && StoreNumber(field, value);
  }

  bool number_unsigned(uint64_t value) {
    const FieldDescriptor* field = Begin();
    if (field == nullptr) return false;
    // No field of an event goes beyond 63 bits.
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return FailType(field);
    return StoreNumber(field, static_cast<int64_t>(value));
  }

  // 5.0 and 1e3 are whole numbers; so protobuf's mapping has it.
  bool number_float(double value, const std::string& /*text*/) {
    const FieldDescriptor* field = Begin();
    if (field == nullptr) return false;
    if (std::floor(value) != value || std::abs(value) > kExactWholeNumbers) return FailType(field);
    return StoreNumber(field, static_cast<int64_t>(value));
  }

  bool string(std::string& value) {
    const FieldDescriptor* field = Begin();
    if (field == nullptr) return false;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return Store<std::string>(field, &Reflection::SetString, &Reflection::AddString, value);
      case FieldDescriptor::CPPTYPE_ENUM:
        return StoreEnum(field, value);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return StoreTime(field, value);
      case FieldDescriptor::CPPTYPE_BOOL:
        return FailType(field);
      default:
        return StoreNumber(field, value);
    }
  }

  bool binary(std::vector<uint8_t>& /*value*/) { return FailRoot(); }  // not in JSON

  bool start_object(size_t /*elements*/) {
    if (levels_.empty()) {
      levels_.push_back({root_});
      return true;
    }
    const FieldDescriptor* field = Begin();
    if (field == nullptr) return false;
    const bool is_object = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                           !IsOfType(field, Timestamp::descriptor()) &&
                           !IsOfType(field, Duration::descriptor());
    if (!is_object) return FailType(field);
    Message* message = levels_.back().message;
    const Reflection* reflection = message->GetReflection();
    levels_.push_back({field->is_repeated() ? reflection->AddMessage(message, field)
                                            : reflection->MutableMessage(message, field)});
    return true;
  }

  bool key(std::string& name) {
    Level& level = levels_.back();
    const Descriptor* descriptor = level.message->GetDescriptor();
    level.field = descriptor->FindFieldByCamelcaseName(name);
    if (level.field == nullptr) level.field = descriptor->FindFieldByName(name);
    if (level.field == nullptr) {
      return FailAt(JoinPath(Path(), name), absl::StrCat("is no field of ", descriptor->name()));
    }
    const uint64_t bit = uint64_t{1} << level.field->number();
    if ((level.seen & bit) != 0) return Fail(level.field, "is given twice");
    level.seen |= bit;
    return true;
  }

  bool end_object() {
    levels_.pop_back();
    return true;
  }

  bool start_array(size_t /*elements*/) {
    if (levels_.empty()) return FailRoot();
    Level& level = levels_.back();
    if (level.in_list || !level.field->is_repeated()) {
      const FieldDescriptor* field = level.field;
      return level.in_list ? Fail(Begin(), absl::StrCat("is not ", std::string(Wanted(field))))
                           : FailType(field);
    }
    level.in_list = true;
    level.index = -1;
    return true;
  }

  bool end_array() {
    levels_.back().in_list = false;
    return true;
  }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& error) {
    if (error.id == kNumberOverflow) {
      const FieldDescriptor* field = Begin();
      return field != nullptr && FailType(field);
    }
    refusal_.code = RefusalCode::kUndecodable;
    refusal_.sentence = absl::StrCat("the text is no JSON from byte ", position, " on");
    return false;
  }

 private:
  // An object that is being read: its message, and the field whose value comes.
  struct Level {
    Message* message;
    const FieldDescriptor* field = nullptr;
    bool in_list = false;
    int index = 0;      // of the element, in a list
    uint64_t seen = 0;  // bit n: the name of field n has come
  };

  // The field whose value, or an element of it, begins here; nullptr, with the reason kept, when
  // there can be none.
  const FieldDescriptor* Begin() {
    if (levels_.empty()) {
      FailRoot();
      return nullptr;
    }
    Level& level = levels_.back();
    if (level.in_list) {
      ++level.index;
    } else if (level.field->is_repeated()) {
      Fail(level.field, "is not a list");
      return nullptr;
    }
    const OneofDescriptor* oneof = level.field->real_containing_oneof();
    if (oneof != nullptr && level.message->GetReflection()->HasOneof(*level.message, oneof)) {
      FailAt(oneof->name(), "is given more than once");
      return nullptr;
    }
    return level.field;
  }

  template <class Value>
  using Setter = void (Reflection::*)(Message*, const FieldDescriptor*, Value) const;

  template <class Value>
  bool Store(const FieldDescriptor* field, Setter<Value> set, Setter<Value> add, Value value) {
    Message* message = levels_.back().message;
    const Setter<Value> store = field->is_repeated() ? add : set;
    (message->GetReflection()->*store)(message, field, std::move(value));
    return true;
  }

  bool StoreNumber(const FieldDescriptor* field, int64_t value) {
    const auto fits = [value](auto type) {
      return value >= int64_t{std::numeric_limits<decltype(type)>::min()} &&
             value <= int64_t{std::numeric_limits<decltype(type)>::max()};
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        return Store<int64_t>(field, &Reflection::SetInt64, &Reflection::AddInt64, value);
      case FieldDescriptor::CPPTYPE_INT32:
        if (!fits(int32_t{})) return FailType(field);
        return Store<int32_t>(field, &Reflection::SetInt32, &Reflection::AddInt32,
                              static_cast<int32_t>(value));
      case FieldDescriptor::CPPTYPE_UINT32:
        if (!fits(uint32_t{})) return FailType(field);
        return Store<uint32_t>(field, &Reflection::SetUInt32, &Reflection::AddUInt32,
                               static_cast<uint32_t>(value));
      case FieldDescriptor::CPPTYPE_ENUM:
        // Numbers that the schema does not know are kept: validation names them.
        if (!fits(int32_t{})) return FailType(field);
        return Store<int>(field, &Reflection::SetEnumValue, &Reflection::AddEnumValue,
                          static_cast<int>(value));
      default:
        return FailType(field);
    }
  }

  bool StoreNumber(const FieldDescriptor* field, const std::string& text) {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return FailType(field);
    return StoreNumber(field, value);
  }

  bool StoreEnum(const FieldDescriptor* field, const std::string& name) {
    const EnumValueDescriptor* value = field->enum_type()->FindValueByName(name);
    if (value == nullptr) return FailType(field);
    return StoreNumber(field, value->number());
  }

  bool StoreTime(const FieldDescriptor* field, const std::string& text) {
    const bool is_instant = IsOfType(field, Timestamp::descriptor());
    if (!is_instant && !IsOfType(field, Duration::descriptor())) return FailType(field);
    Message* message = levels_.back().message;
    Message* time = message->GetReflection()->MutableMessage(message, field);
    const bool read = is_instant ? TimeUtil::FromString(text, static_cast<Timestamp*>(time))
                                 : IsDuration(text) &&
                                       TimeUtil::FromString(text, static_cast<Duration*>(time)) &&
                                       std::abs(static_cast<Duration*>(time)->seconds()) <=
                                           TimeUtil::kDurationMaxSeconds;
    return read || FailType(field);
  }

  // protobuf's form of a duration: seconds with at most nine decimals. TimeUtil takes more, and
  // lengths that it cannot print.
  static bool IsDuration(std::string_view text) {
    const auto skip_digits = [&text](size_t at_most) {
      size_t digits = 0;
      while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
      text.remove_prefix(digits);
      return digits > 0 && digits <= at_most;
    };
    if (text.substr(0, 1) == "-") text.remove_prefix(1);
    if (!skip_digits(12)) return false;
    if (text.substr(0, 1) == ".") {
      text.remove_prefix(1);
      if (!skip_digits(9)) return false;
    }
    return text == "s";
  }

  static std::string JoinPath(const std::string& path, const std::string& name) {
    return path.empty() ? name : absl::StrCat(path, ".", name);
  }

  // Of the object that is being read.
  std::string Path() const {
    std::string path;
    for (size_t i = 0; i + 1 < levels_.size(); ++i) path = JoinPath(path, Step(levels_[i]));
    return path;
  }
  static std::string Step(const Level& level) {
    return level.in_list ? absl::StrCat(level.field->name(), "[", level.index, "]")
                         : level.field->name();
  }

  bool FailAt(std::string path, const std::string& sentence) {
    refusal_.code = RefusalCode::kInvalid;
    refusal_.sentence = path.empty() ? sentence : absl::StrCat(path, " ", sentence);
    refusal_.field = std::move(path);
    return false;
  }
  bool Fail(const FieldDescriptor* field, const std::string& sentence) {
    return field != nullptr && FailAt(JoinPath(Path(), Step(levels_.back())), sentence);
  }
  bool FailType(const FieldDescriptor* field) {
    const bool wants_list = field->is_repeated() && !levels_.back().in_list;
    return Fail(field, absl::StrCat("is not ", wants_list ? "a list" : std::string(Wanted(field))));
  }
  bool FailRoot() { return FailAt("", "the text is JSON, but no object"); }

  Message* root_;
  std::vector<Level> levels_;
  IntakeRefusal refusal_;
};

IntakeRefusal RefuseText(RefusalCode code, std::string sentence) {
  IntakeRefusal refusal;
  refusal.code = code;
  refusal.sentence = std::move(sentence);
  return refusal;
}

}  // namespace

std::variant<std::string, IntakeRefusal> EventFromJson(std::string_view json) {
  if (json.empty()) return RefuseText(RefusalCode::kUndecodable, "the text is empty");
  if (json.size() > kMaxJsonBytes) {
    return RefuseText(RefusalCode::kInvalid, absl::StrCat("the text has ", json.size(),
                                                          " bytes, more than ", kMaxJsonBytes));
  }
  events::v1::Event event;
  MessageBuilder builder(&event);
  if (!nlohmann::json::sax_parse(json, &builder)) {
    IntakeRefusal refusal = builder.refusal();
    refusal.seller_id = std::string(SellerForRefusal(event.seller_id()));
    return refusal;
  }
  return event.SerializeAsString();
}

absl::StatusOr<std::string> EventToJson(std::string_view event_bytes) {
  const google::protobuf::LogSilencer no_lines_by_publishers;
  events::v1::Event event;
  if (!event.ParseFromArray(event_bytes.data(), static_cast<int>(event_bytes.size()))) {
    return absl::InvalidArgumentError("the bytes are no flywheel.events.v1.Event");
  }
  std::string json;
  const google::protobuf::util::Status status =
      google::protobuf::util::MessageToJsonString(event, &json);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the event cannot be written as JSON: ", status.message().ToString()));
  }
  return json;
}

}  // namespace flywheel
