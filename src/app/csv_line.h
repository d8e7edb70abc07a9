// Lines of CSV as RFC 4180 says, but that they end in LF.
#ifndef FLYWHEEL_APP_CSV_LINE_H_
#define FLYWHEEL_APP_CSV_LINE_H_

#include <string>
#include <vector>

namespace flywheel {

// Fields are quoted where they have to be.
std::string CsvLine(const std::vector<std::string>& fields);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_CSV_LINE_H_
