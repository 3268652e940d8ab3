add_executable(admin_test admin_audit_test.cpp admin_batch_test.cpp admin_explain_test.cpp admin_failed_test.cpp
                          admin_search_test.cpp admin_status_test.cpp)
target_link_libraries(admin_test PRIVATE waybill_admin GTest::gtest_main)
gtest_discover_tests(admin_test DISCOVERY_TIMEOUT 60)

add_executable(cli_test cli_table_test.cpp cli_sample_config_test.cpp)
target_link_libraries(cli_test PRIVATE waybill_cli GTest::gtest_main)
gtest_discover_tests(cli_test DISCOVERY_TIMEOUT 60)
