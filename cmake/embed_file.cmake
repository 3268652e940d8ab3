# cmake -DNAME=... -DFILES=a;b -DOUTPUT=... -P embed_file.cmake: what waybill_embed() does, for files that the build makes.
include(${CMAKE_CURRENT_LIST_DIR}/literals.cmake)
waybill_literals(text ${FILES})
file(WRITE ${OUTPUT} "#include <string_view>\nnamespace waybill::embedded { extern const std::string_view ${NAME}; const std::string_view ${NAME} =\n${text}; }\n")
