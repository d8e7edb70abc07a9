#include "endurance/outside_list.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace flywheel {
namespace {

[[noreturn]] void Fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

OutsideList::OutsideList(const std::string& path)
    : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (file_ < 0) Fail("the outside list");
}

OutsideList::~OutsideList() { close(file_); }

void OutsideList::Write(const std::string& lines) {
  for (size_t done = 0; done < lines.size();) {
    const ssize_t written = write(file_, lines.data() + done, lines.size() - done);
    if (written < 0) Fail("the outside list");
    done += static_cast<size_t>(written);
  }
  if (fdatasync(file_) != 0) Fail("the outside list");
}

bool OutsideList::AddEvents(const std::map<OutsidePlace, size_t>& events) {
  MutexLock lock(&mutex_);
  std::string lines;
  for (const auto& [place, event] : events) {
    lines += fmt::format("event {} at {}@{}\n", event, place.first, place.second);
  }
  Write(lines);
  bool all_new = true;
  for (const auto& each : events) all_new = all_.events.insert(each).second && all_new;
  return all_new;
}

void OutsideList::AddToInbox(const std::vector<size_t>& events) {
  MutexLock lock(&mutex_);
  std::string lines;
  for (const size_t event : events) lines += fmt::format("event {} in the inbox\n", event);
  Write(lines);
  all_.in_inbox.insert(events.begin(), events.end());
}

void OutsideList::AddPolicy(int64_t version) {
  MutexLock lock(&mutex_);
  Write(fmt::format("policy {}\n", version));
  all_.policies.insert(version);
}

void OutsideList::AddClosed(const std::vector<std::string>& entries) {
  MutexLock lock(&mutex_);
  std::string lines;
  for (const std::string& entry : entries) lines += fmt::format("closed {}\n", entry);
  Write(lines);
  all_.closed.insert(entries.begin(), entries.end());
}

Acknowledged OutsideList::All() const {
  MutexLock lock(&mutex_);
  return all_;
}

}  // namespace flywheel
