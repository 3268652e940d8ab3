# What other projects link: components, each a list of our static libraries and of the client libraries that those need.
# The libraries stay apart: in one archive of all, a linker that looks for any function of a std:: template finds a copy
# of it in whichever object comes first, and a producer for SQLite would need MariaDB's library. One file of pkg-config
# for each component says what to link, and the CMake package asks pkg-config: there is one list.
include(${CMAKE_CURRENT_LIST_DIR}/closure.cmake)

set(components outbox_sqlite outbox_postgresql outbox_mysql outbox_redis inbox_sqlite inbox_postgresql inbox_mysql
               inbox_redis consumer relay testing)
set(c_components c_postgresql c_sqlite)

# What others' targets are called by pkg-config. Those of headers alone are used up when the archive is built.
set(module_PkgConfig::LIBPQ libpq)
set(module_PkgConfig::MARIADB libmariadb)
set(module_PkgConfig::SQLITE sqlite3)
set(module_PkgConfig::HIREDIS hiredis)
set(module_PkgConfig::RABBITMQ librabbitmq)
set(module_PkgConfig::RDKAFKA rdkafka)
set(module_OpenSSL::SSL libssl)
set(module_OpenSSL::Crypto libcrypto)
set(module_ZLIB::ZLIB zlib)
set(module_gRPC::grpc++ grpc++)
set(module_protobuf::libprotobuf protobuf)
set(header_only nlohmann_json::nlohmann_json)

function(waybill_modules result)
  set(modules "")
  foreach(target IN LISTS ARGN)
    if(DEFINED module_${target})
      list(APPEND modules ${module_${target}})
    elseif(NOT target IN_LIST header_only AND NOT target STREQUAL Threads::Threads)
      message(FATAL_ERROR "cmake/components.cmake does not know what pkg-config calls ${target}")
    endif()
  endforeach()
  list(JOIN modules " " modules)
  set(${result} ${modules} PARENT_SCOPE)
endfunction()

# Relative to the file itself, so that an unpacked package can lie anywhere.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
function(waybill_pkg_config component libraries modules)
  string(REPLACE _ - name waybill-${component})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc CONTENT
"prefix=\${pcfiledir}/${up}
libdir=\${prefix}/${CMAKE_INSTALL_LIBDIR}
includedir=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}

Name: ${name}
Description: Reliable message delivery: ${component}
Version: ${PROJECT_VERSION}
Requires: ${modules}
Cflags: -I\${includedir}
Libs: ${libraries}
" @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endfunction()

set(static_libraries "")
foreach(component IN LISTS components)
  waybill_closure(waybill_${component} ours others)
  list(APPEND static_libraries ${ours})
  waybill_modules(modules ${others})
  list(TRANSFORM ours PREPEND -l)
  list(JOIN ours " " libraries)
  waybill_pkg_config(${component} "-L\${libdir}/waybill ${libraries} -pthread" "${modules}")
endforeach()
list(REMOVE_DUPLICATES static_libraries)
waybill_pkg_config(c_postgresql "-L\${libdir} -lwaybill_c_postgresql" "libpq")
waybill_pkg_config(c_sqlite "-L\${libdir} -lwaybill_c_sqlite" "sqlite3")

include(CMakePackageConfigHelpers)
list(JOIN components " " component_names)
list(JOIN c_components " " c_component_names)
configure_file(${CMAKE_CURRENT_LIST_DIR}/WaybillConfig.cmake.in ${PROJECT_BINARY_DIR}/WaybillConfig.cmake @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/WaybillConfigVersion.cmake COMPATIBILITY SameMinorVersion)
