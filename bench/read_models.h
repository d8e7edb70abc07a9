// Which read models a benchmark folds.
#ifndef FLYWHEEL_BENCH_READ_MODELS_H_
#define FLYWHEEL_BENCH_READ_MODELS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "projections/cell/fold.h"

namespace flywheel {

inline constexpr const char* kAllModels = "all";
inline constexpr const char* kTwoModels = "rating,sla";

inline void AddModelsOption(CLI::App* app, std::string* models) {
  app->add_option("--models", *models,
                  "all, or rating,sla: the rating and the clocks of the first response alone")
      ->check(CLI::IsMember({kAllModels, kTwoModels}));
}

inline ReadModels ModelsOf(const std::string& models) {
  return models == kTwoModels ? ReadModels::kRatingAndFirstResponse : ReadModels::kAll;
}

}  // namespace flywheel

#endif  // FLYWHEEL_BENCH_READ_MODELS_H_
