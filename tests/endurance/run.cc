#include "endurance/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

// A log of many rounds takes long to judge.
constexpr int kRoundsOfAWorld = 20;

// Every kind comes up once before one comes up again.
class FaultsInTurn {
 public:
  FaultsInTurn(std::vector<Fault> kinds, std::mt19937_64* random)
      : kinds_(std::move(kinds)), random_(*random) {}

  Fault Next() {
    if (left_.empty()) {
      left_ = kinds_;
      Shuffle(left_, random_);
    }
    const Fault next = left_.back();
    left_.pop_back();
    return next;
  }

 private:
  const std::vector<Fault> kinds_;
  std::mt19937_64& random_;
  std::vector<Fault> left_;
};

std::vector<Fault> KindsOf(const EnduranceOptions& options) {
  if (!options.only.empty()) return options.only;
  std::vector<Fault> kinds;
  for (size_t kind = 0; kind < (options.kafka ? kFaults : kFaultsOfEmbedded); ++kind) {
    kinds.push_back(static_cast<Fault>(kind));
  }
  return kinds;
}

void CountIn(const World& world, EnduranceCounts& counts) {
  const Acknowledged all = world.acknowledged();
  counts.events += all.events.size();
  counts.in_inbox += all.in_inbox.size();
  counts.policies += all.policies.size();
  counts.closed += all.closed.size();
  counts.answers += world.answers().taken();
  counts.compared += world.answers().compared();
}

// Whether the world is to be used further.
bool OneRound(World& world, int number, const std::vector<Fault>& faults,
              const EnduranceOptions& options, Findings* findings) {
  bool goes_on = true;
  try {
    world.Round(faults);
  } catch (const std::runtime_error& error) {
    findings->Add(Finding::kBroken, error.what());
    goes_on = false;
  }
  if (!options.say) return goes_on;
  std::string names;
  for (const Fault fault : faults)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", NameOf(fault));
  const Acknowledged all = world.acknowledged();
  options.say(fmt::format("round {}: {} (the disk: {}); {} events, {} in the inbox, {} findings",
                          number, names, world.disk(), all.events.size(), all.in_inbox.size(),
                          findings->in_all()));
  for (const std::string& sentence : findings->TakeSentences()) options.say(sentence);
  return goes_on;
}

}  // namespace

std::string EnduranceCounts::ToText(const Findings& findings) const {
  std::string text = fmt::format("{} rounds:", rounds);
  for (size_t kind = 0; kind < faults.size(); ++kind) {
    if (faults[kind] > 0)
      text += fmt::format(" {} {},", faults[kind], NameOf(static_cast<Fault>(kind)));
  }
  text.back() = '\n';
  text += fmt::format(
      "{} events acknowledged over HTTP, {} by the inbox, {} policies, {} closed entries; {} "
      "answers, {} of them compared\n",
      events, in_inbox, policies, closed, answers, compared);
  for (const Finding kind :
       {Finding::kLost, Finding::kDoubled, Finding::kDiverged, Finding::kBroken}) {
    text += fmt::format("{} {}{}", findings.count(kind), NameOf(kind),
                        kind == Finding::kBroken ? "\n" : ", ");
  }
  return text;
}

EnduranceCounts Endure(const EnduranceOptions& options, Findings* findings) {
  std::mt19937_64 random(options.seed);
  FaultsInTurn in_turn(KindsOf(options), &random);
  EnduranceCounts counts;
  uint64_t seed = options.seed;
  while (counts.rounds < options.rounds) {
    const TemporaryFolder folder;
    WorldOptions world_options;
    world_options.kafka = options.kafka;
    world_options.seed = seed++;
    world_options.rounds = std::min(kRoundsOfAWorld, options.rounds - counts.rounds);
    world_options.patient = options.patient;
    World world(world_options, folder.Path(""), findings);
    bool goes_on = true;
    for (int left = world_options.rounds; left > 0 && goes_on; --left) {
      std::vector<Fault> faults;
      for (size_t i = 0; i < options.faults_a_round; ++i) faults.push_back(in_turn.Next());
      for (const Fault fault : faults) ++counts.faults[static_cast<size_t>(fault)];
      goes_on = OneRound(world, ++counts.rounds, faults, options, findings);
    }
    CountIn(world, counts);
  }
  return counts;
}

}  // namespace flywheel
