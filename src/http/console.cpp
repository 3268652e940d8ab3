// The page with which a person sees and mends what a relay does, compiled into the program.

#include <array>
#include <string_view>

#include "http/desk.hpp"

namespace waybill::embedded {
extern const std::string_view console_page, console_script, console_style;  // made by cmake/console.cmake
}

namespace waybill::http {
namespace {

// The page's own files and nothing else: no script in the page, none from elsewhere.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

struct File {
  std::string_view path, type;
  const std::string_view* content;
};

constexpr std::array<File, 3> files{{{"/console/", "text/html; charset=utf-8", &embedded::console_page},
                                     {"/console/app.js", "text/javascript; charset=utf-8", &embedded::console_script},
                                     {"/console/app.css", "text/css; charset=utf-8", &embedded::console_style}}};

Response serve(const File& file) {
  Response response{200, std::string(file.type), std::string(*file.content), {}};
  response.headers.emplace_back("Content-Security-Policy", policy);
  return response;
}

/// Relative, so that it leads to the right place behind a proxy's prefix, too.
Response to_console(const std::string& where) {
  return {302, "text/plain", "the console is at " + where + "\n", {{"Location", where}}};
}

}  // namespace

void add_console(Endpoints& endpoints) {
  endpoints.push_back(
      {"GET", "/", {}, false, {}, [](const Call&) -> Result<Response> { return to_console("console/"); }});
  endpoints.push_back(
      {"GET", "/console", {}, false, {}, [](const Call&) -> Result<Response> { return to_console("console/"); }});
  for (const auto& file : files) {
    endpoints.push_back({"GET", std::string(file.path), {}, false, {}, [&file](const Call&) -> Result<Response> {
                           return serve(file);
                         }});
  }
}

}  // namespace waybill::http
