# Before any target is added, so that no source escapes them.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
                    -Woverloaded-virtual -Wold-style-cast -Wcast-align -Wformat=2 -Wimplicit-fallthrough)
# C has no old-style casts and no virtual functions to warn of.
foreach(flag IN ITEMS -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast)
  get_directory_property(options COMPILE_OPTIONS)
  list(REMOVE_ITEM options ${flag})
  set_directory_properties(PROPERTIES COMPILE_OPTIONS "${options}")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:${flag}>)
endforeach()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own std::string and std::optional at -O2; clang and the sanitizers cover them.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized> $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
