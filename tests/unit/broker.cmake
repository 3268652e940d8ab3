# The pure parts of src/broker.
add_executable(broker_unit_test answer_ledger_test.cpp confirm_ledger_test.cpp connect_test.cpp content_test.cpp
                                exchange_gate_test.cpp examine_queue_test.cpp frame_test.cpp)
target_link_libraries(broker_unit_test PRIVATE waybill_broker_rabbitmq waybill_values nlohmann_json::nlohmann_json
                                               GTest::gtest_main)
gtest_discover_tests(broker_unit_test DISCOVERY_TIMEOUT 60)

add_executable(kafka_unit_test kafka_record_test.cpp kafka_report_test.cpp kafka_settings_test.cpp offset_ledger_test.cpp topic_facts_test.cpp
                               protocol_guess_test.cpp)
target_link_libraries(kafka_unit_test PRIVATE waybill_broker_kafka waybill_values GTest::gtest_main)
gtest_discover_tests(kafka_unit_test DISCOVERY_TIMEOUT 60)

if(WAYBILL_ROCKETMQ)
  add_executable(rocketmq_unit_test rocketmq_hold_test.cpp rocketmq_message_test.cpp rocketmq_reply_test.cpp
                                    rocketmq_settings_test.cpp)
  target_link_libraries(rocketmq_unit_test PRIVATE waybill_broker_rocketmq waybill_values GTest::gtest_main)
  gtest_discover_tests(rocketmq_unit_test DISCOVERY_TIMEOUT 60)
endif()
