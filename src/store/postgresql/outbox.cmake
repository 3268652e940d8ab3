# What PostgreSQL's errors mean: the store, the outbox function and the inbox need it.
add_library(waybill_postgresql_errors STATIC sqlstate.cpp)
target_link_libraries(waybill_postgresql_errors PUBLIC waybill_internal PRIVATE waybill_values PkgConfig::LIBPQ)

# What a producer links: no store.
add_library(waybill_outbox_postgresql STATIC outbox.cpp prepared_once.cpp)
target_link_libraries(waybill_outbox_postgresql PUBLIC waybill_public
                      PRIVATE waybill_values waybill_postgresql_errors PkgConfig::LIBPQ)
