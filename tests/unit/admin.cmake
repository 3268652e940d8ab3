add_executable(admin_test admin_acts_test.cpp admin_audit_test.cpp admin_batch_test.cpp admin_causes_test.cpp admin_condition_test.cpp admin_decode_test.cpp admin_explain_test.cpp admin_failed_test.cpp admin_mask_test.cpp admin_operation_test.cpp admin_phrasebook_test.cpp
                          admin_search_test.cpp admin_status_test.cpp)
target_link_libraries(admin_test PRIVATE waybill_admin GTest::gtest_main)
gtest_discover_tests(admin_test DISCOVERY_TIMEOUT 60)

add_executable(cli_test cli_table_test.cpp cli_sample_config_test.cpp)
target_link_libraries(cli_test PRIVATE waybill_cli GTest::gtest_main)
gtest_discover_tests(cli_test DISCOVERY_TIMEOUT 60)

add_executable(http_test http_access_test.cpp http_answers_test.cpp http_asked_once_test.cpp http_idempotency_test.cpp http_metrics_test.cpp http_rights_test.cpp http_traces_test.cpp)
target_link_libraries(http_test PRIVATE waybill_http GTest::gtest_main)
target_include_directories(http_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_BINARY_DIR}/src/http/generated)
target_compile_definitions(http_test PRIVATE WAYBILL_METRICS_PAGE="${PROJECT_SOURCE_DIR}/docs/reference/metrics.md")
gtest_discover_tests(http_test DISCOVERY_TIMEOUT 60)
