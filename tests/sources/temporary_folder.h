// A folder that lives as long as the test.
#ifndef FLYWHEEL_TESTS_SOURCES_TEMPORARY_FOLDER_H_
#define FLYWHEEL_TESTS_SOURCES_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace flywheel {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flywheel-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(std::string_view name) const { return (path_ / name).string(); }
  void Write(std::string_view name, std::string_view text) const {
    std::ofstream file(Path(name), std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + Path(name));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SOURCES_TEMPORARY_FOLDER_H_
