# What SQLite's result codes mean: the store, the outbox function and the inbox need it.
add_library(waybill_sqlite_errors STATIC sqlite_error.cpp)
target_link_libraries(waybill_sqlite_errors PUBLIC waybill_internal PRIVATE PkgConfig::SQLITE)

# What a producer links: no store.
add_library(waybill_outbox_sqlite STATIC outbox.cpp)
target_link_libraries(waybill_outbox_sqlite PUBLIC waybill_public
                      PRIVATE waybill_values waybill_sqlite_errors PkgConfig::SQLITE)
