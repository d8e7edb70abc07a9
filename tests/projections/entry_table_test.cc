#include "projections/cell/entry_table.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace flywheel {
namespace {

struct Entry {
  std::string key;
};

// The key with the hash that a test wants.
HashedKey Key(std::string_view text, uint64_t hash) {
  HashedKey key(text);
  key.hash = hash;
  return key;
}

TEST_CASE("an empty table has nothing") {
  const EntryTable<Entry> table;
  CHECK(table.Find(HashedKey("a")) == nullptr);
  CHECK(table.FindHash(HashedKey("a").hash) == nullptr);
  table.Prefetch(7);
}

TEST_CASE("keys that share a hash are told apart") {
  Entry a{"a"};
  Entry b{"b"};
  EntryTable<Entry> table;
  table.Insert(Key("a", 5), &a);
  table.Insert(Key("b", 5), &b);
  CHECK(table.Find(Key("a", 5)) == &a);
  CHECK(table.Find(Key("b", 5)) == &b);
  CHECK(table.Find(Key("c", 5)) == nullptr);
  table.Erase(Key("a", 5), &a);
  CHECK(table.Find(Key("a", 5)) == nullptr);
  CHECK(table.Find(Key("b", 5)) == &b);
}

TEST_CASE("a table agrees with a map whatever is put in and taken out") {
  std::mt19937_64 random(3);
  // Few hashes: long rows of neighbours that wrap round the table's end.
  for (const uint64_t hashes : {2, 17, 1 << 20}) {
    EntryTable<Entry> table;
    std::map<std::string, std::unique_ptr<Entry>> model;
    const auto hash_of = [&](const std::string& key) {
      return HashedKey(key).hash % hashes - (hashes == 17 ? 9 : 0);
    };
    for (int step = 0; step < 20'000; ++step) {
      const std::string key = std::to_string(random() % 300);
      const HashedKey hashed = Key(key, hash_of(key));
      const auto at = model.find(key);
      REQUIRE(table.Find(hashed) == (at == model.end() ? nullptr : at->second.get()));
      if (at == model.end()) {
        auto entry = std::make_unique<Entry>(Entry{key});
        table.Insert(hashed, entry.get());
        model.emplace(key, std::move(entry));
      } else if (random() % 2 == 0) {
        table.Erase(hashed, at->second.get());
        model.erase(at);
      }
    }
    for (const auto& [key, entry] : model) CHECK(table.Find(Key(key, hash_of(key))) == entry.get());
  }
}

}  // namespace
}  // namespace flywheel
