package io.flywheel.peer;

import com.google.protobuf.Timestamp;
import io.flywheel.events.v1.Event;
import io.flywheel.events.v1.Event.PayloadCase;
import io.flywheel.events.v1.OrderLine;
import io.flywheel.events.v1.OrderPlaced;
import io.flywheel.events.v1.Rates;
import io.flywheel.events.v1.RefundIssued;
import io.flywheel.events.v1.ReturnFiled;
import io.flywheel.events.v1.ReturnItem;
import java.nio.ByteBuffer;

/**
 * A fact's bytes: length (4, without itself), kind (1, the number in the oneof), occurred_at (8), length of the id (2),
 * the id of what it speaks of, and what else the kind needs. All that the acceptance and the two read models ask for.
 */
final class Facts {
  static final int KIND = 4;
  static final int AT = 5;
  static final int ID_LENGTH = 13;
  static final int ID = 15;

  static final int ORDER_PLACED = PayloadCase.ORDER_PLACED.getNumber();
  static final int ORDER_PAID = PayloadCase.ORDER_PAID.getNumber();
  static final int ORDER_CANCELLED = PayloadCase.ORDER_CANCELLED.getNumber();
  static final int PARCEL_SCANNED = PayloadCase.PARCEL_SCANNED.getNumber();
  static final int COMPLAINT_OPENED = PayloadCase.COMPLAINT_OPENED.getNumber();
  static final int COMPLAINT_MESSAGE_POSTED = PayloadCase.COMPLAINT_MESSAGE_POSTED.getNumber();
  static final int COMPLAINT_RESOLVED = PayloadCase.COMPLAINT_RESOLVED.getNumber();
  static final int COMPLAINT_REOPENED = PayloadCase.COMPLAINT_REOPENED.getNumber();
  static final int COMPLAINT_ESCALATED = PayloadCase.COMPLAINT_ESCALATED.getNumber();
  static final int REVIEW_POSTED = PayloadCase.REVIEW_POSTED.getNumber();
  static final int REVIEW_EDITED = PayloadCase.REVIEW_EDITED.getNumber();
  static final int REVIEW_ANSWERED = PayloadCase.REVIEW_ANSWERED.getNumber();
  static final int REVIEW_REMOVED = PayloadCase.REVIEW_REMOVED.getNumber();
  static final int RETURN_FILED = PayloadCase.RETURN_FILED.getNumber();
  static final int RETURN_ACCEPTED = PayloadCase.RETURN_ACCEPTED.getNumber();
  static final int RETURN_REJECTED = PayloadCase.RETURN_REJECTED.getNumber();
  static final int REFUND_ISSUED = PayloadCase.REFUND_ISSUED.getNumber();

  private Facts() {}

  static long millis(Timestamp at) {
    return at.getSeconds() * 1000 + at.getNanos() / 1_000_000;
  }

  /** The order that the event speaks of; null for events of sellers and of Flywheel itself. */
  static String orderOf(Event event) {
    return switch (event.getPayloadCase()) {
      case ORDER_PLACED -> event.getOrderPlaced().getOrderId();
      case ORDER_PAID -> event.getOrderPaid().getOrderId();
      case ORDER_CANCELLED -> event.getOrderCancelled().getOrderId();
      case PARCEL_REGISTERED -> event.getParcelRegistered().getOrderId();
      case PARCEL_SCANNED -> event.getParcelScanned().getOrderId();
      case COMPLAINT_OPENED -> event.getComplaintOpened().getOrderId();
      case COMPLAINT_MESSAGE_POSTED -> event.getComplaintMessagePosted().getOrderId();
      case COMPLAINT_RESOLVED -> event.getComplaintResolved().getOrderId();
      case COMPLAINT_REOPENED -> event.getComplaintReopened().getOrderId();
      case COMPLAINT_ESCALATED -> event.getComplaintEscalated().getOrderId();
      case REVIEW_POSTED -> event.getReviewPosted().getOrderId();
      case REVIEW_EDITED -> event.getReviewEdited().getOrderId();
      case REVIEW_ANSWERED -> event.getReviewAnswered().getOrderId();
      case REVIEW_REMOVAL_REQUESTED -> event.getReviewRemovalRequested().getOrderId();
      case REVIEW_REMOVED -> event.getReviewRemoved().getOrderId();
      case RETURN_FILED -> event.getReturnFiled().getOrderId();
      case RETURN_ACCEPTED -> event.getReturnAccepted().getOrderId();
      case RETURN_REJECTED -> event.getReturnRejected().getOrderId();
      case RETURN_CLOSED -> event.getReturnClosed().getOrderId();
      case REFUND_ISSUED -> event.getRefundIssued().getOrderId();
      default -> null;
    };
  }

