#include "projections/facts/order_row.h"

#include <algorithm>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"

// Layout of one fact in facts_:
//   byte     kind, with kInDecision where the fact came in a decision
//   varint   bytes that follow
//   signed   occurred_at, offset, recorded_at, each less the row's first
//   varint   index within the decision, where the flag says so
//   body     the subject's id first (where the kind has one), then the fields in the order of the
//   struct
// An id is a varint: 0 and the text follows, or 1 + the number of the fact whose subject it is.
namespace flywheel {
namespace {

constexpr uint8_t kRowFormat = 1;
// What the facts of most orders need; saves growing step by step.
constexpr size_t kUsualFactBytes = 240;
constexpr uint8_t kFlagKnown = 1;
constexpr uint8_t kFlagHasRefused = 2;
constexpr uint8_t kInDecision = 0x80;

struct Base {
  Instant occurred_at;
  Instant recorded_at;
  Offset offset;
};

// A fact's frame, before its content is read.
struct Frame {
  EventKind kind;
  bool in_decision;
  std::string_view content;
};

Frame ReadFrame(ByteReader* reader) {
  const uint8_t head = reader->Byte();
  Frame frame;
  frame.kind = static_cast<EventKind>(head & ~kInDecision);
  frame.in_decision = (head & kInDecision) != 0;
  frame.content = reader->String();
  return frame;
}

// ---------------------------------------------------------------- writing

void WriteMoney(ByteWriter* writer, const Money& money) {
  writer->String(money.currency);
  if (money.given()) writer->Signed(money.amount_minor);
}

void WriteInstant(ByteWriter* writer, const std::optional<Instant>& instant, Instant base) {
  writer->Byte(instant ? 1 : 0);
  if (instant) writer->Signed(instant->number() - base.number());
}

void WriteRates(ByteWriter* writer, bool recommended, const RatesView& rates) {
  // Marks are 0..5: two in a byte with room to spare.
  writer->Byte(static_cast<uint8_t>(rates.delivery * 8 + rates.delivery_cost));
  writer->Byte(static_cast<uint8_t>(rates.description * 8 + rates.service));
  writer->Byte(recommended ? 1 : 0);
}

// Writes a body; `subject` is the ordinal of the fact that first names the subject (-1: this one),
// `find` looks up the ids of other subjects.
struct BodyWriter {
  ByteWriter* writer;
  std::string_view buyer_id;  // of an order's placing
  int32_t subject;
  Instant base;
  absl::FunctionRef<int32_t(Subject, std::string_view)> find;

  void SubjectId(std::string_view id) const { Id(id, subject); }
  void Id(std::string_view id, int32_t ordinal) const {
    writer->Unsigned(static_cast<uint64_t>(ordinal + 1));
    if (ordinal < 0) writer->String(id);
  }
  void OtherId(Subject kind, std::string_view id) const {
    Id(id, id.empty() ? -1 : find(kind, id));
  }

