#include "app/smart_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/csv_line.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "query/smart_json.h"

namespace flywheel {
namespace {

std::string YesNo(bool yes) { return yes ? "yes" : "no"; }

std::string PlainText(const SmartValue& value) {
  if (const auto* share = std::get_if<SmartShare>(&value)) {
    return fmt::format("{:.2f} %", share->nearest() * 100);
  }
  if (const auto* yes = std::get_if<bool>(&value)) return YesNo(*yes);
  return SmartValueText(value);
}

std::string CauseText(const SmartChange& change, Partition partition) {
  if (const auto* expiry = std::get_if<SmartExpiry>(&change.cause)) {
    return std::string(NameOf(*expiry));
  }
  const auto& event = std::get<SmartEvent>(change.cause);
  return fmt::format("{}:{}{}{}", NameOf(event.kind), FormatPlace({partition, event.place.offset}),
                     event.order_id.empty() ? "" : " of order ", event.order_id);
}

std::string HistoryTable(const SmartAnswer& answer) {
  if (answer.history.empty()) return "nothing has changed so far\n";
  Table table({"at", "fulfilled", "because of"});
  for (const SmartChange& change : answer.history) {
    table.Add(
        {FormatInstant(change.at), YesNo(change.fulfilled), CauseText(change, answer.partition)});
  }
  return table.ToText();
}

std::string NumberText(const std::optional<int64_t>& number) {
  return number ? std::to_string(*number) : "";
}

std::string InstantText(const std::optional<Instant>& instant) {
  return instant ? FormatInstant(*instant) : "";
}

}  // namespace

std::string SmartCsvHeader() {
  std::vector<std::string> columns = {"sellerId", "market", "asOf", "fulfilled", "lastChanged"};
  for (const SmartCondition& condition : ConditionsOf(SmartFigures(), SmartRules())) {
    for (const char* figure : {"value", "threshold", "required", "fulfilled"}) {
      columns.push_back(fmt::format("{}.{}", condition.code, figure));
    }
  }
  for (const char* column :
       {"headroom.negativesUntilLost", "headroom.positivesUntilWon", "outlook", "complete"}) {
    columns.emplace_back(column);
  }
  return CsvLine(columns);
}

std::string SmartCsvRow(const SmartAnswer& answer) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  std::vector<std::string> fields = {answer.seller_id, std::string(answer.market.text()),
                                     FormatInstant(answer.as_of), flag(answer.fulfilled),
                                     InstantText(answer.last_changed())};
  for (const SmartCondition& condition : answer.conditions) {
    fields.push_back(SmartValueText(condition.value));
    fields.push_back(SmartValueText(condition.threshold));
    fields.push_back(flag(condition.required));
    fields.push_back(flag(condition.fulfilled));
  }
  fields.push_back(NumberText(answer.headroom.negatives_until_lost));
  fields.push_back(NumberText(answer.headroom.positives_until_won));
  fields.push_back(InstantText(answer.outlook));
  fields.push_back(flag(answer.complete));
  return CsvLine(fields);
}

std::string SmartTable(const SmartAnswer& answer, bool history) {
  std::string text = fmt::format(
      "seller {}, market {}, as of {}{}\n\n{}{}\n\n", answer.seller_id, answer.market.text(),
      FormatInstant(answer.as_of), answer.complete ? "" : " (not complete: see quarantine list)",
      answer.fulfilled ? "eligible for Smart!" : "not eligible for Smart!",
      answer.last_changed() ? " since " + FormatInstant(*answer.last_changed()) : "");
  Table table({"condition", "value", "at least", "required", "fulfilled"});
  for (const SmartCondition& condition : answer.conditions) {
    table.Add({std::string(condition.name), PlainText(condition.value),
               PlainText(condition.threshold), YesNo(condition.required),
               YesNo(condition.fulfilled)});
  }
  text += table.ToText();
  const SmartHeadroom& headroom = answer.headroom;
  if (headroom.negatives_until_lost) {
    text += fmt::format("\nlost after {} more buyers who do not recommend\n",
                        *headroom.negatives_until_lost);
  }
  if (headroom.positives_until_won) {
    text +=
        fmt::format("\nwon after {} more buyers who recommend\n", *headroom.positives_until_won);
  }
  if (answer.outlook) {
    text += fmt::format("\nif nothing more happens it will be {} at {}\n",
                        answer.fulfilled ? "lost" : "won", FormatInstant(*answer.outlook));
  }
  if (history) text += "\n" + HistoryTable(answer);
  return text;
}

std::string SmartExplanationTable(const std::vector<SmartExplanation>& explanations) {
  Table table(
      {"market", "counts in", "order", "buyer", "recommends", "tracked", "expiries", "events"});
  for (const SmartExplanation& explanation : explanations) {
    std::string expiries;
    for (const SmartExplanation::Expiry& expiry : explanation.expiries) {
      if (!expiries.empty()) expiries += ' ';
      expiries += fmt::format("{}:{}", NameOf(expiry.rule), FormatInstant(expiry.at));
    }
    std::string events;
    for (const ExplainedEvent& event : explanation.events) {
      if (!events.empty()) events += ' ';
      events += fmt::format("{}:{}", NameOf(event.kind),
                            FormatPlace({event.partition, event.place.offset}));
    }
    table.Add({std::string(explanation.market.text()),
               fmt::format("{}", fmt::join(explanation.counts_in, " ")), explanation.order_id,
               explanation.buyer_id, explanation.recommends ? YesNo(*explanation.recommends) : "",
               explanation.tracked ? YesNo(*explanation.tracked) : "", expiries, events});
  }
  return table.ToText();
}

bool IsSmartCondition(std::string_view code) {
  const SmartConditions conditions = ConditionsOf(SmartFigures(), SmartRules());
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const SmartCondition& condition) { return condition.code == code; });
}

}  // namespace flywheel
