#include "sources/olist.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "base/uuid.h"
#include "sources/olist_files.h"

namespace flywheel {
namespace {

using events::v1::Actor;
using events::v1::Event;

constexpr std::string_view kMarket = "BR";
constexpr std::string_view kCurrency = "BRL";
constexpr std::string_view kZone = "America/Sao_Paulo";
constexpr std::string_view kSource = "olist";
constexpr std::string_view kCarrier = "olist";
constexpr int32_t kRecommendingScore = 4;
constexpr size_t kNone = SIZE_MAX;

// What became of an order's row.
enum class Fate : uint8_t { kPublished, kNoItems, kNoCustomer };

std::string_view NameOf(Fate fate) {
  switch (fate) {
    case Fate::kPublished:
      return "published";
    case Fate::kNoItems:
      return "order without items";
    case Fate::kNoCustomer:
      return "order without customer";
  }
  return "";
}

// A row of the orders file with what the other files say of it. Numbers are indexes of OlistFiles.
struct JoinedOrder {
  Fate fate = Fate::kNoItems;
  size_t sellers = 0;
  std::vector<size_t> items;
  size_t customer = kNone;
  size_t review = kNone;  // the earliest
};

// One order of ours: what one seller sold in an order of the files.
struct OurOrder {
  std::string id;
  size_t row = 0;  // of the orders file
  std::string_view seller_id;
  std::vector<size_t> items;
};

// The acts of an order at one instant come in this order.
enum class Act : uint8_t {
  kSellerRegistered,
  kStandingChanged,
  kPlaced,
  kPaid,
  kParcelRegistered,
  kInTransit,
  kDelivered,
  kCancelled,
  kReviewPosted,
  kReviewAnswered,
};

struct PlannedEvent {
  Instant at;
  Act act;
  size_t order;  // of ours, which are sorted by id

  friend bool operator<(const PlannedEvent& a, const PlannedEvent& b) {
    return std::tie(a.at, a.act, a.order) < std::tie(b.at, b.act, b.order);
  }
};

// Joins the files and counts what becomes of each row.
class OlistJoin {
 public:
  OlistJoin(const OlistFiles& files, OlistSummary* summary) : files_(files), summary_(*summary) {}

  void Run() {
    IndexOrders();
    AttachCustomers();
    AttachItems();
    for (JoinedOrder& order : joined_) Judge(&order);
    CountOrdersAndItems();
    AttachReviews();
    CountCustomers();
    CountSellers();
    CountPayments();
    std::sort(ours_.begin(), ours_.end(),
              [](const OurOrder& a, const OurOrder& b) { return a.id < b.id; });
  }

  const std::vector<JoinedOrder>& joined() const { return joined_; }
  const std::vector<OurOrder>& ours() const { return ours_; }

 private:
  OlistFileSummary& Counts(OlistFile file) { return summary_.files[static_cast<size_t>(file)]; }
  void Published(OlistFile file, std::string_view what) {
    ++Counts(file).published[std::string(what)];
  }
  void Skipped(OlistFile file, std::string_view reason) {
    ++Counts(file).skipped[std::string(reason)];
  }

  void IndexOrders();
  void AttachCustomers();
  void AttachItems();
  void Judge(JoinedOrder* order);
  void MakeOurs(size_t row);
  void CountOrdersAndItems();
  void AttachReviews();
  void CountCustomers();
  void CountSellers();
  void CountPayments();
  size_t Find(std::string_view order_id) const {
    const auto found = by_id_.find(order_id);
    return found == by_id_.end() ? kNone : found->second;
  }