  void operator()(const OrderPlacedFact& fact) const {
    writer->String(buyer_id);
    writer->Unsigned(fact.lines.size());
    for (const OrderLine& line : fact.lines) {
      writer->String(line.line_id);
      writer->Unsigned(static_cast<uint64_t>(line.quantity));
      WriteMoney(writer, line.unit_price);
    }
    WriteMoney(writer, fact.total);
    const DeliveryView& delivery = fact.delivery;
    writer->Byte(static_cast<uint8_t>(delivery.method));
    writer->Byte(static_cast<uint8_t>(static_cast<uint8_t>(delivery.covered_by) * 2U +
                                      (delivery.smart ? 1U : 0U)));
    writer->String(delivery.carrier_id);
    WriteMoney(writer, delivery.list_price);
    WriteMoney(writer, delivery.price_paid_by_buyer);
    WriteInstant(writer, delivery.promised_dispatch_by, base);
    WriteInstant(writer, delivery.promised_delivery_by, base);
  }
  void operator()(const OrderPaidFact&) const {}
  void operator()(const OrderCancelledFact& fact) const {
    writer->Byte(static_cast<uint8_t>(fact.by));
  }
  void operator()(const ParcelRegisteredFact& fact) const {
    SubjectId(fact.parcel_id);
    writer->String(fact.carrier_id);
    writer->Byte(static_cast<uint8_t>(fact.direction));
    writer->Unsigned(fact.lines.size());
    for (const LineQuantity& line : fact.lines) {
      writer->String(line.line_id);
      writer->Unsigned(static_cast<uint64_t>(line.quantity));
    }
    OtherId(Subject::kReturn, fact.return_id);
    WriteMoney(writer, fact.list_price);
    WriteMoney(writer, fact.price_paid_by_buyer);
    writer->Byte(static_cast<uint8_t>(fact.covered_by));
  }
  void operator()(const ParcelScannedFact& fact) const {
    SubjectId(fact.parcel_id);
    writer->Byte(static_cast<uint8_t>(fact.code));
  }
  void operator()(const ComplaintOpenedFact& fact) const {
    SubjectId(fact.complaint_id);
    writer->Byte(static_cast<uint8_t>(fact.kind));
    writer->Byte(static_cast<uint8_t>(fact.reason));
    writer->Byte(static_cast<uint8_t>(fact.expectation));
  }
  void operator()(const ComplaintMessagePostedFact& fact) const {
    SubjectId(fact.complaint_id);
    writer->String(fact.message_id);
    writer->Byte(static_cast<uint8_t>(fact.author));
  }
  void operator()(const ComplaintResolvedFact& fact) const {
    SubjectId(fact.complaint_id);
    writer->Byte(static_cast<uint8_t>(fact.outcome));
    writer->Byte(static_cast<uint8_t>(fact.by));
  }
  void operator()(const ComplaintReopenedFact& fact) const {
    SubjectId(fact.complaint_id);
    writer->Byte(static_cast<uint8_t>(fact.by));
  }
  void operator()(const ComplaintEscalatedFact& fact) const {
    SubjectId(fact.complaint_id);
    writer->Byte(static_cast<uint8_t>(fact.by));
  }
  void operator()(const ReviewPostedFact& fact) const {
    SubjectId(fact.review_id);
    WriteRates(writer, fact.recommended, fact.rates);
  }
  void operator()(const ReviewEditedFact& fact) const {
    SubjectId(fact.review_id);
    WriteRates(writer, fact.recommended, fact.rates);
  }
  void operator()(const ReviewAnsweredFact& fact) const { SubjectId(fact.review_id); }
  void operator()(const ReviewRemovalRequestedFact& fact) const { SubjectId(fact.review_id); }
  void operator()(const ReviewRemovedFact& fact) const {
    SubjectId(fact.review_id);
    writer->Byte(static_cast<uint8_t>(fact.by));
  }
  void operator()(const ReturnFiledFact& fact) const {
    SubjectId(fact.return_id);
    writer->Unsigned(fact.items.size());
    for (const ReturnItem& item : fact.items) {
      writer->String(item.line_id);
      writer->Unsigned(static_cast<uint64_t>(item.quantity));
      writer->Byte(static_cast<uint8_t>(item.reason));
    }
  }
  void operator()(const ReturnAcceptedFact& fact) const { SubjectId(fact.return_id); }
  void operator()(const ReturnRejectedFact& fact) const {
    SubjectId(fact.return_id);
    writer->Byte(static_cast<uint8_t>(fact.code));
  }
  void operator()(const ReturnClosedFact& fact) const { SubjectId(fact.return_id); }
  void operator()(const RefundIssuedFact& fact) const {
    SubjectId(fact.refund_id);
    OtherId(Subject::kReturn, fact.return_id);
    OtherId(Subject::kComplaint, fact.complaint_id);
    WriteMoney(writer, fact.amount);
    writer->Byte(static_cast<uint8_t>(fact.kind));
  }
};

void WriteFact(const Fact& fact, int32_t subject, const Base& base,
               absl::FunctionRef<int32_t(Subject, std::string_view)> find, std::string* out) {
  // The content goes straight to the end of the row; its length, nearly always one byte, is put in
  // before it.
  const bool in_decision = fact.place.index != 0;
  char head[2 + 4 * kMaxVarintBytes];
  char* end = head;
  *end++ = static_cast<char>(static_cast<uint8_t>(fact.kind) | (in_decision ? kInDecision : 0));
  *end++ = 0;
  end = PutSigned(end, fact.occurred_at.number() - base.occurred_at.number());
  end = PutSigned(end, fact.place.offset.number() - base.offset.number());
  end = PutSigned(end, fact.recorded_at.number() - base.recorded_at.number());
  if (in_decision) end = PutUnsigned(end, fact.place.index);
  const size_t length_at = out->size() + 1;
  out->append(head, end);
  ByteWriter writer(out);
  std::visit(BodyWriter{&writer, fact.buyer_id, subject, base.occurred_at, find}, fact.body);
  const size_t length = out->size() - length_at - 1;
  if (length < 0x80) {
    (*out)[length_at] = static_cast<char>(length);
    return;
  }
  std::string prefix;
  ByteWriter(&prefix).Unsigned(length);
  out->replace(length_at, 1, prefix);
}

// ---------------------------------------------------------------- reading

Money ReadMoney(ByteReader* reader) {
  Money money;
  money.currency = reader->String();
  if (money.given()) money.amount_minor = reader->Signed();
  return money;
}

std::optional<Instant> ReadInstant(ByteReader* reader, Instant base) {
  if (reader->Byte() == 0) return std::nullopt;
  return base.Plus(reader->Signed());
}

template <class E>
E ReadEnum(ByteReader* reader) {
  return static_cast<E>(reader->Byte());
}

RatesView ReadRates(ByteReader* reader, bool* recommended) {
  const uint8_t first = reader->Byte();
  const uint8_t second = reader->Byte();
  *recommended = reader->Byte() != 0;
  return {first / 8, first % 8, second / 8, second % 8};
}

// Ids by the number of the fact that first names them.
using IdTable = absl::InlinedVector<std::string_view, 16>;

std::string_view ReadId(ByteReader* reader, const IdTable& ids) {
  const uint64_t reference = reader->Unsigned();
  if (reference == 0) return reader->String();
  return reference <= ids.size() ? ids[reference - 1] : std::string_view();
}

OrderPlacedFact ReadPlaced(ByteReader* reader, Instant base) {
  OrderPlacedFact fact;
  const uint64_t lines = reader->Unsigned();
  for (uint64_t i = 0; i < lines && reader->ok(); ++i) {
    OrderLine line;
    line.line_id = reader->String();
    line.quantity = static_cast<int32_t>(reader->Unsigned());
    line.unit_price = ReadMoney(reader);
    fact.lines.push_back(line);
  }
  fact.total = ReadMoney(reader);
  DeliveryView& delivery = fact.delivery;
  delivery.given = true;
  delivery.method = ReadEnum<DeliveryMethod>(reader);
  const uint8_t payer_and_smart = reader->Byte();
  delivery.covered_by = static_cast<Payer>(payer_and_smart / 2);
  delivery.smart = payer_and_smart % 2 != 0;
  delivery.carrier_id = reader->String();
  delivery.list_price = ReadMoney(reader);
  delivery.price_paid_by_buyer = ReadMoney(reader);
  delivery.promised_dispatch_by = ReadInstant(reader, base);
  delivery.promised_delivery_by = ReadInstant(reader, base);
  return fact;
}

ParcelRegisteredFact ReadParcelRegistered(ByteReader* reader, const IdTable& ids) {
  ParcelRegisteredFact fact;
  fact.parcel_id = ReadId(reader, ids);
  fact.carrier_id = reader->String();
  fact.direction = ReadEnum<Direction>(reader);
  const uint64_t lines = reader->Unsigned();
  for (uint64_t i = 0; i < lines && reader->ok(); ++i) {
    LineQuantity line;
    line.line_id = reader->String();
    line.quantity = static_cast<int32_t>(reader->Unsigned());
    fact.lines.push_back(line);
  }
  fact.return_id = ReadId(reader, ids);
  fact.list_price = ReadMoney(reader);
  fact.price_paid_by_buyer = ReadMoney(reader);
  fact.covered_by = ReadEnum<Payer>(reader);
  return fact;
}

ReturnFiledFact ReadReturnFiled(ByteReader* reader, const IdTable& ids) {
  ReturnFiledFact fact;
  fact.return_id = ReadId(reader, ids);
  const uint64_t items = reader->Unsigned();
  for (uint64_t i = 0; i < items && reader->ok(); ++i) {
    ReturnItem item;
    item.line_id = reader->String();
    item.quantity = static_cast<int32_t>(reader->Unsigned());
    item.reason = ReadEnum<ReturnReason>(reader);
    fact.items.push_back(item);
  }
  return fact;
}

FactBody ReadBody(EventKind kind, ByteReader* reader, const IdTable& ids, Instant base) {
  switch (kind) {
    case EventKind::kOrderPlaced:
      return ReadPlaced(reader, base);
    case EventKind::kOrderCancelled:
      return OrderCancelledFact{ReadEnum<Actor>(reader)};
    case EventKind::kParcelRegistered:
      return ReadParcelRegistered(reader, ids);
    case EventKind::kParcelScanned: {
      const std::string_view id = ReadId(reader, ids);
      return ParcelScannedFact{id, ReadEnum<ScanCode>(reader)};
    }
    case EventKind::kComplaintOpened: {
      ComplaintOpenedFact fact;
      fact.complaint_id = ReadId(reader, ids);
      fact.kind = ReadEnum<ComplaintKind>(reader);
      fact.reason = ReadEnum<ComplaintReason>(reader);
      fact.expectation = ReadEnum<Expectation>(reader);
      return fact;
    }
    case EventKind::kComplaintMessagePosted: {
      ComplaintMessagePostedFact fact;
      fact.complaint_id = ReadId(reader, ids);
      fact.message_id = reader->String();
      fact.author = ReadEnum<Actor>(reader);
      return fact;
    }
    case EventKind::kComplaintResolved: {
      ComplaintResolvedFact fact;
      fact.complaint_id = ReadId(reader, ids);
      fact.outcome = ReadEnum<Outcome>(reader);
      fact.by = ReadEnum<Actor>(reader);
      return fact;
    }
    case EventKind::kComplaintReopened: {
      const std::string_view id = ReadId(reader, ids);
      return ComplaintReopenedFact{id, ReadEnum<Actor>(reader)};
    }
    case EventKind::kComplaintEscalated: {
      const std::string_view id = ReadId(reader, ids);
      return ComplaintEscalatedFact{id, ReadEnum<Actor>(reader)};
    }
    case EventKind::kReviewPosted: {
      ReviewPostedFact fact;
      fact.review_id = ReadId(reader, ids);
      fact.rates = ReadRates(reader, &fact.recommended);
      return fact;
    }
    case EventKind::kReviewEdited: {
      ReviewEditedFact fact;
      fact.review_id = ReadId(reader, ids);
      fact.rates = ReadRates(reader, &fact.recommended);
      return fact;
    }
    case EventKind::kReviewAnswered:
      return ReviewAnsweredFact{ReadId(reader, ids)};
    case EventKind::kReviewRemovalRequested:
      return ReviewRemovalRequestedFact{ReadId(reader, ids)};
    case EventKind::kReviewRemoved: {
      const std::string_view id = ReadId(reader, ids);
      return ReviewRemovedFact{id, ReadEnum<RemovedBy>(reader)};
    }
    case EventKind::kReturnFiled:
      return ReadReturnFiled(reader, ids);
    case EventKind::kReturnAccepted:
      return ReturnAcceptedFact{ReadId(reader, ids)};
    case EventKind::kReturnRejected: {
      const std::string_view id = ReadId(reader, ids);
      return ReturnRejectedFact{id, ReadEnum<ReturnRejection>(reader)};
    }
    case EventKind::kReturnClosed:
      return ReturnClosedFact{ReadId(reader, ids)};
    case EventKind::kRefundIssued: {
      RefundIssuedFact fact;
      fact.refund_id = ReadId(reader, ids);
      fact.return_id = ReadId(reader, ids);
      fact.complaint_id = ReadId(reader, ids);
      fact.amount = ReadMoney(reader);
      fact.kind = ReadEnum<RefundKind>(reader);
      return fact;
    }
    default:
      return OrderPaidFact{};
  }
}

Fact ReadFact(const Frame& frame, const IdTable& ids, const Base& base, bool* ok) {
  ByteReader reader(frame.content);
  Fact fact;
  fact.kind = frame.kind;
  fact.occurred_at = base.occurred_at.Plus(reader.Signed());
  fact.place.offset = base.offset.Plus(reader.Signed());
  fact.recorded_at = base.recorded_at.Plus(reader.Signed());
  if (frame.in_decision) fact.place.index = static_cast<uint32_t>(reader.Unsigned());
  if (fact.kind == EventKind::kOrderPlaced) fact.buyer_id = reader.String();
  fact.body = ReadBody(frame.kind, &reader, ids, base.occurred_at);
  *ok = reader.ok() && reader.done();
  return fact;
}

// Reads the head of a fact's content as far as the subject's id, without building the fact.
struct SubjectHead {
  int64_t occurred_delta;
  uint64_t reference;  // 0: literal
  std::string_view literal;
  std::string_view rest;  // the body after the subject's id
};

SubjectHead ReadSubjectHead(const Frame& frame) {
  ByteReader reader(frame.content);
  SubjectHead head;
  head.occurred_delta = reader.Signed();
  reader.SkipNumber();
  reader.SkipNumber();
  if (frame.in_decision) reader.SkipNumber();
  head.reference = reader.Unsigned();
  if (head.reference == 0) head.literal = reader.String();
  head.rest = reader.rest();
  return head;
}

// The id of the thing that a fact speaks of, without reading the fact.
std::string_view SubjectIdOf(const Frame& frame, const IdTable& ids) {
  if (SubjectOf(frame.kind) == Subject::kNone) return {};
  const SubjectHead head = ReadSubjectHead(frame);
  if (head.reference == 0) return head.literal;
  return head.reference <= ids.size() ? ids[head.reference - 1] : std::string_view();
}

// Whether two acts of one kind about one subject are the same.
bool SameAct(const Fact& fact, const SubjectHead& head, Instant base) {
  const auto same_time = [&] { return base.Plus(head.occurred_delta) == fact.occurred_at; };
  switch (fact.kind) {
    case EventKind::kParcelScanned:
      return ByteReader(head.rest).Byte() ==
                 static_cast<uint8_t>(std::get<ParcelScannedFact>(fact.body).code) &&
             same_time();
    case EventKind::kComplaintMessagePosted:
      return ByteReader(head.rest).String() ==
             std::get<ComplaintMessagePostedFact>(fact.body).message_id;
    case EventKind::kComplaintResolved:
    case EventKind::kComplaintReopened:
    case EventKind::kComplaintEscalated:
    case EventKind::kReviewEdited:
      return same_time();
    default:
      return true;
  }
}

// REQUIRES: the head is of a scan.
bool IsCarrierScan(const SubjectHead& head) {
  return ByteReader(head.rest).Byte() != static_cast<uint8_t>(ScanCode::kPending);
}

int32_t NoSubject(Subject, std::string_view) { return -1; }

}  // namespace

// ---------------------------------------------------------------- the row

void OrderRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Byte(kRowFormat);
  writer.Byte(
      static_cast<uint8_t>((known_ ? kFlagKnown : 0) | (has_refused_ ? kFlagHasRefused : 0)));
  writer.Unsigned(version_);
  writer.Unsigned(count_);
  writer.Unsigned(decisions_.size() / kDecisionIdBytes);
  writer.Raw(decisions_);
  if (known_) {
    writer.Raw(market_.text());
    writer.Signed(base_occurred_at_.number());
    writer.Signed(base_recorded_at_.number());
    writer.Signed(base_offset_.number());
  }
  writer.Raw(facts_);
}

