add_executable(postgresql_store_test postgresql_commit_test.cpp postgresql_database.cpp postgresql_move_test.cpp
                                     postgresql_slices_test.cpp postgresql_truncation_test.cpp tcp_gate.cpp)
target_link_libraries(postgresql_store_test PRIVATE waybill_store waybill_store_postgresql waybill_broker_rabbitmq
                                                    PkgConfig::LIBPQ GTest::gmock GTest::gtest_main)
gtest_discover_tests(postgresql_store_test DISCOVERY_TIMEOUT 60 PROPERTIES RESOURCE_LOCK postgresql COST 100)
