# The schemas as one static library. Include paths: "flywheel/events/v1/event.pb.h".

set(Protobuf_USE_STATIC_LIBS OFF)
# The compiler that belongs to the library, also where another one stands earlier in PATH.
find_program(Protobuf_PROTOC_EXECUTABLE protoc PATHS /usr/bin NO_DEFAULT_PATH)
find_package(Protobuf REQUIRED)
find_package(Threads REQUIRED)

set(FLYWHEEL_SCHEMAS ${CMAKE_SOURCE_DIR}/schemas)
file(GLOB_RECURSE FLYWHEEL_PROTOS CONFIGURE_DEPENDS ${FLYWHEEL_SCHEMAS}/flywheel/*.proto)
set(FLYWHEEL_PROTO_OUT ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${FLYWHEEL_PROTO_OUT})

set(generated_sources)
foreach(proto IN LISTS FLYWHEEL_PROTOS)
  file(RELATIVE_PATH relative ${FLYWHEEL_SCHEMAS} ${proto})
  string(REGEX REPLACE "\\.proto$" "" stem ${relative})
  set(outputs ${FLYWHEEL_PROTO_OUT}/${stem}.pb.cc ${FLYWHEEL_PROTO_OUT}/${stem}.pb.h)
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND protobuf::protoc --proto_path=${FLYWHEEL_SCHEMAS} --cpp_out=${FLYWHEEL_PROTO_OUT} ${proto}
    DEPENDS ${FLYWHEEL_PROTOS}
    COMMENT "protoc ${relative}"
    VERBATIM)
  list(APPEND generated_sources ${outputs})
endforeach()

add_library(flywheel_proto STATIC ${generated_sources})
target_include_directories(flywheel_proto SYSTEM PUBLIC ${FLYWHEEL_PROTO_OUT})
target_link_libraries(flywheel_proto PUBLIC protobuf::libprotobuf Threads::Threads)

# The schemas themselves, with their comments, in the program: src/schemas/embedded.h.
set(embedded_schemas ${CMAKE_BINARY_DIR}/embedded_schemas.cc)
set(descriptor_set ${CMAKE_BINARY_DIR}/schemas.binpb)
set(relative_protos)
foreach(proto IN LISTS FLYWHEEL_PROTOS)
  file(RELATIVE_PATH relative ${FLYWHEEL_SCHEMAS} ${proto})
  list(APPEND relative_protos ${relative})
endforeach()
add_custom_command(
  OUTPUT ${embedded_schemas}
  COMMAND protobuf::protoc --proto_path=${FLYWHEEL_SCHEMAS} --include_imports --include_source_info
          --descriptor_set_out=${descriptor_set} ${relative_protos}
  COMMAND ${CMAKE_COMMAND} -DOUT=${embedded_schemas} -DROOT=${FLYWHEEL_SCHEMAS} "-DFILES=${relative_protos}"
          -DDESCRIPTOR_SET=${descriptor_set} -P ${CMAKE_SOURCE_DIR}/cmake/embed_schemas.cmake
  DEPENDS ${FLYWHEEL_PROTOS} ${CMAKE_SOURCE_DIR}/cmake/embed_schemas.cmake
  COMMENT "embedding the schemas"
  VERBATIM)
add_library(flywheel_embedded_schemas STATIC ${embedded_schemas})
target_include_directories(flywheel_embedded_schemas PRIVATE ${CMAKE_SOURCE_DIR}/src)