absl::StatusOr<OrderRow> OrderRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  OrderRow row;
  const uint8_t format = reader.Byte();
  const uint8_t flags = reader.Byte();
  row.known_ = (flags & kFlagKnown) != 0;
  row.has_refused_ = (flags & kFlagHasRefused) != 0;
  row.version_ = reader.Unsigned();
  row.count_ = static_cast<uint32_t>(reader.Unsigned());
  row.decisions_ = std::string(reader.Raw(reader.Unsigned() * kDecisionIdBytes));
  if (row.known_) {
    row.market_ = MarketCode(reader.Raw(2));
    row.base_occurred_at_ = Instant(reader.Signed());
    row.base_recorded_at_ = Instant(reader.Signed());
    row.base_offset_ = Offset(reader.Signed());
  }
  const bool no_market = row.known_ && !row.market_.given();
  if (!reader.ok() || format != kRowFormat || no_market)
    return absl::DataLossError("an order row cannot be read");
  row.facts_ = std::string(reader.rest());
  return row;
}

bool OrderRow::HasDecision(std::string_view decision_id) const {
  for (size_t at = 0; at < decisions_.size(); at += kDecisionIdBytes) {
    if (decision_id == std::string_view(decisions_).substr(at, kDecisionIdBytes)) return true;
  }
  return false;
}

