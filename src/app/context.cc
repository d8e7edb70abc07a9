#include "app/context.h"

#include <filesystem>

namespace flywheel {
namespace {

absl::Status StateOf(const std::ostream& out) {
  return out.good() ? absl::OkStatus()
                    : absl::UnavailableError(
                          "standard output takes no more: its reader is gone or its disk is full");
}

}  // namespace

std::string Context::PathOf(const std::string& path) const {
  if (working_folder.empty() || path == "-") return path;
  return (std::filesystem::path(working_folder) / path).lexically_normal().string();
}

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
