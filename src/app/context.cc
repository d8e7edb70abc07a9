#include "app/context.h"

namespace flywheel {
namespace {

absl::Status StateOf(const std::ostream& out) {
  return out.good() ? absl::OkStatus()
                    : absl::UnavailableError(
                          "standard output takes no more: its reader is gone or its disk is full");
}

}  // namespace

absl::Status Context::Print(std::string_view text) const {
  out->write(text.data(), static_cast<std::streamsize>(text.size()));
  return StateOf(*out);
}

absl::Status Context::Flush() const {
  out->flush();
  return StateOf(*out);
}

void Context::Say(std::string_view sentence) const {
  err->write(sentence.data(), static_cast<std::streamsize>(sentence.size()));
  err->put('\n');
  err->flush();
}

}  // namespace flywheel
