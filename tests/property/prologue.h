// What a busy seller lives through before the steps of a history begin: many orders in time, with
// reviews, dispatches, complaints and returns next to their deadlines. Random steps alone seldom
// make a seller eligible for Smart!, or stop a clock.
#ifndef FLYWHEEL_TESTS_PROPERTY_PROLOGUE_H_
#define FLYWHEEL_TESTS_PROPERTY_PROLOGUE_H_

#include <cstdint>
#include <vector>

#include "base/strong.h"
#include "base/time_zone.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel {

// The events of seller "s0" in market "PL" from a local day on, without ids and stamps, by
// occurred_at but for some that come late. Deterministic by seed.
std::vector<events::v1::Event> Prologue(uint32_t seed, const TimeZone& zone, LocalDay first_day);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_PROLOGUE_H_
