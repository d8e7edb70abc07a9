// What the inbox refused is found again: in the inbox, in the side store, or not at all.
#include "events/kafka/refused_reader.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "events/kafka/refused_store.h"
#include "events/sha256.h"
#include "kafka/broker.h"
#include "kafka/inbox_testing.h"
#include "kafka/topic_testing.h"

namespace flywheel {
namespace {

std::string HashOf(std::string_view bytes) {
  const Sha256 hash = Sha256Of(bytes);
  return {hash.data(), hash.size()};
}

// Topics of a log that no other test has.
struct Topics {
  Topics()
      : address(
            KafkaAddress::Parse("kafka://" + SharedBroker().address() + "/" + TestTopic("refused"))
                .value()),
        tester(SharedBroker().address()) {
    tester.Create(address.InboxTopic(), 2);
    tester.Create(address.RefusedTopic(), 3);
  }

  RefusedSearch SearchFor(std::string_view bytes, const std::string& place) const {
    return {address.InboxTopic(), place, HashOf(bytes), bytes.size(), WallClock()};
  }
  std::optional<RefusedMessage> Find(const RefusedSearch& search) const {
    const auto found =
        FindRefusedMessage(address, KafkaSettings(), search, absl::Seconds(60), KafkaLogSink());
    INFO(found.status().message());
    REQUIRE(found.ok());
    return *found;
  }
  void Keep(const std::string& place, std::string_view bytes) const {
    const auto store = KafkaRefusedStore::Make(address, KafkaSettings(), {}).value();
    IntakeRefusal refusal;
    refusal.code = RefusalCode::kUndecodable;
    const std::vector<RefusedBytes> batch = {{address.InboxTopic(), place, bytes, &refusal}};
    REQUIRE(store->Put(batch, absl::Seconds(60)).ok());
  }

  KafkaAddress address;
  TopicTester tester;
};

TopicMessage MessageOf(std::string value, int32_t partition) {
  TopicMessage message;
  message.value = std::move(value);
  message.partition = partition;
  return message;
}

TEST_CASE("a refused message is read where it stands in the inbox") {
  Topics topics;
  TopicMessage one = MessageOf("one", 1);
  one.headers = {{"ce_id", "7"}, {"ce_source", std::nullopt}};
  topics.tester.Publish(topics.address.InboxTopic(),
                        {MessageOf("zero", 1), one, MessageOf("two", 1)});
  const auto found = topics.Find(topics.SearchFor("one", "1@1"));
  REQUIRE(found);
  CHECK(found->topic == topics.address.InboxTopic());
  CHECK(found->bytes == "one");
  CHECK(found->whole);
  CHECK(found->headers == one.headers);
}

TEST_CASE("what the inbox no longer has, or has otherwise, is read from the side store") {
  Topics topics;
  topics.tester.Publish(topics.address.InboxTopic(),
                        {MessageOf("zero", 0), MessageOf("another", 0)});
  topics.tester.DeleteBefore(topics.address.InboxTopic(), 0, 1);
  topics.Keep("0@7", "of another place");
  topics.Keep("0@0", "zero");
  topics.Keep("0@1", "one");
  const auto deleted = topics.Find(topics.SearchFor("zero", "0@0"));
  REQUIRE(deleted);
  CHECK(deleted->topic == topics.address.RefusedTopic());
  CHECK(deleted->bytes == "zero");
  // The topic was made anew: another message has its place.
  const auto other = topics.Find(topics.SearchFor("one", "0@1"));
  REQUIRE(other);
  CHECK(other->topic == topics.address.RefusedTopic());
  CHECK(other->bytes == "one");
  CHECK_FALSE(topics.Find(topics.SearchFor("gone", "0@0")));
  CHECK_FALSE(topics.Find(topics.SearchFor("gone", "9@5")));
  CHECK_FALSE(topics.Find(topics.SearchFor("gone", "no place")));
}

TEST_CASE("of a long message the side store has the beginning") {
  Topics topics;
  const std::string bytes(kMaxRefusedBytes + 1, 'x');
  topics.Keep("0@0", bytes);
  const auto found = topics.Find(topics.SearchFor(bytes, "0@0"));
  REQUIRE(found);
  CHECK_FALSE(found->whole);
  CHECK(found->bytes == bytes.substr(0, kMaxRefusedBytes));
}

TEST_CASE("where there is no side store, there are no bytes") {
  Topics topics;
  topics.tester.Delete(topics.address.RefusedTopic());
  CHECK_FALSE(topics.Find(topics.SearchFor("gone", "0@0")));
}

}  // namespace
}  // namespace flywheel
