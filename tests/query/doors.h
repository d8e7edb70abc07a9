// The doors of a node with a client, and what the tests of several doors ask them.
#ifndef FLYWHEEL_TESTS_QUERY_DOORS_H_
#define FLYWHEEL_TESTS_QUERY_DOORS_H_

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "app/events.h"
#include "events/intake.h"
#include "query/http_client.h"
#include "query/http_doors.h"
#include "query/node.h"

namespace flywheel {

inline bool Has(const std::string& text, const std::string& part) {
  INFO(text);
  INFO(part);
  return text.find(part) != std::string::npos;
}

// An order of the seller and a review of it.
inline std::string Sold(const std::string& seller, const std::string& order,
                        bool recommended = true) {
  return EventLine("2025-06-01T10:00:00Z", Placed(order, "b-" + order), seller) +
         EventLine("2025-06-02T10:00:00Z", Reviewed(order, "b-" + order, recommended, 4), seller);
}

inline std::string Rating(const std::string& seller) { return "/v1/sellers/" + seller + "/rating"; }

// A seller of the partition, one of four.
inline std::string SellerOf(int32_t partition) {
  for (int i = 0;; ++i) {
    const std::string seller = "seller-" + std::to_string(i);
    if (PartitionOf(seller, 4) == Partition(partition)) return seller;
  }
}

struct Doors {
  explicit Doors(const MemoryLogOptions& log = TestNode::FourPartitions(),
                 const HttpDoorsOptions& options = {})
      : node(log), doors(StartDoors(node, options)), client(doors->port()) {}

  TestNode node;
  std::unique_ptr<HttpDoors> doors;
  HttpClient client;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_QUERY_DOORS_H_
