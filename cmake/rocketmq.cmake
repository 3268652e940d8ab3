# The client code of RocketMQ's protocol, generated from its files, which tools/setup fetches.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED)
endif()
find_package(gRPC CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
set(WAYBILL_ROCKETMQ_PROTOCOL ${PROJECT_SOURCE_DIR}/build/protocols CACHE PATH "Where apache/rocketmq/v2/*.proto are")
if(NOT EXISTS ${WAYBILL_ROCKETMQ_PROTOCOL}/apache/rocketmq/v2/service.proto)
  message(FATAL_ERROR "RocketMQ's protocol files are not in ${WAYBILL_ROCKETMQ_PROTOCOL}: run tools/setup protocols, or "
                      "build without RocketMQ by -DWAYBILL_ROCKETMQ=OFF")
endif()

set(generated ${PROJECT_BINARY_DIR}/protocols)
file(MAKE_DIRECTORY ${generated})
set(parts "")
foreach(part IN ITEMS definition service)
  set(proto ${WAYBILL_ROCKETMQ_PROTOCOL}/apache/rocketmq/v2/${part}.proto)
  set(made ${generated}/apache/rocketmq/v2/${part})
  add_custom_command(
    OUTPUT ${made}.pb.cc ${made}.pb.h ${made}.grpc.pb.cc ${made}.grpc.pb.h
    COMMAND protobuf::protoc -I ${WAYBILL_ROCKETMQ_PROTOCOL} --cpp_out ${generated} --grpc_out ${generated}
            --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${proto}
    DEPENDS ${proto} VERBATIM)
  list(APPEND parts ${made}.pb.cc ${made}.grpc.pb.cc)
endforeach()
add_library(waybill_rocketmq_protocol STATIC ${parts})
# Not our code, and its warnings not our affair.
target_compile_options(waybill_rocketmq_protocol PRIVATE -w -O1)
target_include_directories(waybill_rocketmq_protocol SYSTEM PUBLIC ${generated})
target_link_libraries(waybill_rocketmq_protocol PUBLIC gRPC::grpc++ protobuf::libprotobuf)