void OrderRow::AddDecision(std::string_view decision_id) {
  FLYWHEEL_CHECK(decision_id.size() == kDecisionIdBytes, "a decision's id has 16 bytes");
  decisions_.append(decision_id);
}

void OrderRow::AddWaiting(const WaitingFact& waiting) {
  FLYWHEEL_CHECK(!known_, "events wait for orders that are not known");
  std::string entry;
  ByteWriter writer(&entry);
  writer.Raw({waiting.hash.data(), waiting.hash.size()});
  writer.Raw(waiting.fact.market.text());
  writer.Signed(waiting.deadline.number());
  writer.String(waiting.fact.buyer_id);
  WriteFact(waiting.fact, -1, Base{}, NoSubject, &entry);
  ByteWriter(&facts_).String(entry);
  ++count_;
}

std::vector<WaitingFact> OrderRow::Waiting() const {
  std::vector<WaitingFact> waiting;
  if (known_) return waiting;
  ByteReader entries(facts_);
  while (!entries.done()) {
    ByteReader reader(entries.String());
    WaitingFact& entry = waiting.emplace_back();
    const std::string_view hash = reader.Raw(entry.hash.size());
    std::copy(hash.begin(), hash.end(), entry.hash.begin());
    const MarketCode market(reader.Raw(2));
    entry.deadline = Instant(reader.Signed());
    const std::string_view buyer_id = reader.String();
    bool ok = false;
    entry.fact = ReadFact(ReadFrame(&reader), IdTable(), Base{}, &ok);
    FLYWHEEL_CHECK(ok && reader.ok() && entries.ok(), "a waiting event can be read");
    entry.fact.market = market;
    entry.fact.buyer_id = buyer_id;
  }
  return waiting;
}

