#include "sources/olist.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using events::v1::Event;

constexpr std::string_view kOrdersHeader =
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date\n";
constexpr std::string_view kItemsHeader =
    "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n";
constexpr std::string_view kReviewsHeader =
    "review_id,order_id,review_score,review_comment_title,review_comment_message,"
    "review_creation_date,review_answer_timestamp\n";
constexpr std::string_view kCustomersHeader =
    "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n";

// The files of one import, without their headers.
struct Files {
  std::string orders = {};
  std::string items = {};
  std::string reviews = {};
  std::string customers = "c1,person1,1,são paulo,SP\nc2,person2,1,x,SP\n";
  std::string sellers = {};   // empty: no file
  std::string payments = {};  // empty: no file
};

struct Imported {
  absl::Status status;
  std::vector<Event> events;
  OlistSummary summary;
};

std::string operator+(std::string_view a, const std::string& b) { return std::string(a) + b; }

Imported Import(const Files& files) {
  const TemporaryFolder folder;
  folder.Write("olist_orders_dataset.csv", kOrdersHeader + files.orders);
  folder.Write("olist_order_items_dataset.csv", kItemsHeader + files.items);
  folder.Write("olist_order_reviews_dataset.csv", kReviewsHeader + files.reviews);
  folder.Write("olist_customers_dataset.csv", kCustomersHeader + files.customers);
  if (!files.sellers.empty()) {
    folder.Write("olist_sellers_dataset.csv",
                 "seller_id,seller_zip_code_prefix,seller_city,seller_state\n" + files.sellers);
  }
  if (!files.payments.empty()) {
    folder.Write("olist_order_payments_dataset.csv",
                 "order_id,payment_sequential,payment_type,payment_installments,payment_value\n" +
                     files.payments);
  }
  Imported imported;
  imported.status = ImportOlist(
      folder.Path(""),
      [&imported](const Event& event) {
        imported.events.push_back(event);
        return absl::OkStatus();
      },
      &imported.summary);
  INFO(imported.status.ToString());
  CHECK(imported.status.ok());
  return imported;
}

const OlistFileSummary& FileOf(const OlistSummary& summary, std::string_view name) {
  for (const OlistFileSummary& file : summary.files) {
    if (file.file == name) return file;
  }
  throw std::runtime_error("no such file");
}

using Counts = std::map<std::string, int64_t, std::less<>>;

Counts SkippedOf(const Imported& imported, std::string_view file) {
  return FileOf(imported.summary, "olist_" + std::string(file) + "_dataset.csv").skipped;
}
Counts PublishedOf(const Imported& imported, std::string_view file) {
  return FileOf(imported.summary, "olist_" + std::string(file) + "_dataset.csv").published;
}

std::vector<int> Kinds(const Imported& imported) {
  std::vector<int> kinds;
  for (const Event& event : imported.events) kinds.push_back(event.payload_case());
  return kinds;
}

// Seconds of a UTC time on 2018-01-10, when São Paulo was two hours behind.
int64_t January10(int hour, int minute = 0) { return 1515542400 + hour * 3600 + minute * 60; }

const std::string kDelivered =
    "o1,c1,delivered,2018-01-10 10:00:00,2018-01-10 10:05:00,2018-01-10 12:00:00,"
    "2018-01-10 18:00:00,2018-01-20 00:00:00\n";

