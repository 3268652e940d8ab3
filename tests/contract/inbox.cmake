add_library(waybill_inbox_rigs STATIC inbox_rig_mysql.cpp inbox_rig_sqlite.cpp inbox_rig_postgresql.cpp)
target_include_directories(waybill_inbox_rigs PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(waybill_inbox_rigs PUBLIC waybill_inbox waybill_values
                      PRIVATE waybill_store waybill_inbox_sqlite waybill_inbox_postgresql waybill_inbox_mysql
                              waybill_mysql_values waybill_sqlite_errors waybill_postgresql_errors PkgConfig::SQLITE
                              PkgConfig::LIBPQ PkgConfig::MARIADB GTest::gtest)
waybill_embed(waybill_inbox_rigs sqlite_inbox_schema ${PROJECT_SOURCE_DIR}/src/store/sqlite/schema/020_inbox.sql)
waybill_embed(waybill_inbox_rigs postgresql_inbox_schema
              ${PROJECT_SOURCE_DIR}/src/store/postgresql/schema/020_inbox.sql
              ${PROJECT_SOURCE_DIR}/src/store/postgresql/schema/030_inbox_shards.sql)

add_executable(inbox_contract_test inbox_contract_test.cpp)
target_link_libraries(inbox_contract_test PRIVATE waybill_inbox_rigs GTest::gtest_main)
gtest_discover_tests(inbox_contract_test DISCOVERY_TIMEOUT 60 PROPERTIES RESOURCE_LOCK postgresql COST 100)

add_executable(inbox_rotation_test inbox_rotation_test.cpp)
target_link_libraries(inbox_rotation_test PRIVATE waybill_inbox_rigs GTest::gtest_main)
gtest_discover_tests(inbox_rotation_test DISCOVERY_TIMEOUT 60 PROPERTIES RESOURCE_LOCK postgresql COST 100)

add_executable(inbox_shards_test inbox_shards_test.cpp)
target_link_libraries(inbox_shards_test PRIVATE waybill_inbox_rigs waybill_inbox_postgresql PkgConfig::LIBPQ
                                                GTest::gtest_main)
gtest_discover_tests(inbox_shards_test DISCOVERY_TIMEOUT 60 PROPERTIES RESOURCE_LOCK postgresql COST 100)

add_executable(guard_crash_test guard_crash_test.cpp)
target_link_libraries(guard_crash_test PRIVATE waybill_inbox_rigs waybill_store waybill_sync waybill_inbox_redis
                                               PkgConfig::HIREDIS GTest::gtest_main)
gtest_discover_tests(guard_crash_test DISCOVERY_TIMEOUT 60 PROPERTIES RESOURCE_LOCK postgresql COST 100)
