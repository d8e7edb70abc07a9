#include "endurance/answers.h"

#include <fmt/format.h>

namespace flywheel {
namespace {

constexpr int kRowsDamaged = 500;

// What a server may say that cannot answer at the moment, or not this.
bool IsRefusal(int status) {
  for (const int each : {307, 404, 421, 429, 503, 504}) {
    if (status == each) return true;
  }
  return false;
}

}  // namespace

void Answers::ExpectDamage(bool expected) {
  MutexLock lock(&mutex_);
  damage_expected_ = expected;
}

void Answers::Take(const std::string& target, const ClientResponse& answer) {
  MutexLock lock(&mutex_);
  if (answer.status != 200 && !IsRefusal(answer.status)) {
    if (answer.status == kRowsDamaged && damage_expected_) return;
    return findings_.Add(Finding::kDiverged, fmt::format("GET {} is answered with {}: {}", target,
                                                         answer.status, answer.body));
  }
  const std::string place = answer.Header("flywheel-position");
  if (place.empty() || (answer.status != 200 && answer.status != 404)) return;
  ++taken_;
  const std::string said = fmt::format("{} {}", answer.status, answer.body);
  const auto [found, is_new] = bodies_.emplace(std::pair(target, place), said);
  if (is_new) return;
  ++compared_;
  if (found->second == said) return;
  findings_.Add(Finding::kDiverged, fmt::format("GET {} at {} was once answered with\n{}\nand once "
                                                "with\n{}",
                                                target, place, found->second, said));
}

size_t Answers::taken() const {
  MutexLock lock(&mutex_);
  return taken_;
}

size_t Answers::compared() const {
  MutexLock lock(&mutex_);
  return compared_;
}

}  // namespace flywheel