TEST_CASE("a delivered and reviewed order becomes all of its events in order") {
  const Imported imported =
      Import({.orders = kDelivered,
              .items = "o1,1,prodA,s1,2018-01-11 10:00:00,99.9,8.77\n"
                       "o1,2,prodB,s1,2018-01-12 10:00:00,10,0.5\n",
              .reviews = "r1,o1,4,Title,\"Two\nlines\",2018-01-10 20:00:00,2018-01-10 21:00:00\n"});
  CHECK(Kinds(imported) == std::vector<int>{Event::kSellerRegistered, Event::kSellerStandingChanged,
                                            Event::kOrderPlaced, Event::kOrderPaid,
                                            Event::kParcelRegistered, Event::kParcelScanned,
                                            Event::kParcelScanned, Event::kReviewPosted,
                                            Event::kReviewAnswered});
  for (const Event& event : imported.events) {
    CHECK(event.seller_id() == "s1");
    CHECK(event.market() == "BR");
    CHECK(event.source() == "olist");
    CHECK_FALSE(event.has_recorded_at());
  }
  const std::vector<Event>& events = imported.events;
  CHECK(events[0].occurred_at().seconds() == January10(12));
  CHECK(events[0].seller_registered().business());
  CHECK_FALSE(events[0].seller_registered().pharmacy());
  REQUIRE(events[0].seller_registered().markets_size() == 1);
  CHECK(events[0].seller_registered().markets(0) == "BR");
  CHECK(events[1].occurred_at().seconds() == January10(12));
  CHECK(events[1].seller_standing_changed().ShortDebugString() ==
        "fees_paid: true return_policy { free_returns: true withdrawal_days: 14 } "
        "smart_delivery_methods: 1");
  CHECK(events[2].order_placed().ShortDebugString() ==
        "order_id: \"o1\" buyer_id: \"person1\" "
        "lines { line_id: \"1\" offer_id: \"prodA\" quantity: 1 "
        "unit_price { amount_minor: 9990 currency: \"BRL\" } } "
        "lines { line_id: \"2\" offer_id: \"prodB\" quantity: 1 "
        "unit_price { amount_minor: 1000 currency: \"BRL\" } } "
        "total { amount_minor: 11917 currency: \"BRL\" } "
        "delivery { method: COURIER carrier_id: \"olist\" "
        "list_price { amount_minor: 927 currency: \"BRL\" } "
        "price_paid_by_buyer { amount_minor: 927 currency: \"BRL\" } covered_by: BUYER "
        "promised_dispatch_by { seconds: 1515758400 } "
        "promised_delivery_by { seconds: 1516499999 nanos: 999000000 } }");
  CHECK(events[3].occurred_at().seconds() == January10(12, 5));
  CHECK(events[3].order_paid().order_id() == "o1");
  CHECK(events[4].occurred_at().seconds() == January10(14));
  CHECK(events[4].parcel_registered().ShortDebugString() ==
        "order_id: \"o1\" parcel_id: \"p:o1\" carrier_id: \"olist\" direction: OUTBOUND");
  CHECK(events[5].parcel_scanned().code() == events::v1::ScanCode::IN_TRANSIT);
  CHECK(events[5].occurred_at().seconds() == January10(14));
  CHECK(events[6].parcel_scanned().code() == events::v1::ScanCode::DELIVERED);
  CHECK(events[6].parcel_scanned().parcel_id() == "p:o1");
  CHECK(events[6].occurred_at().seconds() == January10(20));
  CHECK(events[7].review_posted().ShortDebugString() ==
        "order_id: \"o1\" review_id: \"r1:o1\" buyer_id: \"person1\" recommended: true "
        "rates { service: 4 } comment: \"Title\\n\\nTwo\\nlines\"");
  CHECK(events[8].review_answered().ShortDebugString() == "order_id: \"o1\" review_id: \"r1:o1\"");
  CHECK(imported.summary.ToText().find("9 events") != std::string::npos);
}

TEST_CASE("an order of several sellers becomes one for each with a copy of everything") {
  const Imported imported =
      Import({.orders = "o1,c1,canceled,2018-01-10 10:00:00,2018-01-10 10:05:00,"
                        "2018-01-10 12:00:00,,\n",
              .items = "o1,1,prodA,s2,,1.00,0.10\no1,2,prodB,s1,,2.00,0.20\n"
                       "o1,3,prodA,s2,,1.00,0.10\n",
              .reviews = "r1,o1,3,,,2018-01-11 00:00:00,\n"});
  std::map<std::string, Counts> by_seller;
  std::map<std::string, int64_t> totals;
  for (const Event& event : imported.events) {
    ++by_seller[event.seller_id()][std::to_string(event.payload_case())];
    if (event.has_order_placed()) {
      CHECK(event.order_placed().order_id() == "o1:" + event.seller_id());
      totals[event.seller_id()] = event.order_placed().total().amount_minor();
      CHECK_FALSE(event.order_placed().delivery().has_promised_dispatch_by());
      CHECK_FALSE(event.order_placed().delivery().has_promised_delivery_by());
    }
    if (event.has_parcel_registered()) {
      CHECK(event.parcel_registered().parcel_id() == "p:o1:" + event.seller_id());
    }
    if (event.has_review_posted()) {
      CHECK(event.review_posted().review_id() == "r1:o1:" + event.seller_id());
      CHECK_FALSE(event.review_posted().recommended());
      CHECK(event.review_posted().comment().empty());
    }
    if (event.has_order_cancelled()) {
      CHECK(event.order_cancelled().by() == events::v1::Actor::SYSTEM);
      CHECK(event.occurred_at().seconds() == January10(14));
    }
  }
  REQUIRE(by_seller.size() == 2);
  CHECK(by_seller["s1"] == by_seller["s2"]);
  CHECK(by_seller["s1"].size() == 8);
  CHECK(totals["s1"] == 220);
  CHECK(totals["s2"] == 220);
  CHECK(PublishedOf(imported, "orders") == Counts{{"an order for each seller", 1}});
  CHECK(PublishedOf(imported, "order_reviews") == Counts{{"a review for each seller", 1}});
  CHECK(PublishedOf(imported, "order_items") == Counts{{"a line", 3}});
}

