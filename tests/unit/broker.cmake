# The pure parts of src/broker.
add_executable(broker_unit_test answer_ledger_test.cpp confirm_ledger_test.cpp connect_test.cpp content_test.cpp
                                exchange_gate_test.cpp examine_queue_test.cpp frame_test.cpp)
target_link_libraries(broker_unit_test PRIVATE waybill_broker_rabbitmq waybill_values nlohmann_json::nlohmann_json
                                               GTest::gtest_main)
gtest_discover_tests(broker_unit_test DISCOVERY_TIMEOUT 60)