  const OlistFiles& files_;
  OlistSummary& summary_;
  absl::flat_hash_map<std::string_view, size_t> by_id_;  // order_id to row
  absl::flat_hash_set<size_t> repeated_orders_;
  absl::flat_hash_map<std::string_view, size_t> customers_;  // customer_id to row
  std::vector<JoinedOrder> joined_;                          // for each row of the orders file
  std::vector<OurOrder> ours_;
};

void OlistJoin::IndexOrders() {
  joined_.resize(files_.orders.size());
  by_id_.reserve(files_.orders.size());
  for (size_t row = 0; row < files_.orders.size(); ++row) {
    if (by_id_.emplace(files_.orders[row].order_id, row).second) continue;
    repeated_orders_.insert(row);
    Skipped(OlistFile::kOrders, "the same order again");
  }
}

void OlistJoin::AttachCustomers() {
  customers_.reserve(files_.customers.size());
  for (size_t row = 0; row < files_.customers.size(); ++row) {
    if (customers_.emplace(files_.customers[row].customer_id, row).second) continue;
    Skipped(OlistFile::kCustomers, "the same customer again");
  }
  for (size_t row = 0; row < joined_.size(); ++row) {
    const auto found = customers_.find(std::string_view(files_.orders[row].customer_id));
    if (found != customers_.end()) joined_[row].customer = found->second;
  }
}

void OlistJoin::AttachItems() {
  absl::flat_hash_set<std::pair<size_t, std::string_view>> seen;
  seen.reserve(files_.items.size());
  for (size_t row = 0; row < files_.items.size(); ++row) {
    const OlistItemRow& item = files_.items[row];
    const size_t order = Find(item.order_id);
    if (order == kNone) {
      Skipped(OlistFile::kItems, "order unknown");
    } else if (!seen.emplace(order, item.item_id).second) {
      Skipped(OlistFile::kItems, "the same item again");
    } else {
      joined_[order].items.push_back(row);
    }
  }
}

void OlistJoin::Judge(JoinedOrder* order) {
  if (order->items.empty()) {
    order->fate = Fate::kNoItems;
  } else if (order->customer == kNone) {
    order->fate = Fate::kNoCustomer;
  } else {
    order->fate = Fate::kPublished;
  }
}

void OlistJoin::MakeOurs(size_t row) {
  JoinedOrder& order = joined_[row];
  const size_t first = ours_.size();
  for (const size_t item : order.items) {
    const std::string_view seller = files_.items[item].seller_id;
    auto ours = std::find_if(ours_.begin() + static_cast<std::ptrdiff_t>(first), ours_.end(),
                             [seller](const OurOrder& our) { return our.seller_id == seller; });
    if (ours == ours_.end()) {
      ours_.push_back({files_.orders[row].order_id, row, seller, {}});
      ours = ours_.end() - 1;
    }
    ours->items.push_back(item);
  }
  order.sellers = ours_.size() - first;
  if (order.sellers == 1) return;
  for (size_t i = first; i < ours_.size(); ++i)
    ours_[i].id += fmt::format(":{}", ours_[i].seller_id);
}

void OlistJoin::CountOrdersAndItems() {
  for (size_t row = 0; row < joined_.size(); ++row) {
    if (repeated_orders_.contains(row)) continue;
    const JoinedOrder& order = joined_[row];
    if (order.fate != Fate::kPublished) {
      Skipped(OlistFile::kOrders, NameOf(order.fate));
      for (size_t i = 0; i < order.items.size(); ++i)
        Skipped(OlistFile::kItems, NameOf(order.fate));
      continue;
    }
    MakeOurs(row);
    Published(OlistFile::kOrders, order.sellers == 1 ? "one order" : "an order for each seller");
    for (size_t i = 0; i < order.items.size(); ++i) Published(OlistFile::kItems, "a line");
  }
  summary_.orders = static_cast<int64_t>(ours_.size());
}

void OlistJoin::AttachReviews() {
  std::vector<size_t> candidates;
  for (size_t row = 0; row < files_.reviews.size(); ++row) {
    const OlistReviewRow& review = files_.reviews[row];
    const size_t order = Find(review.order_id);
    if (order == kNone) {
      Skipped(OlistFile::kReviews, "order unknown");
      continue;
    }
    if (joined_[order].fate != Fate::kPublished) {
      Skipped(OlistFile::kReviews, NameOf(joined_[order].fate));
      continue;
    }
    size_t& earliest = joined_[order].review;
    if (earliest != kNone) Skipped(OlistFile::kReviews, "not the earliest review of its order");
    if (earliest == kNone || review.creation < files_.reviews[earliest].creation) earliest = row;
  }
  for (const JoinedOrder& order : joined_) {
    if (order.review == kNone) continue;
    Published(OlistFile::kReviews, order.sellers == 1 ? "one review" : "a review for each seller");
  }
}

void OlistJoin::CountCustomers() {
  enum class Named : uint8_t { kNo, kBySkipped, kByPublished };
  std::vector<Named> named(files_.customers.size(), Named::kNo);
  for (size_t row = 0; row < joined_.size(); ++row) {
    const JoinedOrder& order = joined_[row];
    if (order.customer == kNone || repeated_orders_.contains(row)) continue;
    const Named by = order.fate == Fate::kPublished ? Named::kByPublished : Named::kBySkipped;
    named[order.customer] = std::max(named[order.customer], by);
  }
  for (const auto& [id, row] : customers_) {
    if (named[row] == Named::kByPublished) {
      Published(OlistFile::kCustomers, "the buyer of an order");
    } else {
      Skipped(OlistFile::kCustomers,
              named[row] == Named::kNo ? "no order names it" : "its order is skipped");
    }
  }
}

void OlistJoin::CountSellers() {
  absl::flat_hash_set<std::string_view> selling;
  for (const OurOrder& ours : ours_) selling.insert(ours.seller_id);
  summary_.sellers = static_cast<int64_t>(selling.size());
  absl::flat_hash_set<std::string_view> seen;
  for (const std::string& seller : files_.sellers) {
    if (!seen.insert(seller).second) {
      Skipped(OlistFile::kSellers, "the same seller again");
    } else if (selling.contains(std::string_view(seller))) {
      Published(OlistFile::kSellers, "matched: the seller of an order");
    } else {
      Skipped(OlistFile::kSellers, "sells in no published order");
    }
  }
}

void OlistJoin::CountPayments() {
  for (const std::string& order_id : files_.payment_orders) {
    const size_t order = Find(order_id);
    if (order == kNone) {
      Skipped(OlistFile::kPayments, "order unknown");
    } else if (joined_[order].fate != Fate::kPublished) {
      Skipped(OlistFile::kPayments, NameOf(joined_[order].fate));
    } else {
      Published(OlistFile::kPayments, "matched: the approval of its order is the payment");
    }
  }
}

// The acts of all orders, by time.
std::vector<PlannedEvent> PlanEvents(const OlistFiles& files, const OlistJoin& join) {
  std::vector<PlannedEvent> planned;
  planned.reserve(join.ours().size() * 7);
  absl::flat_hash_map<std::string_view, std::pair<Instant, size_t>> first_purchase;
  for (size_t ours = 0; ours < join.ours().size(); ++ours) {
    const OurOrder& our = join.ours()[ours];
    const OlistOrderRow& row = files.orders[our.row];
    const auto plan = [&planned, ours](Act act, const std::optional<Instant>& at) {
      if (at) planned.push_back({*at, act, ours});
    };
    const auto purchase = std::pair(row.purchase, ours);
    const auto known = first_purchase.emplace(our.seller_id, purchase).first;
    known->second = std::min(known->second, purchase);
    plan(Act::kPlaced, row.purchase);
    plan(Act::kPaid, row.approved);
    plan(Act::kParcelRegistered, row.carrier ? row.carrier : row.customer);
    plan(Act::kInTransit, row.carrier);
    plan(Act::kDelivered, row.customer);
    if (row.cancelled) {
      plan(Act::kCancelled,
           std::max({row.purchase, row.approved.value_or(row.purchase),
                     row.carrier.value_or(row.purchase), row.customer.value_or(row.purchase)}));
    }
    if (const size_t review = join.joined()[our.row].review; review != kNone) {
      plan(Act::kReviewPosted, files.reviews[review].creation);
      plan(Act::kReviewAnswered, files.reviews[review].answer);
    }
  }
  for (const auto& [seller, purchase] : first_purchase) {
    planned.push_back({purchase.first, Act::kSellerRegistered, purchase.second});
    planned.push_back({purchase.first, Act::kStandingChanged, purchase.second});
  }
  std::sort(planned.begin(), planned.end());
  return planned;
}

void SetInstant(Instant at, google::protobuf::Timestamp* stamp) {
  stamp->set_seconds(at.number() / kMillisPerSecond);
  stamp->set_nanos(static_cast<int32_t>(at.number() % kMillisPerSecond * 1'000'000));
}

void SetMoney(int64_t centavos, events::v1::Money* money) {
  money->set_amount_minor(centavos);
  money->set_currency(std::string(kCurrency));
}

// Makes the events of planned acts.
class OlistEvents {
 public:
  OlistEvents(const OlistFiles& files, const OlistJoin& join) : files_(files), join_(join) {}

