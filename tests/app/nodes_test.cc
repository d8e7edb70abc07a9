#include "app/nodes.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "app/program.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

NodesReport TwoNodes() {
  NodesReport report;
  report.group = "shop.nodes";
  report.state = NodeOwners::State::kStable;
  for (const char* id : {"a", "b"}) {
    NodeStanding node;
    node.member.node_id = id;
    node.member.address = std::string("http://") + id + ":8080";
    node.member.partitions = {Partition(id[0] - 'a')};
    report.nodes.push_back(node);
  }
  for (int32_t number = 0; number < 3; ++number) {
    PartitionStanding standing;
    standing.partition = Partition(number);
    standing.state = "unknown";
    report.partitions.push_back(standing);
  }
  report.partitions[0].node_id = "a";
  report.partitions[1].node_id = "b";
  report.partitions[2].state = "unowned";
  return report;
}

constexpr const char* kAnswer =
    R"({"node":"a","address":"http://a:8080","ready":true,"partitions":3,"cells":[
       {"partition":0,"state":"serving","owner":"http://a:8080","position":"0@1278","end":"0@1280",
        "lagEvents":2,"lagSeconds":0.012,"freshAt":"2025-06-30T12:00:00.000Z"},
       {"partition":1,"state":"serving","position":"1@5","end":"1@5"},
       {"partition":2,"state":"absent"}]})";

TEST_CASE("of a node's answer counts what the node owns") {
  NodesReport report = TwoNodes();
  REQUIRE(TakeNodeAnswer(kAnswer, report.nodes[0], report.partitions));
  CHECK(report.nodes[0].answers);
  CHECK(report.nodes[0].ready);
  const PartitionStanding& own = report.partitions[0];
  CHECK(own.source == PartitionStanding::Source::kNode);
  CHECK(own.state == "serving");
  CHECK(own.position == Offset(1278));
  CHECK(own.end == Offset(1280));
  CHECK(own.lag_events == 2);
  CHECK(own.lag_seconds == 0.012);
  // Another's is not taken from it, though it still has the rows.
  CHECK(report.partitions[1].source == PartitionStanding::Source::kNone);
  CHECK(report.partitions[1].state == "unknown");
  CHECK(report.partitions[2].state == "unowned");
}

TEST_CASE("what is no node's answer is taken for none, whatever it is") {
  for (const std::string text :
       {"", "{", "[]", "{}", "null", R"({"cells":1,"node":"a"})", R"({"cells":[],"node":7})",
        R"({"cells":[],"node":"another"})", "<html>"}) {
    INFO(text);
    NodesReport report = TwoNodes();
    CHECK_FALSE(TakeNodeAnswer(text, report.nodes[0], report.partitions));
    CHECK_FALSE(report.nodes[0].answers);
  }
  // Cells that make no sense are skipped.
  NodesReport report = TwoNodes();
  CHECK(TakeNodeAnswer(R"({"node":"a","cells":[7,{"partition":99,"state":"serving"},
      {"partition":-1},{"partition":"0"},{"partition":0,"state":"serving","position":"0@x"},
      {"partition":0,"state":7}]})",
                       report.nodes[0], report.partitions));
  CHECK(report.partitions[0].source == PartitionStanding::Source::kNone);
}

TEST_CASE("the nodes as JSON and as tables") {
  NodesReport report = TwoNodes();
  REQUIRE(TakeNodeAnswer(kAnswer, report.nodes[0], report.partitions));
  report.nodes[1].trouble = "http://b:8080: Connection refused";
  report.partitions[1].source = PartitionStanding::Source::kGroup;
  report.partitions[1].position = Offset(1100);
  report.partitions[1].end = Offset(1431);
  report.partitions[1].lag_events = 331;
  report.partitions[1].lag_seconds = 14.02;

  const Json json = Json::parse(NodesJson(report));
  CHECK(json["group"] == "shop.nodes");
  CHECK(json["state"] == "stable");
  CHECK(json["nodes"][0]["ready"] == true);
  CHECK(json["nodes"][1]["answers"] == false);
  CHECK(json["nodes"][1]["trouble"] == "http://b:8080: Connection refused");
  CHECK(json["nodes"][1]["partitions"] == Json({1}));
  CHECK(json["partitions"][0]["position"] == "0@1278");
  CHECK(json["partitions"][0]["lagSeconds"] == 0.012);
  CHECK(json["partitions"][0]["source"] == "node");
  CHECK(json["partitions"][1]["source"] == "group");
  CHECK(json["partitions"][1]["lagEvents"] == 331);
  CHECK(json["partitions"][2] ==
        Json({{"partition", 2}, {"state", "unowned"}, {"source", "none"}}));

  const std::string tables = NodesTables(report);
  CHECK_THAT(tables, Catch::StartsWith("group shop.nodes: stable\n"));
  CHECK_THAT(tables, Catch::Contains("does not answer"));
  CHECK_THAT(tables, Catch::Contains("1,100") && Catch::Contains("14.020"));
}

TEST_CASE("only a log on Kafka has nodes, and brokers that are away are the environment's") {
  Program program;
  const ProgramRun embedded = program.Run({"nodes"});
  CHECK(embedded.code == 2);
  CHECK_THAT(embedded.err, Catch::Contains("--log kafka://"));
  CHECK(program.Run({"nodes", "--log", "kafka://nowhere"}).code == 2);
  CHECK(program.Run({"nodes", "--log", "kafka://127.0.0.1:1/x", "--kafka", "no.such=1"}).code == 2);
  CHECK(program.Run({"nodes", "--log", "kafka://127.0.0.1:1/x"}).code == 4);
}

}  // namespace
}  // namespace flywheel
