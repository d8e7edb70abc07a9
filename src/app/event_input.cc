#include "app/event_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "app/output_file.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kMaxVarintBytes = 10;

IntakeRefusal Refusal(RefusalCode code, std::string sentence) {
  IntakeRefusal refusal;
  refusal.code = code;
  refusal.sentence = std::move(sentence);
  return refusal;
}

// A varint at the front of the text. `bytes` 0: more is needed; -1: none is there.
struct Varint {
  uint64_t value = 0;
  int bytes = 0;
};
Varint ReadVarint(std::string_view text) {
  Varint varint;
  for (size_t i = 0; i < kMaxVarintBytes; ++i) {
    if (i == text.size()) return varint;
    const auto byte = static_cast<unsigned char>(text[i]);
    varint.value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      varint.bytes = static_cast<int>(i) + 1;
      return varint;
    }
  }
  varint.bytes = -1;
  return varint;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventInput>> EventInput::Open(const Context& context,
                                                             const std::string& path,
                                                             EventFormat format) {
  std::unique_ptr<EventInput> input(
      new EventInput(context, path == "-" ? "standard input" : path, format));
  if (path == "-") {
    input->fd_ = context.in_fd;
  } else {
    input->fd_ = open(context.PathOf(path).c_str(), O_RDONLY | O_CLOEXEC);
    if (input->fd_ < 0) return FileError(errno, path, "cannot be read");
    input->owns_fd_ = true;
  }
  struct stat state = {};
  if (fstat(input->fd_, &state) != 0) return FileError(errno, input->path_, "cannot be read");
  if (S_ISDIR(state.st_mode)) return FileError(EISDIR, input->path_, "cannot be read");
  if (S_ISREG(state.st_mode)) input->total_bytes_ = static_cast<uint64_t>(state.st_size);
  return input;
}

EventInput::~EventInput() {
  if (owns_fd_) close(fd_);
}

absl::Status EventInput::NextBatch(std::vector<OfferedEvent>* batch) {
  batch->clear();
  size_t batch_bytes = 0;
  while (batch->size() < kMaxBatchEvents && batch_bytes < kMaxBatchBytes) {
    const size_t before = taken_;
    if (Take(batch)) {
      batch_bytes += taken_ - before;
      continue;
    }
    if (at_end_ || !Readable(/*wait=*/batch->empty())) break;
    RETURN_IF_ERROR(ReadMore());
  }
  return absl::OkStatus();
}

bool EventInput::Readable(bool wait) const {
  pollfd waiting[2] = {{fd_, POLLIN, 0}, {context_.interrupt->fd(), POLLIN, 0}};
  while (!context_.interrupt->raised()) {
    const int ready = poll(waiting, 2, wait ? -1 : 0);
    if (ready < 0 && errno == EINTR) continue;
    // An error of poll is left to read, which names it.
    return ready != 0 && !context_.interrupt->raised();
  }
  return false;
}

absl::Status EventInput::ReadMore() {
  if (taken_ > 0) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  const size_t held = buffer_.size();
  buffer_.resize(held + kReadBytes);
  ssize_t count = 0;
  do {
    count = read(fd_, buffer_.data() + held, kReadBytes);
  } while (count < 0 && errno == EINTR && !context_.interrupt->raised());
  const int error = errno;
  buffer_.resize(held + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) {
    return error == EINTR ? absl::OkStatus() : FileError(error, path_, "cannot be read");
  }
  bytes_read_ += static_cast<uint64_t>(count);
  at_end_ = count == 0;
  return absl::OkStatus();
}

bool EventInput::Take(std::vector<OfferedEvent>* batch) {
  return format_ == EventFormat::kJsonLines ? TakeLine(batch) : TakeFrame(batch);
}

void EventInput::RefuseTooLong(std::vector<OfferedEvent>* batch, size_t at_least_bytes) {
  batch->push_back({number_, Refusal(RefusalCode::kInvalid,
                                     fmt::format("{} or more bytes, more than the {} that are read",
                                                 at_least_bytes, kMaxInputBytes))});
}

bool EventInput::TakeLine(std::vector<OfferedEvent>* batch) {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  const size_t end = rest.find('\n', searched_);
  if (end == std::string_view::npos) {
    if (skip_line_) {
      taken_ = buffer_.size();
      return false;
    }
    if (rest.size() > kMaxInputBytes) {
      ++number_;
      RefuseTooLong(batch, rest.size());
      skip_line_ = true;
      searched_ = 0;
      taken_ = buffer_.size();
      return true;
    }
    searched_ = rest.size();
    if (!at_end_ || rest.empty()) return false;
  }
  std::string_view line = rest.substr(0, end);
  taken_ += end == std::string_view::npos ? line.size() : end + 1;
  searched_ = 0;
  if (std::exchange(skip_line_, false)) return true;
  ++number_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == std::string_view::npos) {
    ++empty_lines_;
  } else if (line.size() > kMaxInputBytes) {
    RefuseTooLong(batch, line.size());
  } else {
    batch->push_back({number_, EventFromJson(line)});
  }
  return true;
}

bool EventInput::TakeFrame(std::vector<OfferedEvent>* batch) {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (to_skip_ > 0) {
    const uint64_t skipped = std::min<uint64_t>(to_skip_, rest.size());
    taken_ += skipped;
    to_skip_ -= skipped;
    return skipped > 0;
  }
  const Varint length = ReadVarint(rest);
  const bool cut_off =
      length.bytes == 0 || (length.bytes > 0 && length.value <= kMaxInputBytes &&
                            length.value > rest.size() - static_cast<size_t>(length.bytes));
  if (cut_off && (!at_end_ || rest.empty())) return false;
  ++number_;
  if (length.bytes < 0 || cut_off) {
    batch->push_back({number_, Refusal(RefusalCode::kUndecodable,
                                       cut_off ? "the stream ends within the event"
                                               : "no length of an event stands here; what follows "
                                                 "cannot be read")});
    taken_ = buffer_.size();
    at_end_ = true;
    return true;
  }
  taken_ += static_cast<size_t>(length.bytes);
  if (length.value > kMaxInputBytes) {
    RefuseTooLong(batch, length.value);
    to_skip_ = length.value;
    return true;
  }
  batch->push_back({number_, std::string(rest.substr(static_cast<size_t>(length.bytes),
                                                     static_cast<size_t>(length.value)))});
  taken_ += static_cast<size_t>(length.value);
  return true;
}

}  // namespace flywheel