  void Make(const PlannedEvent& planned, Event* event) const;

 private:
  void MakePlaced(const OurOrder& our, events::v1::OrderPlaced* placed) const;
  void MakeReview(const OurOrder& our, events::v1::ReviewPosted* posted) const;
  const OlistReviewRow& Review(const OurOrder& our) const {
    return files_.reviews[join_.joined()[our.row].review];
  }
  const std::string& Buyer(const OurOrder& our) const {
    return files_.customers[join_.joined()[our.row].customer].unique_id;
  }

  const OlistFiles& files_;
  const OlistJoin& join_;
};

void OlistEvents::MakePlaced(const OurOrder& our, events::v1::OrderPlaced* placed) const {
  int64_t total = 0;
  int64_t freight = 0;
  std::optional<Instant> dispatch_by;
  for (const size_t index : our.items) {
    const OlistItemRow& item = files_.items[index];
    events::v1::OrderLine* line = placed->add_lines();
    line->set_line_id(item.item_id);
    line->set_offer_id(item.product_id);
    line->set_quantity(1);
    SetMoney(item.price, line->mutable_unit_price());
    total += item.price + item.freight;
    freight += item.freight;
    if (item.shipping_limit) {
      dispatch_by = std::max(dispatch_by.value_or(*item.shipping_limit), *item.shipping_limit);
    }
  }
  placed->set_order_id(our.id);
  placed->set_buyer_id(Buyer(our));
  SetMoney(total, placed->mutable_total());
  events::v1::Delivery* delivery = placed->mutable_delivery();
  delivery->set_method(events::v1::DeliveryMethod::COURIER);
  delivery->set_carrier_id(std::string(kCarrier));
  SetMoney(freight, delivery->mutable_list_price());
  SetMoney(freight, delivery->mutable_price_paid_by_buyer());
  delivery->set_covered_by(events::v1::Payer::BUYER);
  delivery->set_smart(false);
  if (dispatch_by) SetInstant(*dispatch_by, delivery->mutable_promised_dispatch_by());
  if (const std::optional<Instant>& end = files_.orders[our.row].estimated_end; end) {
    SetInstant(*end, delivery->mutable_promised_delivery_by());
  }
}

std::string ReviewId(const OlistReviewRow& review, const OurOrder& our) {
  return fmt::format("{}:{}", review.review_id, our.id);
}

void OlistEvents::MakeReview(const OurOrder& our, events::v1::ReviewPosted* posted) const {
  const OlistReviewRow& review = Review(our);
  posted->set_order_id(our.id);
  posted->set_review_id(ReviewId(review, our));
  posted->set_buyer_id(Buyer(our));
  posted->set_recommended(review.score >= kRecommendingScore);
  posted->mutable_rates()->set_service(review.score);
  posted->set_comment(review.comment);
}

void MakeStanding(events::v1::SellerStandingChanged* standing) {
  standing->set_fees_paid(true);
  standing->set_regulation_breach(false);
  standing->set_super_seller(false);
  standing->mutable_return_policy()->set_free_returns(true);
  standing->mutable_return_policy()->set_withdrawal_days(14);
  standing->set_smart_delivery_methods(1);
}

void MakeScan(const OurOrder& our, const std::string& parcel_id, Act act,
              events::v1::ParcelScanned* scan) {
  scan->set_order_id(our.id);
  scan->set_parcel_id(parcel_id);
  scan->set_code(act == Act::kInTransit ? events::v1::ScanCode::IN_TRANSIT
                                        : events::v1::ScanCode::DELIVERED);
}

// A UUIDv8 of what identifies the act, so that a second import makes the same ids.
void SetEventId(Event* event, std::string_view payload, std::string_view order_id,
                std::string_view thing_id, std::string_view code, Instant at) {
  std::string text = fmt::format("{}\n{}\n", payload, event->seller_id());
  for (const std::string_view part : {order_id, thing_id, code}) {
    if (!part.empty()) text += fmt::format("{}\n", part);
  }
  text += fmt::format("{}\n", at.number());
  unsigned char hash[EVP_MAX_MD_SIZE];
  const int hashed = EVP_Digest(text.data(), text.size(), hash, nullptr, EVP_sha256(), nullptr);
  FLYWHEEL_CHECK(hashed == 1, "SHA-256 is always there");
  uint64_t high = 0;
  uint64_t low = 0;
  for (int i = 0; i < 8; ++i) {
    high = high << 8 | hash[i];
    low = low << 8 | hash[8 + i];
  }
  WriteUuid(high, low, 8, event->mutable_event_id());
}

void OlistEvents::Make(const PlannedEvent& planned, Event* event) const {
  const OurOrder& our = join_.ours()[planned.order];
  event->Clear();
  SetInstant(planned.at, event->mutable_occurred_at());
  event->set_seller_id(std::string(our.seller_id));
  event->set_market(std::string(kMarket));
  event->set_source(std::string(kSource));
  const auto name = [&](Actor::Value actor, std::string_view payload, std::string_view order_id,
                        std::string_view thing_id = "", std::string_view code = "") {
    event->set_actor(actor);
    SetEventId(event, payload, order_id, thing_id, code, planned.at);
  };
  const std::string parcel_id = "p:" + our.id;
  switch (planned.act) {
    case Act::kSellerRegistered: {
      events::v1::SellerRegistered* registered = event->mutable_seller_registered();
      registered->set_business(true);
      registered->set_pharmacy(false);
      registered->add_markets(std::string(kMarket));
      return name(Actor::SELLER, "SellerRegistered", "");
    }
    case Act::kStandingChanged:
      MakeStanding(event->mutable_seller_standing_changed());
      return name(Actor::MARKETPLACE, "SellerStandingChanged", "");
    case Act::kPlaced:
      MakePlaced(our, event->mutable_order_placed());
      return name(Actor::BUYER, "OrderPlaced", our.id);
    case Act::kPaid:
      event->mutable_order_paid()->set_order_id(our.id);
      return name(Actor::BUYER, "OrderPaid", our.id);
    case Act::kParcelRegistered: {
      events::v1::ParcelRegistered* parcel = event->mutable_parcel_registered();
      parcel->set_order_id(our.id);
      parcel->set_parcel_id(parcel_id);
      parcel->set_carrier_id(std::string(kCarrier));
      parcel->set_direction(events::v1::Direction::OUTBOUND);
      return name(Actor::SELLER, "ParcelRegistered", our.id, parcel_id);
    }
    case Act::kInTransit:
    case Act::kDelivered:
      MakeScan(our, parcel_id, planned.act, event->mutable_parcel_scanned());
      return name(Actor::CARRIER, "ParcelScanned", our.id, parcel_id,
                  planned.act == Act::kInTransit ? "IN_TRANSIT" : "DELIVERED");
    case Act::kCancelled:
      event->mutable_order_cancelled()->set_order_id(our.id);
      event->mutable_order_cancelled()->set_by(Actor::SYSTEM);
      return name(Actor::SYSTEM, "OrderCancelled", our.id);
    case Act::kReviewPosted:
      MakeReview(our, event->mutable_review_posted());
      return name(Actor::BUYER, "ReviewPosted", our.id, event->review_posted().review_id());
    case Act::kReviewAnswered: {
      events::v1::ReviewAnswered* answered = event->mutable_review_answered();
      answered->set_order_id(our.id);
      answered->set_review_id(ReviewId(Review(our), our));
      return name(Actor::SELLER, "ReviewAnswered", our.id, answered->review_id());
    }
  }
}

std::string_view PayloadName(const Event& event) {
  const google::protobuf::OneofDescriptor* payload =
      Event::descriptor()->FindOneofByName("payload");
  return Event::GetReflection()->GetOneofFieldDescriptor(event, payload)->message_type()->name();
}

int64_t Sum(const std::map<std::string, int64_t, std::less<>>& counts) {
  int64_t sum = 0;
  for (const auto& [what, count] : counts) sum += count;
  return sum;
}

int64_t CountOf(const std::map<std::string, int64_t, std::less<>>& counts, std::string_view what) {
  const auto found = counts.find(what);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

int64_t OlistSummary::EventCount() const { return Sum(events); }

absl::Status OlistSummary::CheckSums() const {
  const auto equal = [](std::string_view what, int64_t left, int64_t right) {
    if (left == right) return absl::OkStatus();
    return absl::InternalError(
        fmt::format("the sums of the import do not add up: {}: {} and {}", what, left, right));
  };
  for (const OlistFileSummary& file : files) {
    RETURN_IF_ERROR(equal(file.file, file.rows, Sum(file.published) + Sum(file.skipped)));
  }
  if (files.size() != 6) return absl::InternalError("the summary does not hold six files");
  const OlistFileSummary& items = files[static_cast<size_t>(OlistFile::kItems)];
  RETURN_IF_ERROR(equal("OrderPlaced and orders", CountOf(events, "OrderPlaced"), orders));
  RETURN_IF_ERROR(equal("lines and item rows", lines, Sum(items.published)));
  RETURN_IF_ERROR(
      equal("SellerRegistered and sellers", CountOf(events, "SellerRegistered"), sellers));
  return equal("SellerStandingChanged and sellers", CountOf(events, "SellerStandingChanged"),
               sellers);
}

std::string OlistSummary::ToText() const {
  std::string text;
  for (const OlistFileSummary& file : files) {
    text += file.present ? fmt::format("{}: {} rows\n", file.file, file.rows)
                         : fmt::format("{}: not there\n", file.file);
    for (const auto& [what, count] : file.published) {
      text += fmt::format("  {:>9}  {}\n", count, what);
    }
    for (const auto& [reason, count] : file.skipped) {
      text += fmt::format("  {:>9}  skipped: {}\n", count, reason);
    }
  }
  text += fmt::format("{} orders of {} sellers, {} events:\n", orders, sellers, EventCount());
  for (const auto& [payload, count] : events) text += fmt::format("  {:>9}  {}\n", count, payload);
  for (const OlistRowProblem& problem : problems) {
    text += fmt::format("{}:{}: {}\n", problem.file, problem.line, problem.sentence);
  }
  if (problems.size() == kMaxProblems)
    text += "(further rows that cannot be read are only counted)\n";
  return text;
}

absl::Status ImportOlist(const std::string& directory, EventSink sink, OlistSummary* summary) {
  *summary = {};
  ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::Load(kZone));
  OlistFiles files;
  RETURN_IF_ERROR(ReadOlistFiles(directory, zone, &files, summary));
  OlistJoin join(files, summary);
  join.Run();
  const OlistEvents events(files, join);
  Event event;
  for (const PlannedEvent& planned : PlanEvents(files, join)) {
    events.Make(planned, &event);
    ++summary->events[std::string(PayloadName(event))];
    if (event.has_order_placed()) summary->lines += event.order_placed().lines_size();
    RETURN_IF_ERROR(sink(event));
  }
  return summary->CheckSums();
}

}  // namespace flywheel
