// Writes the seeds of the fuzz targets: write_seeds DIR makes a folder in DIR for each, with a full
// event of every kind, a full record of every kind, and some random ones; requests, policies, rows,
// and programs that write segments.

#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "events/effective_policy.h"
#include "events/embedded/segment_format.h"
#include "events/event_json.h"
#include "events/sample_records.h"
#include "projections/cell/checkpoint_manifest.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"
#include "projections/facts/place_row.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/buyer_row.h"
#include "projections/models/days_row.h"
#include "projections/models/rating.h"
#include "projections/models/sla.h"
#include "projections/models/smart_row.h"

namespace flywheel {
namespace {

void Write(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

// In the form that inbox_message_fuzz.cc reads.
void WriteInboxMessages(const std::filesystem::path& folder, const std::string& name,
                        const std::string& event) {
  const auto header = [](const std::string& value) {
    return std::string(1, static_cast<char>(value.size())) + value;
  };
  const std::string framing("\0\0\0\0\7\0", 6);
  Write(folder / name, '\0' + event);
  Write(folder / (name + "_framed"), '\0' + framing + event);
  Write(folder / (name + "_json"), '\1' + header("application/json") + EventToJson(event).value());
  Write(folder / (name + "_cloudevent"),
        '\x3E' + header("018df4a6-3c00-7abc-8def-0123456789ab") + header("source zażółć") +
            header("flywheel.events.v1." + name) + header("2024-02-29T12:00:00.123Z") +
            header("1.0") + event);
}

void WriteRequests(const std::filesystem::path& folder) {
  const std::string get =
      "GET /v1/sellers/a%2Fb/rating?market=PL&as_of=2024-02-29T12:00:00Z HTTP/1.1\r\n"
      "Host: localhost:8080\r\nAccept: application/json\r\nConnection: keep-alive\r\n\r\n";
  const std::string post =
      "POST http://host/v1/events?source=a HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\nContent-Length: 2\r\n\r\n{}";
  const std::string chunks =
      "POST /v1/events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: "
      "100-continue\r\n\r\n4;a=b\r\nabcd\r\n0\r\nX: y\r\n\r\n";
  Write(folder / "get", "\x2B" + get);
  Write(folder / "post", "\x0E" + post);
  Write(folder / "chunks", "\x16" + chunks);
  Write(folder / "pipelined", "\xFE\r\n" + get + post + chunks + get);
  Write(folder / "old", std::string("\x06") + "HEAD / HTTP/1.0\r\n\r\n");
  Write(folder / "wrong", std::string("\x02") +
                              "GET /%zz?a==&b HTTP/1.1\r\nHost: a\r\nHost: b\r\n"
                              "Content-Length: 1\r\nContent-Length: 2\r\n\r\n");
}

// In the form that segment_recovery_fuzz.cc reads: groups, then damage.
void WriteSegments(const std::filesystem::path& folder) {
  const std::string groups = "\x04\x10\x2D\x19\x05\x3C\x40\x0A\xFF\x7F";
  Write(folder / "whole", groups);
  Write(folder / "many", groups + groups + groups + groups + groups + groups + groups);
  Write(folder / "changed", groups + std::string("\x18\x80\xC0wxyz", 7));
  Write(folder / "torn", groups + std::string("\x01\x90\xC1\xFF", 4));
  Write(folder / "cut", groups + std::string("\x02\x30\xC2", 3));
  Write(folder / "forged", groups + std::string("\x03\x00\xC2\x07\x40\x00\x09\x00", 8));
  Write(folder / "metadata", EncodeLogMetadata({4, 4711}));
  Write(folder / "header", EncodeSegmentHeader({Partition(3), Offset(7), Offset(0), 4096}, 4711));
  Write(folder / "name", SegmentName(Offset(42)));
}

void WritePolicies(const std::filesystem::path& folder) {
  const policy::v1::Policy filled = FilledIn({});
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(filled, &json).ok()) std::abort();
  Write(folder / "whole", json);
  Write(folder / "bytes", filled.SerializeAsString());
  Write(folder / "empty", "{}");
  Write(folder / "market",
        R"({"markets":[{"code":"PL","rules":{"rating":{"windowDays":30}}},{"code":"DE",)"
        R"("timeZone":"Europe/Berlin","currency":"EUR"}]})");
  Write(folder / "wrong", R"({"defaults":{"sla":{"x":1,"x":2}},"markets":[{"code":7}]})");
}

// The number is that of the check in row_decode_fuzz.cc.
template <class Row>
void WriteRow(const std::filesystem::path& folder, int number, const Row& row) {
  std::string bytes(1, static_cast<char>(number));
  row.Encode(&bytes);
  Write(folder / ("row" + std::to_string(number)), bytes);
}

void WriteRows(const std::filesystem::path& folder) {
  std::string order(1, '\0');
  for (const EventKind kind : sample::AllKinds()) {
    const std::string event = sample::FullEvent(kind).SerializeAsString();
    order += {static_cast<char>(event.size() & 255), static_cast<char>(event.size() >> 8)};
    order += event;
  }
  Write(folder / "order", order);
  WriteRow(folder, 1, OrderRow());
  BuyerRow buyer;
  buyer.AddOrder("o", MarketCode("PL"), Instant(1));
  WriteRow(folder, 2, buyer);
  SellerRow seller;
  seller.registration =
      Registration{Instant(1), Instant(2), Offset(3), MarketCode("PL"), true, false, {"PL", "CZ"}};
  seller.Name(MarketCode("PL"), Instant(4));
  WriteRow(folder, 3, seller);
  WriteRow(folder, 4, StandingRow());
  RatingRow rating;
  rating.Add({{LocalDay(1), 3, -1}, {LocalDay(1), 9, 2}});
  WriteRow(folder, 5, rating);
  SlaRow sla;
  ClockRun run;
  run.stopped = Instant(123'456);
  run.duration_ms = 123'456;
  sla.Add(run, 1);
  WriteRow(folder, 6, sla);
  SmartRow smart;
  smart.standing = SmartStanding();
  smart.rating_days.Add(LocalDay(20'000));
  smart.rating_days.Add(LocalDay(20'365));
  smart.placing_days.push_back({LocalDay(20'000), Instant(1'700'000'000'000)});
  WriteRow(folder, 7, smart);
  SmartChange change;
  change.cause = SmartEvent{EventKind::kReviewPosted, {Offset(7), 1}, "id", "order"};
  WriteRow(folder, 8, change);
  TrackedDay tracked;
  tracked.Add(Instant(1'700'000'000'000), {2, 1}, Instant(0));
  WriteRow(folder, 9, tracked);
  QuarantineRow entry;
  entry.seller_id = "s";
  entry.closed = Offset(9);
  WriteRow(folder, 10, entry);
  WriteRow(folder, 11, PolicyRow{Instant(1), Instant(2), Offset(3), "policy"});
  WriteRow(folder, 12, CellRow());
  WriteRow(folder, 13, PlaceRow{Offset(5)});
  DaysRow days;
  days.At(LocalDay(20'000)).rating = rating;
  days.At(LocalDay(20'001)).sla = sla;
  days.At(LocalDay(20'003)).tracked = tracked;
  WriteRow(folder, 16, days);
  std::string clocks(1, 14);
  AppendOpenClock({SlaClock::kFirstResponse, "id", Instant(5), Instant(6)}, &clocks);
  Write(folder / "row14", clocks);
  CheckpointManifest manifest;
  manifest.files.push_back({"000012.sst", {7, std::string(32, 'a')}});
  Write(folder / "row15", "\x0F" + manifest.ToText());
}

void WriteSeeds(const std::filesystem::path& folder) {
  WriteRequests(folder / "http_request");
  WriteSegments(folder / "segment_recovery");
  WritePolicies(folder / "policy_file");
  WriteRows(folder / "row_decode");
  std::mt19937_64 random(1);
  const sample::Pick pick = [&random](uint64_t below) { return below == 0 ? 0 : random() % below; };
  for (const EventKind kind : sample::AllKinds()) {
    const std::string name(NameOf(kind));
    const std::string full = sample::FullEvent(kind).SerializeAsString();
    Write(folder / "wire_scan" / name, full);
    Write(folder / "event_json" / name, EventToJson(full).value());
    WriteInboxMessages(folder / "inbox_message", name, full);
    for (int i = 0; i < 4; ++i) {
      Write(folder / "wire_scan" / (name + std::to_string(i)),
            sample::RandomEvent(kind, pick).SerializeAsString());
    }
  }
  for (const RecordKind kind : sample::AllRecordKinds()) {
    Write(folder / "wire_scan" / ("record" + std::to_string(static_cast<int>(kind))),
          sample::FullRecord(kind).SerializeAsString());
  }
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_seeds DIR\n");
    return 2;
  }
  flywheel::WriteSeeds(argv[1]);
}
