// The program as a function: arguments in, exit code out.
#ifndef FLYWHEEL_APP_COMMAND_LINE_H_
#define FLYWHEEL_APP_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "app/context.h"
#include "app/exit_code.h"

namespace flywheel {

// Parses the arguments (without the program's name), runs the command with the context, whose
// folder and json the options replace, and says what went wrong.
ExitCode RunCommandLine(const std::vector<std::string>& arguments, Context context);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_COMMAND_LINE_H_
