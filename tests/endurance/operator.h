// An operator who publishes policies and closes quarantine entries while things go wrong.
#ifndef FLYWHEEL_TESTS_ENDURANCE_OPERATOR_H_
#define FLYWHEEL_TESTS_ENDURANCE_OPERATOR_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>

#include "endurance/outside_list.h"
#include "integration/data_folder.h"

namespace flywheel {

// Operation: a thread that runs the program's own commands, in the server where one holds the
// folder. What a command says was done goes onto the outside list. A command that ends with an
// error has acknowledged nothing.
//
// Concurrency: the thread is its own. Who needs the folder for himself holds gate().
class Operator {
 public:
  // The list outlives it. `first_policy`: the hour from which the first policy holds, counted so
  // that later ones hold later.
  Operator(DataFolder folder, OutsideList* list, int64_t first_policy, uint64_t seed);
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  std::mutex& gate() { return gate_; }

 private:
  void Run();
  void PublishPolicy();
  void CloseEntries();

  const DataFolder folder_;
  OutsideList& list_;
  int64_t next_policy_;
  std::mt19937_64 random_;
  std::mutex gate_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_OPERATOR_H_