bool OrderRow::HasWaiting(const ContentHash& hash, Offset* offset) const {
  for (const WaitingFact& waiting : Waiting()) {
    if (waiting.hash != hash) continue;
    *offset = waiting.fact.place.offset;
    return true;
  }
  return false;
}

bool OrderRow::RemoveWaiting(Offset offset) {
  // The views point into facts_, so what stays is written into a row of its own first.
  OrderRow kept;
  bool found = false;
  for (const WaitingFact& waiting : Waiting()) {
    if (waiting.fact.place.offset == offset) {
      found = true;
    } else {
      kept.AddWaiting(waiting);
    }
  }
  if (!found) return false;
  facts_ = std::move(kept.facts_);
  count_ = kept.count_;
  return true;
}

void OrderRow::Place(const Fact& placed) {
  FLYWHEEL_CHECK(!known_ && placed.kind == EventKind::kOrderPlaced, "an order is placed once");
  known_ = true;
  market_ = placed.market;
  base_occurred_at_ = placed.occurred_at;
  base_recorded_at_ = placed.recorded_at;
  base_offset_ = placed.place.offset;
  count_ = 0;
  facts_.clear();
  facts_.reserve(kUsualFactBytes);
  Append(placed, ActSearch{});
}

OrderRow::ActSearch OrderRow::FindAct(const Fact& fact) const {
  ActSearch search;
  const Subject subject = SubjectOf(fact.kind);
  const std::string_view id = SubjectIdOf(fact);
  const bool once_an_order = subject == Subject::kNone || fact.kind == EventKind::kReviewPosted;
  ByteReader reader(facts_);
  for (int32_t ordinal = 0; !reader.done(); ++ordinal) {
    const Frame frame = ReadFrame(&reader);
    if (once_an_order && frame.kind == fact.kind) search.known = true;
    if (subject == Subject::kNone || SubjectOf(frame.kind) != subject) continue;
    const SubjectHead head = ReadSubjectHead(frame);
    if (head.reference == 0 ? head.literal != id
                            : static_cast<int32_t>(head.reference) - 1 != search.subject_ordinal) {
      continue;
    }
    if (head.reference == 0) search.subject_ordinal = ordinal;
    if (frame.kind != fact.kind) continue;
    if (SameAct(fact, head, base_occurred_at_)) search.known = true;
    if (fact.kind == EventKind::kParcelScanned && IsCarrierScan(head) &&
        base_occurred_at_.Plus(head.occurred_delta) <= fact.occurred_at) {
      search.scanned_by_then = true;
    }
  }
  return search;
}