TEST_CASE("the earliest review of an order is published, then the first row") {
  const Imported imported = Import({.orders = kDelivered,
                                    .items = "o1,1,prodA,s1,,1,0\n",
                                    .reviews = "r1,o1,5,,,2018-02-03 00:00:00,\n"
                                               "r2,o1,1,,b,2018-02-02 00:00:00,\n"
                                               "r3,o1,5,,c,2018-02-02 00:00:00,\n"});
  std::vector<std::string> reviews;
  for (const Event& event : imported.events) {
    if (event.has_review_posted()) reviews.push_back(event.review_posted().review_id());
  }
  CHECK(reviews == std::vector<std::string>{"r2:o1"});
  CHECK(SkippedOf(imported, "order_reviews") ==
        Counts{{"not the earliest review of its order", 2}});
}

TEST_CASE("orders without items and their reviews are skipped and counted") {
  const Imported imported =
      Import({.orders = "o1,c1,unavailable,2018-01-10 10:00:00,,,,\n",
              .reviews = "r1,o1,1,,,2018-02-03 00:00:00,\nr2,none,1,,,2018-02-03 00:00:00,\n",
              .payments = "o1,1,voucher,1,1.00\nnone,1,voucher,1,1.00\n"});
  CHECK(imported.events.empty());
  CHECK(SkippedOf(imported, "orders") == Counts{{"order without items", 1}});
  CHECK(SkippedOf(imported, "order_reviews") ==
        Counts{{"order unknown", 1}, {"order without items", 1}});
  CHECK(SkippedOf(imported, "customers") ==
        Counts{{"its order is skipped", 1}, {"no order names it", 1}});
  CHECK(SkippedOf(imported, "order_payments") ==
        Counts{{"order unknown", 1}, {"order without items", 1}});
}

TEST_CASE("an order whose customer is missing is skipped with its items and reviews") {
  const Imported imported = Import({.orders = "o1,c9,created,2018-01-10 10:00:00,,,,\n",
                                    .items = "o1,1,prodA,s1,,1,0\no9,1,prodA,s1,,1,0\n",
                                    .reviews = "r1,o1,1,,,2018-02-03 00:00:00,\n"});
  CHECK(imported.events.empty());
  CHECK(SkippedOf(imported, "orders") == Counts{{"order without customer", 1}});
  CHECK(SkippedOf(imported, "order_items") ==
        Counts{{"order unknown", 1}, {"order without customer", 1}});
  CHECK(SkippedOf(imported, "order_reviews") == Counts{{"order without customer", 1}});
}

TEST_CASE("of repeated orders, items, customers and sellers the first row stands") {
  const Imported imported = Import({.orders = "o1,c1,created,2018-01-10 10:00:00,,,,\n"
                                              "o1,c2,created,2018-01-11 10:00:00,,,,\n",
                                    .items = "o1,1,prodA,s1,,1,0\no1,1,prodB,s2,,5,0\n",
                                    .customers = "c1,person1,1,x,SP\nc1,person3,1,x,SP\n",
                                    .sellers = "s1,1,x,SP\ns1,1,x,SP\ns7,1,x,SP\n"});
  CHECK(Kinds(imported) == std::vector<int>{Event::kSellerRegistered, Event::kSellerStandingChanged,
                                            Event::kOrderPlaced});
  CHECK(imported.events[2].order_placed().buyer_id() == "person1");
  CHECK(imported.events[2].order_placed().total().amount_minor() == 100);
  CHECK(SkippedOf(imported, "orders") == Counts{{"the same order again", 1}});
  CHECK(SkippedOf(imported, "order_items") == Counts{{"the same item again", 1}});
  CHECK(SkippedOf(imported, "customers") == Counts{{"the same customer again", 1}});
  CHECK(SkippedOf(imported, "sellers") ==
        Counts{{"sells in no published order", 1}, {"the same seller again", 1}});
  CHECK(PublishedOf(imported, "sellers") == Counts{{"matched: the seller of an order", 1}});
}

