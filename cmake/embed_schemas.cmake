# Writes the schemas into a C++ file, so that the program needs none of them at run time.
#
#   cmake -DOUT=embedded.cc -DROOT=schemas -DFILES=a.proto;b.proto -DDESCRIPTOR_SET=set.binpb -P embed_schemas.cmake
#
# What it defines is declared in src/schemas/embedded.h.

# bytes_of(FILE OUT): the file as the elements of an array of unsigned char, 32 in a line.
function(bytes_of file out)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  set(four "0x..,0x..,0x..,0x..,")
  string(REGEX REPLACE "(${four}${four}${four}${four})" "\\1\n" bytes "${bytes}")
  set(${out} "${bytes}" PARENT_SCOPE)
endfunction()

set(arrays "")
set(rows "")
set(number 0)
foreach(path IN LISTS FILES)
  bytes_of(${ROOT}/${path} bytes)
  string(APPEND arrays "constexpr unsigned char kFile${number}[] = {\n${bytes}};\n")
  string(APPEND rows "      {\"${path}\", Text(kFile${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()
bytes_of(${DESCRIPTOR_SET} bytes)
string(APPEND arrays "constexpr unsigned char kDescriptorSet[] = {\n${bytes}};\n")

file(WRITE ${OUT} "// Made by cmake/embed_schemas.cmake.
#include \"schemas/embedded.h\"

#include <cstddef>

namespace flywheel {
namespace {

${arrays}
template <size_t kSize>
std::string_view Text(const unsigned char (&bytes)[kSize]) {
  return {reinterpret_cast<const char*>(bytes), kSize};
}

}  // namespace

const std::vector<EmbeddedSchema>& EmbeddedSchemas() {
  static const std::vector<EmbeddedSchema> schemas = {
${rows}  };
  return schemas;
}

std::string_view EmbeddedDescriptorSet() { return Text(kDescriptorSet); }

}  // namespace flywheel
")
