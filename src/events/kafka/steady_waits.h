// librdkafka's waits go by the monotonic clock.
#ifndef FLYWHEEL_EVENTS_KAFKA_STEADY_WAITS_H_
#define FLYWHEEL_EVENTS_KAFKA_STEADY_WAITS_H_

namespace flywheel {

// librdkafka waits until instants of the wall clock (timespec_get, cnd_timedwait). Where that is
// set back, a wait that began before lasts longer by as much: heartbeats stay away, appends and
// reads stand still, for days if need be. So the program has these two functions of its own, which
// the loader takes in place of the C library's: an instant is then the wall clock's of the
// program's start plus what has passed since by the monotonic clock.
//
// Nothing else here waits with them. Does nothing but that they are linked; from any thread.
void UseSteadyWaits();

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_STEADY_WAITS_H_
