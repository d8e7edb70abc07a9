// A folder that can be filled.
#ifndef FLYWHEEL_TESTS_ENDURANCE_SMALL_DISK_H_
#define FLYWHEEL_TESTS_ENDURANCE_SMALL_DISK_H_

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace flywheel {

// Operation: a file system of its own in memory, of kMib. REQUIRES: KafkaBroker::CanLimitRoom, by
// the thread that makes it, before any other thread is there.
class SmallDisk {
 public:
  static constexpr int kMib = 192;

  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    const std::string size = "size=" + std::to_string(kMib) + "m";
    if (mount("tmpfs", path_.c_str(), "tmpfs", 0, size.c_str()) != 0) {
      throw std::runtime_error("a file system cannot be mounted at " + path_);
    }
  }
  ~SmallDisk() { umount2(path_.c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& path() const { return path_; }

  // Until not one byte more has room.
  void Fill() const {
    std::ofstream file(Ballast(), std::ios::binary | std::ios::app);
    for (size_t piece = size_t{1} << 20; piece > 0; piece /= 4) {
      const std::string bytes(piece, 'x');
      while (file.write(bytes.data(), static_cast<std::streamsize>(piece)).flush()) {
      }
      file.clear();
    }
  }
  void MakeRoom() const {
    std::error_code ignored;
    std::filesystem::remove(Ballast(), ignored);
  }

 private:
  std::string Ballast() const { return path_ + "/ballast"; }

  std::string path_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_SMALL_DISK_H_
