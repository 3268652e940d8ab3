add_executable(values_test result_test.cpp uuid_test.cpp glob_test.cpp url_test.cpp message_test.cpp text_test.cpp)
target_link_libraries(values_test PRIVATE waybill_values GTest::gtest_main)
gtest_discover_tests(values_test DISCOVERY_TIMEOUT 60)

add_executable(config_test config_test.cpp config_http_test.cpp shown_config_test.cpp)
target_link_libraries(config_test PRIVATE waybill_core GTest::gtest_main)
gtest_discover_tests(config_test DISCOVERY_TIMEOUT 60)

add_executable(outbox_test outbox_sqlite_test.cpp database_errors_test.cpp)
target_link_libraries(outbox_test PRIVATE waybill_outbox_sqlite waybill_values waybill_sqlite_errors
                      waybill_postgresql_errors PkgConfig::SQLITE PkgConfig::LIBPQ GTest::gtest_main)
gtest_discover_tests(outbox_test DISCOVERY_TIMEOUT 60)

add_executable(c_interface_test c_interface_test.c)
set_target_properties(c_interface_test PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF LINKER_LANGUAGE CXX)
target_link_libraries(c_interface_test PRIVATE waybill_c_sqlite PkgConfig::SQLITE)
add_test(NAME c_interface_test COMMAND c_interface_test)
if(NOT WAYBILL_SANITIZE)
  add_test(NAME c_interface_stays_what_it_was COMMAND ${PROJECT_SOURCE_DIR}/tools/lint/abi ${PROJECT_BINARY_DIR})
endif()

include(public_headers.cmake)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME layering_test COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/layering_test.py
         ${PROJECT_SOURCE_DIR})
add_test(NAME errors_test COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/errors_test.py ${PROJECT_SOURCE_DIR})
add_test(NAME deploy_test COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/deploy_test.py ${PROJECT_SOURCE_DIR})
if(NOT WAYBILL_SANITIZE)
  # Nobody sees otherwise that a build which only `make sanitize` and `make lint` use can't begin any more.
  foreach(preset IN ITEMS debug clang asan tsan fuzz)
    add_test(NAME preset_${preset}_configures COMMAND ${CMAKE_COMMAND} --fresh --preset ${preset}
             -B ${PROJECT_BINARY_DIR}/presets/${preset} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endforeach()
endif()
if(WAYBILL_CONSOLE)
  add_test(NAME console_types COMMAND ${PROJECT_SOURCE_DIR}/build/console/node_modules/.bin/tsc -p ${PROJECT_SOURCE_DIR}/console)
endif()
