# The Debian packages, by CPack: cpack --config build/release/CPackConfig.cmake, or `make package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME waybill)
set(CPACK_PACKAGE_CONTACT "The authors of Waybill <waybill@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL waybill runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_WAYBILL_PACKAGE_NAME waybill)
set(CPACK_DEBIAN_WAYBILL_PACKAGE_SECTION net)
set(CPACK_DEBIAN_WAYBILL_DESCRIPTION "reliable message delivery from databases to brokers
Moves what services persisted in their own database to RabbitMQ, Kafka or
RocketMQ, confirmed, and shows what could not be delivered.
This package has the program and the service waybill-relay.")
set(CPACK_DEBIAN_WAYBILL_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_WAYBILL_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles ${PROJECT_SOURCE_DIR}/deploy/debian/postinst
    ${PROJECT_SOURCE_DIR}/deploy/debian/prerm ${PROJECT_SOURCE_DIR}/deploy/debian/postrm)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libwaybill0)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "reliable message delivery: the C interface
Shared libraries with which a service persists messages in the transaction
of its business row, and consumes each one once.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libwaybill-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libwaybill0 (= ${PROJECT_VERSION}), libssl-dev, pkg-config")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "libpq-dev, libsqlite3-dev, libmariadb-dev, libhiredis-dev, librabbitmq-dev, \
librdkafka-dev, libgrpc++-dev, libprotobuf-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION "reliable message delivery: for building services
Headers, static libraries, the CMake package Waybill and files for
pkg-config. Each component needs the client library of its own database
or broker: see the suggested packages.")
include(CPack)
