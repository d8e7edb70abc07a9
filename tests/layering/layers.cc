#include "layering/layers.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace flywheel {
namespace {

bool StartsWithAny(std::string_view header, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [header](const std::string& prefix) { return header.starts_with(prefix); });
}

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// The header's folder of src/, or nothing if the header is from outside. Headers of src/ are
// included by their path from there, so the first part of the path decides.
std::optional<std::string> FolderOfOurs(const Layers& layers, std::string_view header) {
  const std::string room(header.substr(0, header.find('/')));
  const bool ours = header.find('/') != std::string_view::npos &&
                    std::any_of(layers.begin(), layers.end(), [&room](const auto& entry) {
                      return entry.first == room || entry.first.starts_with(room + "/");
                    });
  if (!ours) return std::nullopt;
  return FolderOf(header);
}

// The standard library's headers have neither a folder nor an ending.
bool IsStandard(std::string_view header) {
  return header.find('/') == std::string_view::npos && header.find('.') == std::string_view::npos;
}

void ParseLine(const std::string& line, Layers& layers) {
  std::istringstream words(line);
  std::string kind;
  std::string folder;
  words >> kind >> folder;
  if (folder.empty() || folder.back() != ':') throw std::runtime_error("not a rule: " + line);
  folder.pop_back();
  std::vector<std::string> rest;
  for (std::string word; words >> word;) rest.push_back(word);

  if (kind != "folder" && !layers.contains(folder)) {
    throw std::runtime_error("a rule for a folder that is not listed before: " + line);
  }
  Layer& layer = layers[folder];
  if (kind == "folder") {
    layer.all = rest == std::vector<std::string>{"all"};
    layer.folders.insert(rest.begin(), rest.end());
  } else if (kind == "refuse") {
    layer.refused = rest;
  } else if (kind == "only") {
    layer.only = rest;
  } else {
    throw std::runtime_error("not a rule: " + line);
  }
}

}  // namespace

Layers ParseLayers(std::string_view text) {
  Layers layers;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    ParseLine(line, layers);
  }
  return layers;
}

std::optional<std::string> Violation(const Layers& layers, const Include& include) {
  const std::string folder = FolderOf(include.file);
  const std::string place = include.file + " includes \"" + include.header + "\": ";
  const auto found = layers.find(folder);
  if (found == layers.end()) return place + "its folder is not in tests/layering/layers.txt";
  const Layer& layer = found->second;

  if (const auto target = FolderOfOurs(layers, include.header)) {
    if (*target == folder || layer.all || layer.folders.contains(*target)) return std::nullopt;
    return place + folder + " may not use " + *target;
  }
  if (StartsWithAny(include.header, layer.refused)) {
    return place + folder + " is free of this library";
  }
  if (layer.only && !IsStandard(include.header) && !StartsWithAny(include.header, *layer.only)) {
    return place + folder + " may use the listed libraries only";
  }
  return std::nullopt;
}

std::vector<std::string> HeadersOf(std::string_view source) {
  std::vector<std::string> headers;
  std::istringstream lines{std::string(source)};
  for (std::string line; std::getline(lines, line);) {
    line.erase(
        std::remove_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; }),
        line.end());
    if (!line.starts_with("#include") || line.size() < 10) continue;
    const char close = line[8] == '<' ? '>' : '"';
    const size_t end = line.find(close, 9);
    if (end != std::string::npos) headers.push_back(line.substr(9, end - 9));
  }
  return headers;
}

std::vector<Include> IncludesUnder(const std::string& folder) {
  std::vector<Include> includes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto& path = entry.path();
    if (path.extension() != ".cc" && path.extension() != ".h") continue;
    const std::string file = path.lexically_relative(folder).generic_string();
    for (const std::string& header : HeadersOf(FileText(path.string()))) {
      includes.push_back({file, header});
    }
  }
  return includes;
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return text.str();
}

}  // namespace flywheel