TEST_CASE("rows that cannot be read are named with file, line and column and stop nothing") {
  const Imported imported = Import(
      {.orders = kDelivered + "o2,c2,created,2018-13-10 10:00:00,,,,\n" + "o3,c2,created,,,,,\n" +
                 "o4,c2,created,2018-01-10 10:00:00,yesterday,,,\n" + "o5,c2,created\n" +
                 ",c2,created,2018-01-10 10:00:00,,,,\n" +
                 "o:6,c2,created,2018-01-10 10:00:00,,,,\n" +
                 "o7,c2,created,1969-01-10 10:00:00,,,,\n",
       .items = "o1,1,prodA,s1,,12.345,0\no1,2,prodA,s1,,1e3,0\no1,3,prodA,s1,,-1,0\n"
                "o1,4,prodA,s1,,,0\no1,5,prodA,,,1,0\no1,6,prodA,s1,2018-02-30 00:00:00,1,0\n"
                "o1,7,prodA,s1,,7,0.01\n",
       .reviews = "r1,o1,6,,,2018-02-03 00:00:00,\nr2,o1,,,,2018-02-03 00:00:00,\n"
                  "r3,o1,5,,,,\nr4,o1,5,,\xFF,2018-02-03 00:00:00,\n"});
  CHECK(SkippedOf(imported, "orders") ==
        Counts{{"bad date", 3}, {"bad id", 2}, {"no date", 1}, {"wrong number of fields", 1}});
  CHECK(SkippedOf(imported, "order_items") ==
        Counts{{"bad amount", 4}, {"bad date", 1}, {"bad id", 1}});
  CHECK(SkippedOf(imported, "order_reviews") ==
        Counts{{"bad score", 2}, {"invalid UTF-8", 1}, {"no date", 1}});
  CHECK(imported.summary.problems.size() == 17);
  CHECK(imported.summary.problems[0].file == "olist_orders_dataset.csv");
  CHECK(imported.summary.problems[0].line == 3);
  CHECK(imported.summary.problems[0].sentence ==
        "bad date: order_purchase_timestamp is '2018-13-10 10:00:00'");
  CHECK(imported.summary.orders == 1);
  CHECK(imported.summary.lines == 1);
}

TEST_CASE("a delivery without a carrier date registers the parcel at its own instant") {
  const Imported imported =
      Import({.orders = "o1,c1,delivered,2018-01-10 10:00:00,,,2018-01-10 18:00:00,\n",
              .items = "o1,1,prodA,s1,,1,0\n"});
  REQUIRE(imported.events.size() == 5);
  CHECK(imported.events[3].has_parcel_registered());
  CHECK(imported.events[3].occurred_at().seconds() == January10(20));
  CHECK(imported.events[4].parcel_scanned().code() == events::v1::ScanCode::DELIVERED);
  CHECK(imported.events[4].occurred_at().seconds() == January10(20));
}

TEST_CASE("dates that contradict each other are published by time, a cancellation at the latest") {
  const Imported imported =
      Import({.orders = "o1,c1,unavailable,2018-01-10 10:00:00,2018-01-10 19:00:00,"
                        "2018-01-10 12:00:00,2018-01-10 11:00:00,\n",
              .items = "o1,1,prodA,s1,,1,0\n"});
  CHECK(Kinds(imported) == std::vector<int>{Event::kSellerRegistered, Event::kSellerStandingChanged,
                                            Event::kOrderPlaced, Event::kParcelScanned,
                                            Event::kParcelRegistered, Event::kParcelScanned,
                                            Event::kOrderPaid, Event::kOrderCancelled});
  CHECK(imported.events.back().occurred_at().seconds() == January10(21));
}

