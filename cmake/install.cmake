# What `cmake --install` and `make package` put where, by component: waybill (the program and what runs it as a
# service), runtime (the shared libraries of the C interface), dev (what other projects build with).
include(GNUInstallDirs)
include(${CMAKE_CURRENT_LIST_DIR}/components.cmake)

# What the program can tell itself: manual pages, completions, the configuration to begin with.
set(made ${PROJECT_BINARY_DIR}/package)
add_custom_command(
  OUTPUT ${made}/done
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${made}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${made}/man
  COMMAND waybill manual ${made}/man
  COMMAND waybill completion bash > ${made}/waybill
  COMMAND waybill completion zsh > ${made}/_waybill
  COMMAND waybill completion fish > ${made}/waybill.fish
  COMMAND waybill --config ${made}/waybill.toml init --force
  COMMAND ${CMAKE_COMMAND} -E touch ${made}/done
  DEPENDS waybill VERBATIM)

# The static libraries without debug information, which is ten times the code.
set(stripped "")
foreach(library IN LISTS static_libraries)
  set(archive ${PROJECT_BINARY_DIR}/stripped/lib${library}.a)
  add_custom_command(OUTPUT ${archive} COMMAND ${CMAKE_OBJCOPY} --strip-debug $<TARGET_FILE:${library}> ${archive}
                     DEPENDS ${library} VERBATIM)
  list(APPEND stripped ${archive})
endforeach()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/stripped)
add_custom_target(package_contents DEPENDS ${made}/done ${stripped} waybill waybill_c_postgresql waybill_c_sqlite)

set(doc ${CMAKE_INSTALL_DATADIR}/doc/waybill)
install(TARGETS waybill RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT waybill)
install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT waybill)
install(FILES ${made}/waybill DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT waybill)
install(FILES ${made}/_waybill DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT waybill)
install(FILES ${made}/waybill.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT waybill)
install(FILES deploy/systemd/waybill-relay.service DESTINATION lib/systemd/system COMPONENT waybill)
install(FILES deploy/systemd/waybill.sysusers DESTINATION lib/sysusers.d RENAME waybill.conf COMPONENT waybill)
# Only a package writes outside of the prefix.
install(FILES ${made}/waybill.toml DESTINATION /etc/waybill COMPONENT waybill EXCLUDE_FROM_ALL
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES deploy/prometheus/alerts.yml deploy/grafana/waybill.json DESTINATION ${CMAKE_INSTALL_DATADIR}/waybill
        COMPONENT waybill)
install(DIRECTORY docs/reference docs/runbooks DESTINATION ${doc} COMPONENT waybill)
install(FILES README.md README.zh-CN.md CHANGELOG.md docs/guide.md DESTINATION ${doc} COMPONENT waybill)

install(TARGETS waybill_c_postgresql waybill_c_sqlite
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev)
install(FILES ${stripped} DESTINATION ${CMAKE_INSTALL_LIBDIR}/waybill COMPONENT dev)
install(DIRECTORY include/waybill DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(FILES ${PROJECT_BINARY_DIR}/WaybillConfig.cmake ${PROJECT_BINARY_DIR}/WaybillConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Waybill COMPONENT dev)

include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
