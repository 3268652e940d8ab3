add_library(waybill_fake_amqp STATIC fake_amqp/fake_broker.cpp fake_amqp/peer.cpp)
target_include_directories(waybill_fake_amqp PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(waybill_fake_amqp PUBLIC waybill_broker_rabbitmq waybill_values)

add_executable(publisher_hostile_test publisher_hostile_test.cpp publisher_refusal_test.cpp)
target_link_libraries(publisher_hostile_test PRIVATE waybill_fake_amqp GTest::gtest_main)
gtest_discover_tests(publisher_hostile_test DISCOVERY_TIMEOUT 60)

add_library(waybill_publisher_rigs STATIC publisher_rig_memory.cpp publisher_rig_rabbitmq.cpp
            publisher_rig_kafka.cpp kafka_topics.cpp publisher_rig_rocketmq.cpp rocketmq_topics.cpp tcp_gate.cpp)
target_include_directories(waybill_publisher_rigs PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(waybill_publisher_rigs PUBLIC waybill_broker waybill_consumer
                      PRIVATE waybill_broker_rabbitmq waybill_broker_memory waybill_values PkgConfig::RDKAFKA
                              nlohmann_json::nlohmann_json)

add_executable(publisher_contract_test publisher_contract_test.cpp)
target_link_libraries(publisher_contract_test PRIVATE waybill_publisher_rigs GTest::gtest_main)
target_compile_definitions(publisher_contract_test PRIVATE $<$<BOOL:${WAYBILL_ROCKETMQ}>:WAYBILL_HAS_ROCKETMQ>)
gtest_discover_tests(publisher_contract_test DISCOVERY_TIMEOUT 60)

add_executable(consumer_contract_test consumer_contract_test.cpp)
target_link_libraries(consumer_contract_test PRIVATE waybill_publisher_rigs GTest::gtest_main)
target_compile_definitions(consumer_contract_test PRIVATE $<$<BOOL:${WAYBILL_ROCKETMQ}>:WAYBILL_HAS_ROCKETMQ>)
gtest_discover_tests(consumer_contract_test DISCOVERY_TIMEOUT 60)

add_executable(examine_broker_test examine_broker_test.cpp)
target_link_libraries(examine_broker_test PRIVATE waybill_publisher_rigs GTest::gtest_main)
gtest_discover_tests(examine_broker_test DISCOVERY_TIMEOUT 60)

add_executable(publisher_tls_test publisher_tls_test.cpp tls_front.cpp)
target_link_libraries(publisher_tls_test PRIVATE waybill_fake_amqp OpenSSL::SSL GTest::gtest_main)
gtest_discover_tests(publisher_tls_test DISCOVERY_TIMEOUT 60)

add_executable(kafka_scripted_test kafka_scripted_test.cpp)
target_link_libraries(kafka_scripted_test PRIVATE waybill_broker waybill_core PkgConfig::RDKAFKA GTest::gtest_main)
gtest_discover_tests(kafka_scripted_test DISCOVERY_TIMEOUT 60)

add_executable(kafka_publisher_test kafka_publisher_test.cpp)
target_link_libraries(kafka_publisher_test PRIVATE waybill_publisher_rigs waybill_values GTest::gtest_main)
gtest_discover_tests(kafka_publisher_test DISCOVERY_TIMEOUT 60)

add_executable(kafka_consumer_test kafka_consumer_test.cpp)
target_link_libraries(kafka_consumer_test PRIVATE waybill_publisher_rigs waybill_values PkgConfig::RDKAFKA GTest::gtest_main)
gtest_discover_tests(kafka_consumer_test DISCOVERY_TIMEOUT 60)

if(WAYBILL_ROCKETMQ)
  add_executable(rocketmq_scripted_test rocketmq_scripted_test.cpp fake_rocketmq/fake_proxy.cpp)
  target_include_directories(rocketmq_scripted_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(rocketmq_scripted_test PRIVATE waybill_broker_rocketmq waybill_values OpenSSL::Crypto
                                                       GTest::gtest_main)
  gtest_discover_tests(rocketmq_scripted_test DISCOVERY_TIMEOUT 60)

  add_executable(rocketmq_publisher_test rocketmq_publisher_test.cpp)
  target_link_libraries(rocketmq_publisher_test PRIVATE waybill_publisher_rigs waybill_values GTest::gtest_main)
  gtest_discover_tests(rocketmq_publisher_test DISCOVERY_TIMEOUT 60)
endif()
