// Breaks files as disks do.
#ifndef FLYWHEEL_TESTS_ENDURANCE_DAMAGE_H_
#define FLYWHEEL_TESTS_ENDURANCE_DAMAGE_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace flywheel {

// Flips bits in a file of the folder's rows (cells/<partition>/), cuts it or removes it; gives what
// was done, for a person. Empty: there are no rows.
std::string BreakRows(const std::string& data_folder, std::mt19937_64& random);

// One changed bit, and how to take it back.
class FlippedBit {
 public:
  // Throws std::runtime_error where the file cannot be changed.
  FlippedBit(std::string path, uint64_t byte, int bit);
  void PutBack();

  const std::string& path() const { return path_; }
  uint64_t byte() const { return byte_; }

 private:
  void Flip() const;

  std::string path_;
  uint64_t byte_;
  int bit_;
};

// Flips a bit of a record's frame in the embedded log, where its checksum covers it. nullopt: there
// are no records. REQUIRES: the log was closed.
std::optional<FlippedBit> FlipInLog(const std::string& data_folder, std::mt19937_64& random);

// The same in a batch of a broker's partition, where its checksum covers it. `partition_folder`:
// that of the broker, which does not run.
std::optional<FlippedBit> FlipInTopic(const std::string& partition_folder, std::mt19937_64& random);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_DAMAGE_H_
