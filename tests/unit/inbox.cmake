add_executable(inbox_crash_test inbox_crash_test.cpp)
target_link_libraries(inbox_crash_test PRIVATE waybill_inbox_sqlite PkgConfig::SQLITE GTest::gtest_main)
gtest_discover_tests(inbox_crash_test DISCOVERY_TIMEOUT 60)

add_executable(inbox_totals_test inbox_totals_test.cpp)
target_link_libraries(inbox_totals_test PRIVATE waybill_inbox_values waybill_public GTest::gtest_main)
gtest_discover_tests(inbox_totals_test DISCOVERY_TIMEOUT 60)

if(WAYBILL_EXAMPLES)
  add_executable(shop_test shop_test.cpp)
  target_link_libraries(shop_test PRIVATE shop_common GTest::gtest_main)
  gtest_discover_tests(shop_test DISCOVERY_TIMEOUT 60)
endif()

add_executable(redis_values_test redis_entry_id_test.cpp redis_message_test.cpp sync_bind_test.cpp)
target_link_libraries(redis_values_test PRIVATE waybill_store_redis waybill_outbox_redis waybill_sync PkgConfig::HIREDIS
                                                OpenSSL::SSL GTest::gmock GTest::gtest_main)
gtest_discover_tests(redis_values_test DISCOVERY_TIMEOUT 60)
