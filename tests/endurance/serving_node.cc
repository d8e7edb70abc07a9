#include "endurance/serving_node.h"

#include <stdexcept>
#include <thread>

#include "query/http_client.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kServing = "serving on http://127.0.0.1:";
constexpr std::string_view kStopped = ": stopped: ";
constexpr int kOutside = 4;  // the exit code where something outside is in the way
constexpr std::string_view kHeld = "held by ";

}  // namespace

bool ServingNode::Start() {
  const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
  std::vector<std::string> arguments = {"serve", "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  while (Clock::now() < hung) {
    port_ = 0;
    program_ = std::make_unique<RunningProgram>(On(folder_, arguments), environment_);
    if (program_->PumpUntil(kServing)) {
      // The rest of the line has the port.
      const size_t at = program_->err().find(kServing) + kServing.size();
      while (program_->err().find('\n', at) == std::string::npos && !program_->ended()) {
        program_->Pump(milliseconds(20));
      }
      port_ = static_cast<uint16_t>(std::stoi(program_->err().substr(at)));
      return true;
    }
    if (program_->Wait().code != kOutside || !Contains(program_->err(), kHeld)) return false;
    std::this_thread::sleep_for(milliseconds(50));
  }
  return false;
}

void ServingNode::Kill() {
  if (program_ == nullptr) return;
  program_->Signal(SIGKILL);
  program_->Wait();
}

const ProgramEnd& ServingNode::Stop() {
  program_->Signal(SIGTERM);
  return program_->Wait();
}

bool ServingNode::IsReady() const {
  try {
    const auto answer = HttpClient(port()).Get("/readyz");
    return answer && answer->status == 200;
  } catch (const std::exception&) {
    return false;
  }
}

std::string ServingNode::State() const {
  std::string state;
  for (const char* target : {"/readyz", "/v1/node"}) {
    try {
      const auto answer = HttpClient(port()).Get(target);
      if (answer) state += answer->body;
    } catch (const std::exception& error) {
      state += error.what();
    }
    state += "\n";
  }
  return state;
}

bool ServingNode::WaitUntilReady() {
  const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
  while (!IsReady()) {
    PumpFor(milliseconds(20));
    if (program_->ended()) return false;
    if (Clock::now() < hung && !Contains(said(), kStopped)) continue;
    // A partition that stopped may have gone on since.
    PumpFor(milliseconds(500));
    if (IsReady()) return true;
    return false;
  }
  return true;
}

void ServingNode::PumpFor(milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (Clock::now() < end) {
    if (!running()) {
      std::this_thread::sleep_until(end);
      return;
    }
    program_->Pump(
        std::min(std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now()),
                 std::chrono::microseconds(20'000)));
  }
}

}  // namespace flywheel