TEST_CASE("equal instants are published by kind, then by order id") {
  const std::string at = "2018-01-10 10:00:00";
  const std::string dates = at + "," + at + "," + at + "," + at + "," + at + "\n";
  const Imported imported =
      Import({.orders = "o2,c2,canceled," + dates + "o1,c1,canceled," + dates,
              .items = "o2,1,prodA,s1,,1,0\no1,1,prodA,s2,,1,0\n",
              .reviews = "r2,o2,5,,," + at + "," + at + "\nr1,o1,5,,," + at + "," + at + "\n"});
  REQUIRE(imported.events.size() == 20);
  const std::vector<int> kinds = Kinds(imported);
  const std::vector<int> expected = {Event::kSellerRegistered, Event::kSellerStandingChanged,
                                     Event::kOrderPlaced,      Event::kOrderPaid,
                                     Event::kParcelRegistered, Event::kParcelScanned,
                                     Event::kParcelScanned,    Event::kOrderCancelled,
                                     Event::kReviewPosted,     Event::kReviewAnswered};
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(kinds[2 * i] == expected[i]);
    CHECK(kinds[2 * i + 1] == expected[i]);
    CHECK(imported.events[2 * i].seller_id() == "s2");  // order o1
    CHECK(imported.events[2 * i + 1].seller_id() == "s1");
  }
  CHECK(imported.events[10].parcel_scanned().code() == events::v1::ScanCode::IN_TRANSIT);
  CHECK(imported.events[12].parcel_scanned().code() == events::v1::ScanCode::DELIVERED);
}

TEST_CASE("a seller is registered once, before the first purchase by time") {
  const Imported imported = Import({.orders = "o1,c1,created,2018-01-12 10:00:00,,,,\n"
                                              "o2,c2,created,2018-01-10 10:00:00,,,,\n",
                                    .items = "o1,1,prodA,s1,,1,0\no2,1,prodA,s1,,1,0\n"});
  CHECK(Kinds(imported) == std::vector<int>{Event::kSellerRegistered, Event::kSellerStandingChanged,
                                            Event::kOrderPlaced, Event::kOrderPlaced});
  CHECK(imported.events[0].occurred_at().seconds() == January10(12));
}

TEST_CASE("local times that the clock skips or repeats are taken as the contract says") {
  // 2017-10-15 started at 01:00 (the clock skipped midnight); 2018-02-17 23:30 happened twice.
  const Imported imported =
      Import({.orders = "o1,c1,created,2017-10-15 00:30:00,2018-02-17 23:30:00,,,"
                        "2017-10-14 00:00:00\n",
              .items = "o1,1,prodA,s1,,1,0\n"});
  REQUIRE(imported.events.size() == 4);
  CHECK(imported.events[2].occurred_at().seconds() == 1508038200);  // 03:30 UTC, at UTC-3
  CHECK(imported.events[3].occurred_at().seconds() == 1518917400);  // 01:30 UTC, at UTC-2
  const Imported after = Import(
      {.orders = "o1,c1,created,2018-02-18 00:00:00,,,,\n", .items = "o1,1,prodA,s1,,1,0\n"});
  CHECK(after.events.back().occurred_at().seconds() == 1518922800);  // 03:00 UTC, at UTC-3
  const auto& promise = imported.events[2].order_placed().delivery().promised_delivery_by();
  CHECK(promise.seconds() == 1508036399);  // 1 ms before the change at 03:00 UTC
  CHECK(promise.nanos() == 999'000'000);
}

TEST_CASE("event ids are UUIDv8, differ by act and are the same at every import") {
  const Files files = {.orders = kDelivered,
                       .items = "o1,1,prodA,s1,,1,0\no1,2,prodA,s2,,1,0\n",
                       .reviews = "r1,o1,5,,,2018-02-03 00:00:00,2018-02-03 00:00:00\n"};
  const Imported first = Import(files);
  const Imported second = Import(files);
  std::set<std::string> ids;
  REQUIRE(first.events.size() == second.events.size());
  for (size_t i = 0; i < first.events.size(); ++i) {
    CHECK(first.events[i].SerializeAsString() == second.events[i].SerializeAsString());
    const std::string& id = first.events[i].event_id();
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '8');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    ids.insert(id);
  }
  CHECK(ids.size() == first.events.size());
}

