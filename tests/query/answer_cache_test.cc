// Answers from the cache are those that the view gives, byte by byte.
#include "query/answer_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "app/events.h"
#include "base/instant_text.h"
#include "effort.h"
#include "events/event_json.h"
#include "events/intake.h"
#include "projections/cell/seller_changes.h"
#include "projections/facts/row_keys.h"
#include "projections/store/rows_damage.h"
#include "query/node.h"
#include "query/question_frame.h"
#include "query/rating_door.h"
#include "query/smart_door.h"
#include "sources/simulator.h"

namespace flywheel {
namespace {

using Door = absl::StatusOr<Question> (*)(QueryService&, const HttpRequest&);

// Asks the doors as the frame does.
class Asker {
 public:
  explicit Asker(TestNode* node) : node_(node) {}

  std::string Ask(Door door, const std::string& seller,
                  const std::vector<HttpParameter>& parameters, AnswerCache* answers) const {
    const absl::StatusOr<HttpResponse> response = Answer(door, seller, parameters, answers);
    REQUIRE(response.ok());
    return response->body;
  }

  absl::StatusOr<HttpResponse> Answer(Door door, const std::string& seller,
                                      const std::vector<HttpParameter>& parameters,
                                      AnswerCache* answers) const {
    HttpRequest request;
    request.path_values = {seller};
    request.parameters = parameters;
    const absl::StatusOr<Question> question = door(*node_, request);
    REQUIRE(question.ok());
    QuestionViews views;
    for (int32_t i = 0; i < node_->partitions(); ++i) {
      views.views.push_back(node_->View(Partition(i)));
    }
    views.wall = node_->now;
    views.answers = answers;
    return question->answer(views);
  }

