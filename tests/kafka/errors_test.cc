#include "events/kafka/errors.h"

#include <catch2/catch.hpp>

#include "kafka/log_testing.h"

namespace flywheel {
namespace {

TEST_CASE("an error code becomes what a caller can act on") {
  const auto code = [](rd_kafka_resp_err_t error) { return KafkaStatus(error, "reading").code(); };
  CHECK(code(RD_KAFKA_RESP_ERR_NO_ERROR) == absl::StatusCode::kOk);
  CHECK(code(RD_KAFKA_RESP_ERR__TRANSPORT) == absl::StatusCode::kUnavailable);
  CHECK(code(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) == absl::StatusCode::kUnavailable);
  CHECK(code(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) == absl::StatusCode::kUnavailable);
  CHECK(code(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS) == absl::StatusCode::kUnavailable);
  CHECK(code(RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR) == absl::StatusCode::kUnavailable);
  CHECK(code(RD_KAFKA_RESP_ERR__AUTHENTICATION) == absl::StatusCode::kPermissionDenied);
  CHECK(code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) == absl::StatusCode::kPermissionDenied);
  CHECK(code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) == absl::StatusCode::kNotFound);
  CHECK(code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) == absl::StatusCode::kInvalidArgument);
  CHECK(code(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) == absl::StatusCode::kOutOfRange);
  CHECK(code(RD_KAFKA_RESP_ERR__BAD_MSG) == absl::StatusCode::kDataLoss);
  CHECK(code(RD_KAFKA_RESP_ERR__QUEUE_FULL) == absl::StatusCode::kResourceExhausted);
  CHECK(code(RD_KAFKA_RESP_ERR__SSL) == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("an error says what could not be done, why, and what helps where that is known") {
  CHECK(KafkaStatus(RD_KAFKA_RESP_ERR__TRANSPORT, "reading shop.log", "connection refused") ==
        absl::UnavailableError(
            "reading shop.log: Local: Broker transport failure: connection refused"));
  CHECK(Mentions(KafkaStatus(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "appending"),
                 "max.message.bytes"));
  CHECK(Mentions(KafkaStatus(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, "appending"), "clocks"));
}

}  // namespace
}  // namespace flywheel