  /** Writes the event's fact at the buffer's position, from which its length counts. */
  static void write(Event event, ByteBuffer out) {
    int start = out.position();
    out.putInt(0).put((byte) event.getPayloadCase().getNumber()).putLong(millis(event.getOccurredAt()));
    switch (event.getPayloadCase()) {
      case ORDER_PLACED -> writePlaced(event.getOrderPlaced(), out);
      case PARCEL_REGISTERED -> writeId(event.getParcelRegistered().getParcelId(), out);
      case PARCEL_SCANNED -> {
        writeId(event.getParcelScanned().getParcelId(), out);
        out.put((byte) event.getParcelScanned().getCodeValue());
      }
      case COMPLAINT_OPENED -> writeId(event.getComplaintOpened().getComplaintId(), out);
      case COMPLAINT_MESSAGE_POSTED -> {
        writeId(event.getComplaintMessagePosted().getComplaintId(), out);
        out.put((byte) event.getComplaintMessagePosted().getAuthorValue());
        out.put(Keys.utf8(event.getComplaintMessagePosted().getMessageId()));
      }
      case COMPLAINT_RESOLVED -> {
        writeId(event.getComplaintResolved().getComplaintId(), out);
        out.put((byte) event.getComplaintResolved().getByValue());
      }
      case COMPLAINT_REOPENED -> writeId(event.getComplaintReopened().getComplaintId(), out);
      case COMPLAINT_ESCALATED -> writeId(event.getComplaintEscalated().getComplaintId(), out);
      case REVIEW_POSTED -> {
        writeId(event.getReviewPosted().getReviewId(), out);
        writeOpinion(event.getReviewPosted().getRecommended(), event.getReviewPosted().getRates(), out);
      }
      case REVIEW_EDITED -> {
        writeId(event.getReviewEdited().getReviewId(), out);
        writeOpinion(event.getReviewEdited().getRecommended(), event.getReviewEdited().getRates(), out);
      }
      case REVIEW_ANSWERED -> writeId(event.getReviewAnswered().getReviewId(), out);
      case REVIEW_REMOVAL_REQUESTED -> writeId(event.getReviewRemovalRequested().getReviewId(), out);
      case REVIEW_REMOVED -> {
        writeId(event.getReviewRemoved().getReviewId(), out);
        out.put((byte) event.getReviewRemoved().getByValue());
      }
      case RETURN_FILED -> writeReturn(event.getReturnFiled(), out);
      case RETURN_ACCEPTED -> writeId(event.getReturnAccepted().getReturnId(), out);
      case RETURN_REJECTED -> writeId(event.getReturnRejected().getReturnId(), out);
      case RETURN_CLOSED -> writeId(event.getReturnClosed().getReturnId(), out);
      case REFUND_ISSUED -> writeRefund(event.getRefundIssued(), out);
      default -> writeId("", out);
    }
    out.putInt(start, out.position() - start - 4);
  }

  static void writeId(String id, ByteBuffer out) {
    byte[] bytes = Keys.utf8(id);
    out.putShort((short) bytes.length).put(bytes);
  }

  /** Total, currency, number of lines, the lines; the fact's id is the buyer's. */
  private static void writePlaced(OrderPlaced placed, ByteBuffer out) {
    writeId(placed.getBuyerId(), out);
    out.putLong(placed.getTotal().getAmountMinor());
    writeId(placed.getTotal().getCurrency(), out);
    out.putShort((short) placed.getLinesCount());
    for (OrderLine line : placed.getLinesList()) {
      writeId(line.getLineId(), out);
      out.putInt(line.getQuantity());
    }
  }

  private static void writeReturn(ReturnFiled filed, ByteBuffer out) {
    writeId(filed.getReturnId(), out);
    out.putShort((short) filed.getItemsCount());
    for (ReturnItem item : filed.getItemsList()) {
      writeId(item.getLineId(), out);
      out.putInt(item.getQuantity());
    }
  }

  private static void writeRefund(RefundIssued refund, ByteBuffer out) {
    writeId(refund.getRefundId(), out);
    out.put((byte) refund.getKindValue()).putLong(refund.getAmount().getAmountMinor());
    writeId(refund.getAmount().getCurrency(), out);
  }

  private static void writeOpinion(boolean recommended, Rates rates, ByteBuffer out) {
    out.put((byte) (recommended ? 1 : 0));
    out.put((byte) rates.getDelivery()).put((byte) rates.getDeliveryCost());
    out.put((byte) rates.getDescription()).put((byte) rates.getService());
  }
}