void OrderRow::Append(const Fact& fact, const ActSearch& search) {
  FLYWHEEL_CHECK(known_, "facts are added to known orders");
  const size_t facts_before = facts_.size();
  const auto find = [&](Subject subject, std::string_view id) -> int32_t {
    ByteReader reader(std::string_view(facts_).substr(0, facts_before));
    for (int32_t ordinal = 0; !reader.done(); ++ordinal) {
      const Frame frame = ReadFrame(&reader);
      if (SubjectOf(frame.kind) != subject) continue;
      const SubjectHead head = ReadSubjectHead(frame);
      if (head.reference == 0 && head.literal == id) return ordinal;
    }
    return -1;
  };
  WriteFact(fact, search.subject_ordinal, Base{base_occurred_at_, base_recorded_at_, base_offset_},
            find, &facts_);
  ++count_;
}

void OrderRow::ForEachFact(const EventKindSet& kinds,
                           absl::FunctionRef<bool(const Fact&)> visit) const {
  if (!known_) return;
  const Base base{base_occurred_at_, base_recorded_at_, base_offset_};
  IdTable ids;
  ByteReader reader(facts_);
  while (!reader.done()) {
    const Frame frame = ReadFrame(&reader);
    if (!kinds.contains(frame.kind)) {
      ids.push_back(SubjectIdOf(frame, ids));
      continue;
    }
    bool ok = false;
    Fact fact = ReadFact(frame, ids, base, &ok);
    FLYWHEEL_CHECK(ok && reader.ok(), "a row's fact can be read");
    fact.market = market_;
    ids.push_back(SubjectIdOf(fact));
    if (!visit(fact)) return;
  }
}

Fact OrderRow::Placed() const {
  Fact placed;
  ForEachFact([&placed](const Fact& fact) {
    placed = fact;
    return false;
  });
  return placed;
}

}  // namespace flywheel
