#include "sources/olist_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/functional/function_ref.h"
#include "base/status.h"
#include "sources/csv.h"

namespace flywheel {
namespace {

constexpr size_t kMaxFieldBytes = size_t{64} << 10;
constexpr size_t kMaxIdBytes = 80;  // three of them make an id of an event
constexpr int64_t kMaxCentavos = 1'000'000'000'000'000;

struct FileShape {
  std::string_view name;
  bool required;
  std::vector<std::string_view> columns;
};

// In the order of OlistFile.
const std::vector<FileShape>& Shapes() {
  static const auto* const shapes = new std::vector<FileShape>{
      {"olist_orders_dataset.csv",
       true,
       {"order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
        "order_delivered_carrier_date", "order_delivered_customer_date",
        "order_estimated_delivery_date"}},
      {"olist_order_items_dataset.csv",
       true,
       {"order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price",
        "freight_value"}},
      {"olist_order_reviews_dataset.csv",
       true,
       {"review_id", "order_id", "review_score", "review_comment_title", "review_comment_message",
        "review_creation_date", "review_answer_timestamp"}},
      {"olist_customers_dataset.csv", true, {"customer_id", "customer_unique_id"}},
      {"olist_sellers_dataset.csv", false, {"seller_id"}},
      {"olist_order_payments_dataset.csv", false, {"order_id"}},
  };
  return *shapes;
}

// Whether the text can be an id: control characters (C0, DEL, C1) are refused at intake, and a
// colon joins ids here.
bool IsId(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F || byte == ':') return false;
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) return false;
  }
  return true;
}

// The fields of one row by index, read with the first thing that is wrong kept.
class RowFields {
 public:
  RowFields(const CsvRow& row, const FileShape& shape, const TimeZone& zone)
      : row_(row), shape_(shape), zone_(zone) {}

  std::string Id(size_t column) {
    const std::string_view text = row_.fields[column];
    if (!IsId(text)) Refuse("bad id", column);
    return std::string(text);
  }

  std::string Text(size_t column) const { return std::string(row_.fields[column]); }

  int64_t Centavos(size_t column) {
    const absl::StatusOr<int64_t> amount = ParseCentavos(row_.fields[column]);
    if (!amount.ok()) Refuse("bad amount", column);
    return amount.value_or(0);
  }

  int32_t Score(size_t column) {
    const std::string_view text = row_.fields[column];
    const bool good = text.size() == 1 && text[0] >= '1' && text[0] <= '5';
    if (!good) Refuse("bad score", column);
    return good ? text[0] - '0' : 0;
  }

  Instant RequiredTime(size_t column) {
    if (row_.fields[column].empty()) Refuse("no date", column);
    return Time(column).value_or(Instant());
  }

  std::optional<Instant> Time(size_t column) {
    const std::optional<CivilTime> civil = Civil(column);
    if (!civil) return std::nullopt;
    return InRange(zone_.FromCivil(*civil), column);
  }

  std::optional<Instant> EndOfDate(size_t column) {
    const std::optional<CivilTime> civil = Civil(column);
    if (!civil) return std::nullopt;
    return InRange(zone_.EndOf(DayOfDate(civil->year, civil->month, civil->day)), column);
  }

  bool good() const { return reason_.empty(); }
  std::string_view reason() const { return reason_; }
  const std::string& sentence() const { return sentence_; }

 private:
  void Refuse(std::string_view reason, size_t column) {
    if (!good()) return;
    reason_ = reason;
    sentence_ = fmt::format("{}: {} is '{}'", reason, shape_.columns[column],
                            row_.fields[column].substr(0, kMaxIdBytes));
  }

  Instant InRange(Instant at, size_t column) {
    if (at < kEarliestInstant || at > kLatestInstant) Refuse("bad date", column);
    return at;
  }

  // "2018-08-15 04:10:37"; nullopt where the field is empty or refused.
  std::optional<CivilTime> Civil(size_t column) {
    const std::string_view text = row_.fields[column];
    if (text.empty()) return std::nullopt;
    constexpr std::string_view kForm = "dddd-dd-dd dd:dd:dd";
    bool good = text.size() == kForm.size();
    for (size_t i = 0; good && i < kForm.size(); ++i) {
      good = kForm[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kForm[i];
    }
    if (!good) {
      Refuse("bad date", column);
      return std::nullopt;
    }
    const auto number = [&text](size_t from, size_t count) {
      int value = 0;
      for (size_t i = from; i < from + count; ++i) value = value * 10 + (text[i] - '0');
      return value;
    };
    const CivilTime civil{number(0, 4),  number(5, 2),  number(8, 2),
                          number(11, 2), number(14, 2), number(17, 2)};
    const CivilTime date = DateOfDay(DayOfDate(civil.year, civil.month, civil.day));
    const bool exists = date.year == civil.year && date.month == civil.month &&
                        date.day == civil.day && civil.hour < 24 && civil.minute < 60 &&
                        civil.second < 60;
    if (!exists) {
      Refuse("bad date", column);
      return std::nullopt;
    }
    return civil;
  }

  const CsvRow& row_;
  const FileShape& shape_;
  const TimeZone& zone_;
  std::string_view reason_;
  std::string sentence_;
};

std::string Comment(std::string title, const std::string& message) {
  if (!title.empty() && !message.empty()) title += "\n\n";
  return title + message;
}

// Calls `take` with each row that is a row of CSV; what it leaves refused is reported.
absl::Status ReadFile(const std::string& directory, OlistFile which, const TimeZone& zone,
                      absl::FunctionRef<void(RowFields* fields)> take, OlistSummary* summary) {
  const auto index = static_cast<size_t>(which);
  const FileShape& shape = Shapes()[index];
  OlistFileSummary& counts = summary->files[index];
  const std::string path = (std::filesystem::path(directory) / shape.name).string();
  const CsvLimits limits{.field_bytes = kMaxFieldBytes};
  absl::StatusOr<CsvReader> reader = CsvReader::Open(path, shape.columns, limits);
  if (absl::IsNotFound(reader.status()) && !shape.required) return absl::OkStatus();
  RETURN_IF_ERROR(reader.status());
  counts.present = true;
  CsvRow row;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&row));
    if (!more) return absl::OkStatus();
    ++counts.rows;
    std::string_view reason = NameOf(row.problem);
    RowFields fields(row, shape, zone);
    if (row.problem == CsvProblem::kNone) {
      take(&fields);
      if (fields.good()) continue;
      reason = fields.reason();
    }
    ++counts.skipped[std::string(reason)];
    if (summary->problems.size() < OlistSummary::kMaxProblems) {
      summary->problems.push_back(
          {counts.file, row.line,
           row.problem == CsvProblem::kNone ? fields.sentence() : row.detail});
    }
  }
}

