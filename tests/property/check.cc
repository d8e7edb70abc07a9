#include "property/check.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "effort.h"

namespace flywheel {
namespace {

constexpr uint64_t kDefaultSeed = 20240229;

bool ParamsSay(std::string_view key) {
  const char* params = std::getenv("RC_PARAMS");
  return params != nullptr && std::string_view(params).find(key) != std::string_view::npos;
}

}  // namespace

void CheckForHistories(const std::string& name,
                       const std::function<std::string(const History&)>& contradiction,
                       int histories, int histories_short, Shrinking shrinking) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  if (!ParamsSay("seed=")) params.seed = kDefaultSeed;
  if (!ParamsSay("max_success=")) params.maxSuccess = Effort(histories, histories_short);
  if (!ParamsSay("noshrink=")) params.disableShrinking = shrinking == Shrinking::kNo;
  const rc::detail::TestMetadata metadata{name, name};
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [&contradiction](const History& history) {
        const std::string text = contradiction(history);
        if (!text.empty()) RC_FAIL(text);
      },
      metadata, params);
  if (result.is<rc::detail::SuccessResult>()) {
    SUCCEED(params.maxSuccess << " histories");
    return;
  }
  // Not through Catch2, which would break the lines.
  std::cerr << "\n" << name << ", seed " << params.seed << "\n";
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << std::endl;
  FAIL("the property does not hold, see above");
}

}  // namespace flywheel
