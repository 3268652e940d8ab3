# waybill_bundle_console(TARGET): bundles the console's sources and compiles them into TARGET, as `console_page`,
# `console_script` and `console_style` of namespace waybill::embedded. What npm brings is in build/console (tools/setup).
function(waybill_bundle_console target)
  set(source ${PROJECT_SOURCE_DIR}/console)
  set(modules ${PROJECT_SOURCE_DIR}/build/console/node_modules)
  if(NOT EXISTS ${modules}/.bin/esbuild)
    message(FATAL_ERROR "${modules} is missing: run `make setup`, or configure with -DWAYBILL_CONSOLE=OFF")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${source}/src/*.ts ${source}/src/*.tsx ${source}/src/*.css)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/console)
  add_custom_command(
    OUTPUT ${dir}/app.js ${dir}/app.css
    # In ASCII, since its lines are longer than the pieces of a literal, and no piece may end inside of a character.
    COMMAND ${CMAKE_COMMAND} -E env NODE_PATH=${modules} ${modules}/.bin/esbuild ${source}/src/main.tsx --bundle --minify
            --format=esm --target=es2022 --jsx=automatic --jsx-import-source=preact --charset=ascii --legal-comments=none
            --outfile=${dir}/app.js --log-level=warning
    COMMAND ${CMAKE_COMMAND} -E cat ${modules}/uplot/dist/uPlot.min.css ${source}/src/style.css > ${dir}/app.css
    DEPENDS ${sources} ${source}/package-lock.json VERBATIM COMMENT "Bundling the console")
  foreach(part IN ITEMS page:${source}/index.html script:${dir}/app.js style:${dir}/app.css)
    string(REPLACE ":" ";" part ${part})
    list(GET part 0 name)
    list(GET part 1 file)
    set(output ${dir}/console_${name}.cpp)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DNAME=console_${name} -DFILES=${file} -DOUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
      DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake VERBATIM)
    # One literal, longer than a compiler must take; those that build Waybill do.
    set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
    target_sources(${target} PRIVATE ${output})
  endforeach()
endfunction()
