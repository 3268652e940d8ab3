include(${CMAKE_CURRENT_LIST_DIR}/literals.cmake)

# waybill_embed(TARGET NAME FILE...): compiles the files, one after the other, into TARGET as
# `extern const std::string_view NAME` of namespace waybill::embedded, declared in "embedded/NAME.hpp".
function(waybill_embed target name)
  set(paths "")
  foreach(file IN LISTS ARGN)
    get_filename_component(path ${file} ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    list(APPEND paths ${path})
  endforeach()
  waybill_literals(text ${paths})
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/generated)
  file(CONFIGURE OUTPUT ${dir}/embedded/${name}.hpp CONTENT
    "#pragma once\n#include <string_view>\nnamespace waybill::embedded { extern const std::string_view ${name}; }\n")
  file(GENERATE OUTPUT ${dir}/embedded/${name}.cpp CONTENT
    "#include \"embedded/${name}.hpp\"\nnamespace waybill::embedded { const std::string_view ${name} =\n${text}; }\n")
  # One literal, longer than a compiler must take; those that build Waybill do.
  set_source_files_properties(${dir}/embedded/${name}.cpp PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
  target_sources(${target} PRIVATE ${dir}/embedded/${name}.cpp)
  target_include_directories(${target} PRIVATE ${dir})
endfunction()
