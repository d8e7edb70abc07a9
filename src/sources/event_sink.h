// Where made events go.
#ifndef FLYWHEEL_SOURCES_EVENT_SINK_H_
#define FLYWHEEL_SOURCES_EVENT_SINK_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "flywheel/events/v1/event.pb.h"

namespace flywheel {

// Called with each event in turn; the event lives during the call alone. An error ends the making
// and is handed on.
using EventSink = absl::FunctionRef<absl::Status(const events::v1::Event& event)>;

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_EVENT_SINK_H_
