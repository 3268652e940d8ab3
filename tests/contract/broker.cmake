add_library(waybill_fake_amqp STATIC fake_amqp/fake_broker.cpp fake_amqp/peer.cpp)
target_include_directories(waybill_fake_amqp PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(waybill_fake_amqp PUBLIC waybill_broker_rabbitmq waybill_values)

add_executable(publisher_hostile_test publisher_hostile_test.cpp)
target_link_libraries(publisher_hostile_test PRIVATE waybill_fake_amqp GTest::gtest_main)
gtest_discover_tests(publisher_hostile_test DISCOVERY_TIMEOUT 60)

add_library(waybill_publisher_rigs STATIC publisher_rig_memory.cpp publisher_rig_rabbitmq.cpp tcp_gate.cpp)
target_include_directories(waybill_publisher_rigs PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(waybill_publisher_rigs PUBLIC waybill_broker waybill_consumer
                      PRIVATE waybill_broker_rabbitmq waybill_broker_memory waybill_values)

add_executable(publisher_contract_test publisher_contract_test.cpp)
target_link_libraries(publisher_contract_test PRIVATE waybill_publisher_rigs GTest::gtest_main)
gtest_discover_tests(publisher_contract_test DISCOVERY_TIMEOUT 60)

add_executable(consumer_contract_test consumer_contract_test.cpp)
target_link_libraries(consumer_contract_test PRIVATE waybill_publisher_rigs GTest::gtest_main)
gtest_discover_tests(consumer_contract_test DISCOVERY_TIMEOUT 60)
