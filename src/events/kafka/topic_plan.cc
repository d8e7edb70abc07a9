#include "events/kafka/topic_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/status.h"
#include "events/intake.h"

namespace flywheel {
namespace {

constexpr int32_t kMostPartitions = 1024;
constexpr int32_t kMostCopies = 16;
constexpr int32_t kRefusedPartitions = 1;  // its limit of bytes is a partition's
constexpr int64_t kNoLimit = -1;
constexpr int64_t kMillisAhead = 60'000;
constexpr int64_t kLeastRetentionMillis = 60 * kMillisPerMinute;
// An event in the inbox, with its headers.
constexpr int64_t kLeastInboxMessageBytes = static_cast<int64_t>(kMaxEventBytes) + (64 << 10);

SettingWish Text(std::string name, std::string value, std::string why) {
  SettingWish wish;
  wish.name = std::move(name);
  wish.value = std::move(value);
  wish.why = std::move(why);
  return wish;
}

SettingWish Between(std::string name, int64_t value, int64_t least, int64_t most, std::string why) {
  SettingWish wish = Text(std::move(name), std::to_string(value), std::move(why));
  wish.is_number = true;
  wish.least = least;
  wish.most = most;
  return wish;
}

SettingWish Exactly(std::string name, int64_t value, std::string why) {
  return Between(std::move(name), value, value, value, std::move(why));
}

SettingWish AtLeast(std::string name, int64_t value, std::string why) {
  return Between(std::move(name), value, value, std::numeric_limits<int64_t>::max(),
                 std::move(why));
}

// Of every topic.
void AddDurability(const TopicsPlan& plan, std::vector<SettingWish>& settings) {
  settings.push_back(Text("cleanup.policy", "delete",
                          "compaction keeps one message of each key and deletes the others"));
  settings.push_back(Text("unclean.leader.election.enable", "false",
                          "a copy that misses what was acknowledged may become the leader"));
  if (!plan.min_insync && !plan.replication) return;  // follows from the copies there are
  const int32_t copies = plan.min_insync.value_or(*plan.replication == 1 ? 1 : 2);
  settings.push_back(AtLeast("min.insync.replicas", copies,
                             "what is acknowledged may be on fewer disks, and go with one"));
}

TopicWish LogWish(const KafkaAddress& address, const TopicsPlan& plan) {
  TopicWish wish;
  wish.topic = address.LogTopic();
  wish.partitions = plan.log_partitions;
  wish.replication = plan.replication;
  AddDurability(plan, wish.settings);
  wish.settings.push_back(Exactly("retention.ms", kNoLimit,
                                  "the broker deletes old records, and the log is the only truth"));
  wish.settings.push_back(Exactly("retention.bytes", kNoLimit,
                                  "the broker deletes old records, and the log is the only truth"));
  wish.settings.push_back(AtLeast("max.message.bytes", static_cast<int64_t>(kMaxLogMessageBytes),
                                  "the largest records are refused"));
  wish.settings.push_back(Text("message.timestamp.type", "CreateTime",
                               "the message's timestamp is not the record's stamp"));
  wish.settings.push_back(Between("message.timestamp.after.max.ms", kMillisAhead, 0, kMillisAhead,
                                  "a node whose clock is ahead stamps records with the future"));
  return wish;
}

TopicWish InboxWish(const KafkaAddress& address, const TopicsPlan& plan) {
  TopicWish wish;
  wish.topic = address.InboxTopic();
  wish.partitions = plan.inbox_partitions.has_value() ? plan.inbox_partitions : plan.log_partitions;
  wish.partitions_may_rise = true;
  wish.replication = plan.replication;
  AddDurability(plan, wish.settings);
  const int64_t retention = absl::ToInt64Milliseconds(plan.inbox_retention);
  wish.settings.push_back(
      Between("retention.ms", retention, std::min(kLeastRetentionMillis, retention), retention,
              "events are kept in plain text for longer than it takes to take them in, or for less "
              "time than it takes to repair an intake that stands still"));
  wish.settings.push_back(AtLeast("max.message.bytes", kLeastInboxMessageBytes,
                                  "publishers cannot send the largest events"));
  return wish;
}

TopicWish RefusedWish(const KafkaAddress& address, const TopicsPlan& plan) {
  TopicWish wish;
  wish.topic = address.RefusedTopic();
  if (plan.log_partitions) wish.partitions = kRefusedPartitions;
  wish.partitions_may_rise = true;
  wish.replication = plan.replication;
  AddDurability(plan, wish.settings);
  const int64_t retention = absl::ToInt64Milliseconds(plan.refused_retention);
  wish.settings.push_back(Between("retention.ms", retention,
                                  std::min(kLeastRetentionMillis, retention), retention,
                                  "personal data in what was refused stays for too long"));
  wish.settings.push_back(Between("retention.bytes", plan.refused_bytes, 1, plan.refused_bytes,
                                  "a hostile publisher can fill the disk"));
  wish.settings.push_back(AtLeast("max.message.bytes", kLeastInboxMessageBytes,
                                  "the bytes of the largest refused events are not kept"));
  return wish;
}

std::string ShouldBe(const SettingWish& wish) {
  if (!wish.is_number || wish.least == wish.most) return wish.value;
  if (wish.most == std::numeric_limits<int64_t>::max()) return fmt::format(">= {}", wish.least);
  return fmt::format("{} to {}", wish.least, wish.most);
}

std::string SetCommand(const KafkaAddress& address, const TopicWish& wish,
                       const SettingWish& setting) {
  return fmt::format(
      "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} "
      "--add-config {}={}",
      address.bootstrap_servers(), wish.topic, setting.name, setting.value);
}

void ComparePartitions(const KafkaAddress& address, const TopicWish& wish, const TopicFound& found,
                       std::vector<TopicDifference>& differences) {
  if (!wish.partitions || found.partitions == *wish.partitions) return;
  if (wish.partitions_may_rise && found.partitions > *wish.partitions) return;
  TopicDifference difference{wish.topic,
                             "partitions",
                             std::to_string(found.partitions),
                             std::to_string(*wish.partitions),
                             "",
                             ""};
  if (wish.partitions_may_rise) {
    difference.should_be = ">= " + difference.should_be;
    difference.why = "fewer consumers than planned can share the work";
    difference.remedy =
        fmt::format("kafka-topics.sh --bootstrap-server {} --alter --topic {} --partitions {}",
                    address.bootstrap_servers(), wish.topic, *wish.partitions);
  } else {
    difference.why = "a seller's records lie in the partition that follows from this number";
    difference.remedy =
        "nothing mends it: the partitions of a log never change. Say how many it has, or copy it "
        "into a new log";
  }
  differences.push_back(std::move(difference));
}

void CompareReplication(const TopicWish& wish, const TopicFound& found,
                        std::vector<TopicDifference>& differences) {
  if (!wish.replication || found.replication >= *wish.replication) return;
  differences.push_back({wish.topic, "replication", std::to_string(found.replication),
                         ">= " + std::to_string(*wish.replication),
                         "records are on fewer disks than planned",
                         "kafka-reassign-partitions.sh with a plan that lists as many brokers for "
                         "each partition"});
}

// What the copies that there are ask for.
SettingWish MinInsync(const TopicFound& found) {
  return AtLeast("min.insync.replicas", found.replication == 1 ? 1 : 2,
                 "what is acknowledged may be on one disk alone, and go with it");
}

}  // namespace

bool SettingWish::Holds(std::string_view is) const {
  if (!is_number) return is == value;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(is.data(), is.data() + is.size(), number);
  return error == std::errc() && end == is.data() + is.size() && number >= least && number <= most;
}

absl::Status CheckPlan(const TopicsPlan& plan) {
  const auto within = [](std::optional<int32_t> number, int32_t most, std::string_view what) {
    if (!number || (*number >= 1 && *number <= most)) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("{}: {} is not 1 to {}", what, *number, most));
  };
  RETURN_IF_ERROR(within(plan.log_partitions, kMostPartitions, "partitions of the log"));
  RETURN_IF_ERROR(within(plan.inbox_partitions, kMostPartitions, "partitions of the inbox"));
  RETURN_IF_ERROR(within(plan.replication, kMostCopies, "replication"));
  RETURN_IF_ERROR(
      within(plan.min_insync, plan.replication.value_or(kMostCopies), "min.insync.replicas"));
  if (plan.inbox_retention < absl::Minutes(1) || plan.refused_retention < absl::Minutes(1)) {
    return absl::InvalidArgumentError("a retention is at least a minute");
  }
  if (plan.refused_bytes < 1) {
    return absl::InvalidArgumentError("the bytes of what was refused are at least 1");
  }
  return absl::OkStatus();
}

