#include "core/secret.hpp"

#include "core/url.hpp"

namespace waybill {

std::string Secret::masked() const { return mask_url(text_); }

}  // namespace waybill
