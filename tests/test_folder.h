// Where the tests run.
#ifndef FLYWHEEL_TESTS_TEST_FOLDER_H_
#define FLYWHEEL_TESTS_TEST_FOLDER_H_

namespace flywheel {

// Makes the repository's folder the working directory, wherever the binary was started. Exits with
// a message where that folder is gone.
void EnterRepository();

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_TEST_FOLDER_H_
