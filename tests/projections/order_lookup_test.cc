#include "projections/views/order_lookup.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "projections/facts/row_keys.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

absl::Status GoOn(uint64_t) { return absl::OkStatus(); }

// So many sellers who all have an order and a parcel of one id.
void Share(const std::string& id, size_t sellers, MemoryStore* store) {
  const auto batch = store->NewBatch();
  for (size_t i = 0; i < sellers; ++i) {
    const std::string seller = "s" + std::to_string(i);
    batch->Put(row_keys::OfSeller(seller), "");
    batch->Put(row_keys::Order(seller, id), "");
    batch->Put(row_keys::Named(EventKind::kParcelRegistered, id, seller, "other"), "");
  }
  REQUIRE(store->Write(batch.get()).ok());
}

TEST_CASE("an id that very many orders share is looked for up to a limit") {
  MemoryStore few;
  Share("same", kMaxOrderMatches / 2, &few);
  CHECK(FindOrders({&few}, "same", "", GoOn)->size() == kMaxOrderMatches);
  MemoryStore many;
  Share("same", kMaxOrderMatches + 1, &many);
  const auto matches = *FindOrders({&many, &few}, "same", "", GoOn);
  REQUIRE(matches.size() == kMaxOrderMatches);
  for (const OrderMatch& match : matches) REQUIRE(match.by == Subject::kNone);
  CHECK(std::set<OrderMatch>(matches.begin(), matches.end()).size() == kMaxOrderMatches);
  CHECK(SellersWithOrder(many, "same", GoOn, 7)->size() == 7);
  CHECK(SellersWithOrder(many, "same", GoOn)->size() == kMaxOrderMatches + 1);
}

}  // namespace
}  // namespace flywheel
