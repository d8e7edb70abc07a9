// Kills the program at random moments while it publishes and folds, and holds an outside list of
// what was acknowledged against what is there in the end. On either log.
#ifndef FLYWHEEL_TESTS_INTEGRATION_KILL_DRIVER_H_
#define FLYWHEEL_TESTS_INTEGRATION_KILL_DRIVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"

namespace flywheel {

// FLYWHEEL_KILL_SEED, or one that no other run has; it is printed.
uint64_t KillSeed(const char* test);

// Log-uniform: as many moments within the first milliseconds as later.
std::chrono::microseconds RandomDelay(std::mt19937_64& random, double from_millis,
                                      double to_millis);

// What a publisher outside knows: which events it has to publish, and which were acknowledged.
class OutsidePublisher {
 public:
  OutsidePublisher(std::vector<SimulatedEvent> events, std::mt19937_64* random)
      : events_(std::move(events)), acknowledged_(events_.size(), false), random_(*random) {}

  size_t left() const;
  // Indexes of events to offer: about `some` that were not acknowledged, in disorder, and at
  // random some that were.
  std::vector<size_t> Choose(size_t some);
  // `offered` are the events by line.
  void Take(const std::vector<size_t>& offered, const std::vector<Acknowledgement>& taken);

  const std::vector<SimulatedEvent>& events() const { return events_; }
  size_t places() const { return places_.size(); }
  // Each acknowledged event stands in the log where it was acknowledged, as it was published.
  void CheckPlaces(const DataFolder& folder) const;

 private:
  std::vector<SimulatedEvent> events_;
  std::vector<bool> acknowledged_;
  std::map<std::pair<int32_t, int64_t>, size_t> places_;
  std::mt19937_64& random_;
};

// What becomes of the log's server while the program publishes: nothing, or it goes and comes back.
struct Outage {
  std::function<void()> begin;
  std::function<void()> end;
};

// One process from its start to its death.
class KillRound {
 public:
  // `startup_millis`: about the time from the start to the first acknowledgement.
  KillRound(DataFolder folder, double startup_millis, OutsidePublisher* publisher,
            std::mt19937_64* random);

  // Gives whether it was killed (it may have ended before).
  bool Run(size_t events, const Outage* outage = nullptr);
  size_t offered() const { return offered_.size(); }
  size_t taken() const { return taken_; }

 private:
  void RunToItsDeath(RunningProgram& program);
  void RunThrough(RunningProgram& program, const Outage& outage);
  void FeedSome(RunningProgram& program);
  void PumpFor(RunningProgram& program, std::chrono::microseconds time);
  void PumpUntilTaken(RunningProgram& program, size_t lines);

  const DataFolder folder_;
  const double startup_millis_;
  OutsidePublisher& publisher_;
  std::mt19937_64& random_;
  const bool binary_;
  const size_t window_;
  std::vector<size_t> offered_;
  size_t fed_ = 0;
  size_t taken_ = 0;
};

// How often the program was killed before, while and after its events were acknowledged.
struct KillCounts {
  int before = 0;
  int within = 0;
  int after = 0;

  int all() const { return before + within + after; }
};

// `outage_of`: what befalls the log's server in a round; nullptr: nothing.
KillCounts KillAgainAndAgain(const DataFolder& folder, double startup_millis, int rounds,
                             OutsidePublisher* publisher, std::mt19937_64* random,
                             const std::function<const Outage*(int round)>& outage_of);

// Publishes what is left in peace; then everything that was acknowledged is there, nothing counts
// twice, and every rating is that of an undisturbed run in a folder made at `undisturbed`.
void CheckNothingIsLost(const DataFolder& folder, OutsidePublisher* publisher,
                        const std::string& undisturbed);

// All ratings at one instant after everything.
std::string ExportedRatings(const DataFolder& folder);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_KILL_DRIVER_H_