TEST_CASE("amounts become centavos exactly") {
  CHECK(*ParseCentavos("99.9") == 9990);
  CHECK(*ParseCentavos("144.0") == 14400);
  CHECK(*ParseCentavos("0.29") == 29);
  CHECK(*ParseCentavos("7") == 700);
  CHECK(*ParseCentavos("0") == 0);
  CHECK(*ParseCentavos("0013.50") == 1350);
  CHECK(*ParseCentavos("9999999999999.99") == 999999999999999);
  for (const std::string_view bad : {"", ".", "1.", ".5", "1.234", "-1", "+1", "1,5", "1e2", " 1",
                                     "1 ", "NaN", "inf", "0x1", "1.2.3", "99999999999999.99"}) {
    CAPTURE(bad);
    CHECK(ParseCentavos(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("an error of the sink ends the import and is handed on") {
  const TemporaryFolder folder;
  folder.Write("olist_orders_dataset.csv", kOrdersHeader + kDelivered);
  folder.Write("olist_order_items_dataset.csv", kItemsHeader + std::string("o1,1,prodA,s1,,1,0\n"));
  folder.Write("olist_order_reviews_dataset.csv", kReviewsHeader);
  folder.Write("olist_customers_dataset.csv", kCustomersHeader + std::string("c1,p,1,x,y\n"));
  int calls = 0;
  OlistSummary summary;
  const absl::Status status = ImportOlist(
      folder.Path(""),
      [&calls](const Event&) {
        return ++calls == 2 ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
      },
      &summary);
  CHECK(absl::IsResourceExhausted(status));
  CHECK(calls == 2);
}

TEST_CASE("a folder without the files is NotFound and names the file") {
  const TemporaryFolder folder;
  OlistSummary summary;
  const auto ignore = [](const Event&) { return absl::OkStatus(); };
  const absl::Status status = ImportOlist(folder.Path(""), ignore, &summary);
  CHECK(absl::IsNotFound(status));
  CHECK(std::string(status.message()).find("olist_orders_dataset.csv") != std::string::npos);
}

TEST_CASE("the real sample is accounted for to the last row") {
  const std::string folder = FLYWHEEL_SOURCE_DIR "/../shared/data/olist-8k";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: the real sample is not at " << folder);
    return;
  }
  OlistSummary summary;
  std::set<std::string> ids;
  std::map<std::string, std::pair<int64_t, int64_t>> parcels;  // carrier, customer
  std::map<std::string, int64_t> paid;
  std::set<std::string> cancelled;
  std::pair<int64_t, int32_t> last{0, 0};
  int64_t carrier_before_approval = 0;
  int64_t delivered_before_carrier = 0;
  const absl::Status status = ImportOlist(
      folder,
      [&](const Event& event) {
        ids.insert(event.event_id());
        const std::pair at(event.occurred_at().seconds(), event.occurred_at().nanos());
        CHECK(last <= at);
        last = at;
        if (event.has_order_paid()) paid[event.order_paid().order_id()] = at.first;
        if (event.has_order_cancelled()) cancelled.insert(event.order_cancelled().order_id());
        if (event.has_parcel_scanned()) {
          auto& parcel = parcels[event.parcel_scanned().order_id()];
          const bool there = event.parcel_scanned().code() == events::v1::ScanCode::DELIVERED;
          (there ? parcel.second : parcel.first) = at.first;
        }
        return absl::OkStatus();
      },
      &summary);
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(summary.CheckSums().ok());
  CHECK(ids.size() == static_cast<size_t>(summary.EventCount()));
  CHECK(summary.problems.empty());
  std::set<std::string> cancelled_yet_delivered;
  for (const auto& [order, dates] : parcels) {
    const auto [carrier, customer] = dates;
    if (carrier != 0 && customer != 0 && customer < carrier) ++delivered_before_carrier;
    if (carrier != 0 && paid.contains(order) && carrier < paid[order]) ++carrier_before_approval;
    if (customer != 0 && cancelled.contains(order)) cancelled_yet_delivered.insert(order);
  }
  // The sample's README names these; orders of several sellers count once for each.
  CHECK(FileOf(summary, "olist_orders_dataset.csv").rows == 8135);
  CHECK(FileOf(summary, "olist_order_items_dataset.csv").rows == 8365);
  CHECK(FileOf(summary, "olist_order_reviews_dataset.csv").rows == 8225);
  CHECK(FileOf(summary, "olist_sellers_dataset.csv").rows == 1610);
  CHECK(FileOf(summary, "olist_customers_dataset.csv").rows == 8135);
  CHECK(FileOf(summary, "olist_orders_dataset.csv").published.at("an order for each seller") == 71);
  CHECK(carrier_before_approval >= 77);
  CHECK(delivered_before_carrier >= 3);
  CHECK(cancelled_yet_delivered.size() >= 6);
}

}  // namespace
}  // namespace flywheel
