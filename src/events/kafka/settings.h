// What an operator says to librdkafka: --kafka name=value, and the configuration file.
#ifndef FLYWHEEL_EVENTS_KAFKA_SETTINGS_H_
#define FLYWHEEL_EVENTS_KAFKA_SETTINGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace flywheel {

struct KafkaSetting {
  std::string name;
  std::string value;

  friend bool operator==(const KafkaSetting&, const KafkaSetting&) = default;
};

// librdkafka's settings, in the order in which they were given; they override Flywheel's defaults.
//
// Errors: InvalidArgument for a setting that librdkafka does not know or whose value it does not
// take, in its own words; and for one that correctness depends on (how offsets are kept, what is
// acknowledged, where reading starts) or that is said elsewhere, with the reason. No message holds
// the value of a secret.
//
// Concurrency: a value.
class KafkaSettings {
 public:
  // Each text is "name=value"; the value may hold '=' and may be empty. A later setting replaces an
  // earlier one of the same name.
  static absl::StatusOr<KafkaSettings> Parse(absl::Span<const std::string> texts);

  absl::Status Set(std::string_view name, std::string_view value);

  const std::vector<KafkaSetting>& all() const { return all_; }
  // The value that was given last; nullptr: none was.
  const std::string* Find(std::string_view name) const;

  // "name=value, name=value" for people; a secret's value is "(hidden)".
  std::string ToText() const;

  friend bool operator==(const KafkaSettings&, const KafkaSettings&) = default;

 private:
  std::vector<KafkaSetting> all_;
};

// Passwords, private keys and tokens.
bool IsSecretKafkaSetting(std::string_view name);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_SETTINGS_H_
