// -DWAYBILL_CONSOLE=OFF: the REST API alone.

#include "http/desk.hpp"

namespace waybill::http {

void add_console(Endpoints& /*endpoints*/) {}

}  // namespace waybill::http
