// Clients that publish and ask while things go wrong.
#ifndef FLYWHEEL_TESTS_ENDURANCE_TRAFFIC_H_
#define FLYWHEEL_TESTS_ENDURANCE_TRAFFIC_H_

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "endurance/answers.h"
#include "endurance/event_pool.h"
#include "endurance/findings.h"
#include "endurance/outside_list.h"
#include "endurance/serving_node.h"

namespace flywheel {

// What the clients work on; all of it outlives them.
struct TrafficWorld {
  std::vector<const ServingNode*> nodes;
  EventPool* pool = nullptr;
  OutsideList* list = nullptr;
  Answers* answers = nullptr;
  Findings* findings = nullptr;
  // Of the inbox; empty: there is none.
  std::string broker;
  std::string inbox_topic;
};

// Operation: threads that start with the object and end with it: two publish over HTTP, one through
// the inbox where there is one, two ask. Whoever is not answered tries again with another node.
// What is acknowledged goes onto the outside list before anything else.
//
// Concurrency: the threads are its own. The destructor waits for what has begun.
class Traffic {
 public:
  Traffic(TrafficWorld world, uint64_t seed);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

 private:
  using Random = std::mt19937_64;

  template <class Turn>
  void Start(uint64_t seed, Turn turn);
  void PublishOverHttp(Random& random);
  void PublishToInbox(Random& random);
  void Ask(Random& random);
  uint16_t AnyPort(Random& random) const;
  // What the answer says of the events that were offered.
  void TakeOutcomes(const std::vector<size_t>& offered, const ClientResponse& answer);

  const TrafficWorld world_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_TRAFFIC_H_
