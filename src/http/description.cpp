// What there is, for programs: OpenAPI 3.1.

#include "embedded/openapi.hpp"
#include "http/desk.hpp"

namespace waybill::http {

void add_description(Endpoints& endpoints) {
  endpoints.push_back({"GET", "/api/v1/openapi.json", {}, false, {}, [](const Call&) -> Result<Response> {
                         return Response{200, "application/json", std::string(embedded::openapi), {}};
                       }});
}

}  // namespace waybill::http
