// The characters that names of topics, nodes and folders share.
#ifndef FLYWHEEL_BASE_NAME_CHARACTER_H_
#define FLYWHEEL_BASE_NAME_CHARACTER_H_

namespace flywheel {

// Letters and digits of ASCII, '.', '_' and '-': what Kafka takes in a topic's name.
constexpr bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_NAME_CHARACTER_H_