void TakeOrder(RowFields* fields, std::vector<OlistOrderRow>* orders) {
  OlistOrderRow order;
  order.order_id = fields->Id(0);
  order.customer_id = fields->Id(1);
  const std::string status = fields->Text(2);
  order.cancelled = status == "canceled" || status == "unavailable";
  order.purchase = fields->RequiredTime(3);
  order.approved = fields->Time(4);
  order.carrier = fields->Time(5);
  order.customer = fields->Time(6);
  order.estimated_end = fields->EndOfDate(7);
  if (fields->good()) orders->push_back(std::move(order));
}

void TakeItem(RowFields* fields, std::vector<OlistItemRow>* items) {
  OlistItemRow item;
  item.order_id = fields->Id(0);
  item.item_id = fields->Id(1);
  item.product_id = fields->Id(2);
  item.seller_id = fields->Id(3);
  item.shipping_limit = fields->Time(4);
  item.price = fields->Centavos(5);
  item.freight = fields->Centavos(6);
  if (fields->good()) items->push_back(std::move(item));
}

void TakeReview(RowFields* fields, std::vector<OlistReviewRow>* reviews) {
  OlistReviewRow review;
  review.review_id = fields->Id(0);
  review.order_id = fields->Id(1);
  review.score = fields->Score(2);
  review.comment = Comment(fields->Text(3), fields->Text(4));
  review.creation = fields->RequiredTime(5);
  review.answer = fields->Time(6);
  if (fields->good()) reviews->push_back(std::move(review));
}

void TakeCustomer(RowFields* fields, std::vector<OlistCustomerRow>* customers) {
  OlistCustomerRow customer{fields->Id(0), fields->Id(1)};
  if (fields->good()) customers->push_back(std::move(customer));
}

void TakeId(RowFields* fields, std::vector<std::string>* ids) {
  std::string id = fields->Id(0);
  if (fields->good()) ids->push_back(std::move(id));
}

}  // namespace

absl::StatusOr<int64_t> ParseCentavos(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool good = !whole.empty() && whole.size() <= 13 && decimals.size() <= 2 &&
                    (point == std::string_view::npos || !decimals.empty()) &&
                    std::all_of(whole.begin(), whole.end(), is_digit) &&
                    std::all_of(decimals.begin(), decimals.end(), is_digit);
  int64_t centavos = 0;
  if (good) {
    for (const char digit : whole) centavos = centavos * 10 + (digit - '0');
    for (size_t i = 0; i < 2; ++i) {
      centavos = centavos * 10 + (i < decimals.size() ? decimals[i] - '0' : 0);
    }
  }
  if (!good || centavos > kMaxCentavos) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no amount", text.substr(0, 40)));
  }
  return centavos;
}

absl::Status ReadOlistFiles(const std::string& directory, const TimeZone& zone, OlistFiles* files,
                            OlistSummary* summary) {
  summary->files.clear();
  for (const FileShape& shape : Shapes()) {
    summary->files.emplace_back().file = std::string(shape.name);
  }
  const auto read = [&](OlistFile which, absl::FunctionRef<void(RowFields*)> take) {
    return ReadFile(directory, which, zone, take, summary);
  };
  RETURN_IF_ERROR(
      read(OlistFile::kOrders, [&](RowFields* row) { TakeOrder(row, &files->orders); }));
  RETURN_IF_ERROR(read(OlistFile::kItems, [&](RowFields* row) { TakeItem(row, &files->items); }));
  RETURN_IF_ERROR(
      read(OlistFile::kReviews, [&](RowFields* row) { TakeReview(row, &files->reviews); }));
  RETURN_IF_ERROR(
      read(OlistFile::kCustomers, [&](RowFields* row) { TakeCustomer(row, &files->customers); }));
  RETURN_IF_ERROR(read(OlistFile::kSellers, [&](RowFields* row) { TakeId(row, &files->sellers); }));
  return read(OlistFile::kPayments, [&](RowFields* row) { TakeId(row, &files->payment_orders); });
}

}  // namespace flywheel