std::vector<TopicWish> WishesOf(const KafkaAddress& address, const TopicsPlan& plan) {
  return {InboxWish(address, plan), LogWish(address, plan), RefusedWish(address, plan)};
}

std::vector<TopicDifference> Compare(const KafkaAddress& address, const TopicWish& wish,
                                     const TopicFound* found) {
  if (found == nullptr) {
    return {{wish.topic, "topic", "missing", "there", "Flywheel makes no topic by using it",
             fmt::format("flywheel topics create --log {} --partitions {}", address.ToText(),
                         wish.partitions ? std::to_string(*wish.partitions) : "N")}};
  }
  std::vector<TopicDifference> differences;
  ComparePartitions(address, wish, *found, differences);
  CompareReplication(wish, *found, differences);
  std::vector<SettingWish> settings = wish.settings;
  const bool has_min_insync =
      std::any_of(settings.begin(), settings.end(),
                  [](const SettingWish& s) { return s.name == "min.insync.replicas"; });
  if (!has_min_insync) settings.push_back(MinInsync(*found));
  for (const SettingWish& setting : settings) {
    const auto is = found->settings.find(setting.name);
    // A broker that does not know a setting does not act on it.
    if (is == found->settings.end() || setting.Holds(is->second)) continue;
    differences.push_back({wish.topic, setting.name, is->second, ShouldBe(setting), setting.why,
                           SetCommand(address, wish, setting)});
  }
  return differences;
}

}  // namespace flywheel