 private:
  TestNode* node_;
};

struct Line {
  std::string json;
  Instant occurred_at;
};

std::vector<Line> SimulatedLines(uint64_t seed, std::set<std::string>* sellers) {
  SimulatorOptions options;
  options.sellers = 5;
  options.orders = static_cast<uint32_t>(Effort(200, 60));
  options.days = 60;
  options.seed = seed;
  options.SetDisorder(200'000);
  std::vector<Line> lines;
  SimulatorSummary summary;
  const absl::Status made = Simulate(
      options,
      [&](const events::v1::Event& event) {
        const int64_t seconds = event.occurred_at().seconds();
        lines.push_back({*EventToJson(event.SerializeAsString()) + "\n",
                         Instant(seconds * 1000 + event.occurred_at().nanos() / 1'000'000)});
        sellers->insert(event.seller_id());
        return absl::OkStatus();
      },
      &summary);
  REQUIRE(made.ok());
  return lines;
}

TEST_CASE("what is given again is what the view gives, whatever comes and however time passes") {
  const auto seed = GENERATE(as<uint64_t>{}, 1, 2);
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  std::set<std::string> sellers;
  const std::vector<Line> lines = SimulatedLines(seed, &sellers);
  TestNode node;
  node.now = *ParseInstant("2025-01-01T00:00:00Z");
  const Asker asker(&node);
  AnswerCache answers;
  for (size_t at = 0; at < lines.size();) {
    std::string batch;
    for (const size_t end = std::min(lines.size(), at + 1 + below(25)); at < end; ++at) {
      batch += lines[at].json;
      node.now = std::max(node.now, lines[at].occurred_at);
    }
    node.Publish(batch);
    node.Fold();
    // Mostly a moment, now and then over deadlines and midnights, or back.
    const int64_t steps[] = {0, 1, 1000, 60'000, kMillisPerHour, 5 * kMillisPerHour, -1000};
    for (int moment = 0; moment < 3; ++moment) {
      node.now = node.now.Plus(steps[below(std::size(steps))]);
      for (const std::string& seller : sellers) {
        for (const Door door : {Door(RatingQuestion), Door(SmartQuestion)}) {
          std::vector<HttpParameter> parameters;
          if (below(2) == 0) parameters.push_back({"market", below(2) == 0 ? "PL" : "CZ"});
          if (below(3) == 0) parameters.push_back({"history", "true"});
          if (below(6) == 0) parameters.push_back({"clock", below(2) == 0 ? "log" : "wall"});
          REQUIRE(asker.Ask(door, seller, parameters, &answers) ==
                  asker.Ask(door, seller, parameters, nullptr));
        }
      }
    }
  }
  CHECK(answers.state().found > 100);
}

TEST_CASE("an answer is kept while nothing that it is made of changes") {
  TestNode node;
  const Asker asker(&node);
  AnswerCache answers;
  const auto ask = [&](const std::string& seller) {
    return asker.Ask(RatingQuestion, seller, {{"market", "PL"}}, &answers);
  };
  node.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna"));
  node.Fold();
  const std::string first = ask("anna");
  CHECK(answers.state().found == 0);
  CHECK(ask("anna") == first);
  CHECK(answers.state().found == 1);

  SECTION("another instant stands in it") {
    node.now = node.now.Plus(1234);
    std::string later = first;
    const std::string instant = FormatInstant(node.now.Plus(-1234));
    later.replace(later.find(instant), instant.size(), FormatInstant(node.now));
    CHECK(ask("anna") == later);
    CHECK(answers.state().found == 2);
  }
  SECTION("a new day is looked at anew") {
    node.now = node.now.Plus(kMillisPerDay);
    ask("anna");
    CHECK(answers.state().found == 1);
    CHECK(answers.state().made == 2);
  }
  SECTION("what changes her own row alone does not matter") {
    const std::string standing =
        R"("sellerStandingChanged":{"feesPaid":true,"smartDeliveryMethods":1})";
    node.Publish(EventLine("2025-06-01T11:00:00Z", standing, "anna"));
    node.Fold();
    CHECK(ask("anna") == first);
    CHECK(answers.state().found == 2);
    CHECK(ask("anna") == first);
    CHECK(answers.state().found == 3);
  }
  SECTION("a review of hers does") {
    node.Publish(EventLine("2025-06-02T10:00:00Z", Reviewed("o1", "b1", true, 5), "anna"));
    node.Fold();
    CHECK(ask("anna") != first);
    CHECK(answers.state().found == 1);
  }
  SECTION("what makes her incomplete does") {
    node.Publish(EventLine("2025-06-02T10:00:00Z", Reviewed("o9", "b1", true, 5), "anna"));
    node.Fold();
    CHECK(ask("anna").find("\"complete\":false") != std::string::npos);
    CHECK(answers.state().found == 1);
  }
}

TEST_CASE("an answer is not given again where a bad block hides whether it still holds") {
  TestNode node;
  const Asker asker(&node);
  AnswerCache answers;
  const auto ask = [&] { return asker.Answer(RatingQuestion, "anna", {}, &answers); };
  const Partition partition = PartitionOf("anna", node.partitions());
  node.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna"));
  node.Fold();
  const std::string first = ask()->body;
  const std::string standing =
      R"("sellerStandingChanged":{"feesPaid":true,"smartDeliveryMethods":1})";
  node.Publish(EventLine("2025-06-01T11:00:00Z", standing, "anna"));
  node.Fold();
  const std::shared_ptr<const RowReader> good = node.View(partition)->rows;
  const RowsOnDisk rows(*good);
  node.SetRows(partition, rows.Snapshot());
  rows.DamageTables();
  CHECK(IsRowsDamage(ask().status()));
  CHECK(IsRowsDamage(rows.damage()));
  CHECK(answers.state().found == 0);
  node.SetRows(partition, good);
  CHECK(ask()->body == first);
  CHECK(answers.state().found == 1);
}

TEST_CASE("answers that are kept have at most the bytes that they may, the least asked for go") {
  TestNode node;
  std::string lines;
  for (int i = 0; i < 200; ++i) {
    lines += EventLine("2025-06-01T10:00:00Z", Placed(fmt::format("o{}", i), "b"),
                       fmt::format("seller-{}", i));
  }
  node.Publish(lines);
  node.Fold();
  const Asker asker(&node);
  constexpr size_t kBytes = size_t{64} << 10;
  AnswerCache answers(kBytes);
  for (int i = 0; i < 200; ++i) {
    asker.Ask(RatingQuestion, "seller-7", {}, &answers);
    asker.Ask(RatingQuestion, fmt::format("seller-{}", i), {}, &answers);
    REQUIRE(answers.state().bytes <= kBytes);
  }
  CHECK(answers.state().answers < 200);
  CHECK(answers.state().answers > 10);
  CHECK(answers.state().found >= 199);  // seller-7 stayed
}

TEST_CASE("where nothing is known of changes, or no room is given, every answer is made") {
  TestNode node;
  node.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna"));
  node.Fold();
  const Asker asker(&node);
  AnswerCache none(0);
  asker.Ask(RatingQuestion, "anna", {}, &none);
  asker.Ask(RatingQuestion, "anna", {}, &none);
  CHECK(none.state().answers == 0);

  CellView view = *node.View(PartitionOf("anna", node.partitions()));
  view.changes = nullptr;
  AnswerCache answers;
  const CachedQuestion question("rating", "anna", "*", false);
  answers.Keep(question, view, node.now, node.now.Plus(1000), "body");
  CHECK_FALSE(answers.Find(question, view, node.now));
  CHECK(answers.state().answers == 0);
}

TEST_CASE("questions that differ have names that differ") {
  const auto text = [](std::string_view seller, std::string_view market, bool history = false) {
    return CachedQuestion("rating", seller, market, history).text;
  };
  CHECK(text("b", "PLa") != text("ab", "PL"));
  CHECK(text("b", "PL") != text("b", "PL", true));
  CHECK(text("b", "PL") != CachedQuestion("smart", "b", "PL", false).text);
  CHECK(text("1:xb", "1:x") != text("b", "1:x1:x"));
}

TEST_CASE("a change of a seller's rows is told from then on, by what it is of") {
  SellerChanges changes;
  const SellerChanges other;
  CHECK(changes.id() != other.id());
  const auto last = [&](RowGroup group) { return changes.LastOf("anna", group); };
  const MarketCode market("PL");
  changes.Note(row_keys::Order("anna", "o1"), Offset(5));
  CHECK(last(RowGroup::kSeller) == Offset(0));
  changes.Note(row_keys::OfSeller("anna"), Offset(7));
  changes.Note(row_keys::Days("anna", market, LocalDay(3)), Offset(8));
  changes.Note(row_keys::Smart("anna", market), Offset(9));
  CHECK(last(RowGroup::kSeller) == Offset(7));
  CHECK(last(RowGroup::kDays) == Offset(8));
  CHECK(last(RowGroup::kSmart) == Offset(9));
  // Rows of a kind that is not known count everywhere.
  changes.Note(std::string("!anna") + '\0' + "PL", Offset(11));
  CHECK(last(RowGroup::kSeller) == Offset(11));
  CHECK(last(RowGroup::kDays) == Offset(11));
  CHECK(last(RowGroup::kSmart) == Offset(11));
}

}  // namespace
}  // namespace flywheel
