// Key material in the clear, imported as a customer would: wrapped for a fresh wrapping key of the HSM.
#pragma once

#include <claviger/base/bytes.hpp>

#include "src/dev/api.hpp"

namespace claviger::dev {

// GetParametersForImport and ImportKeyMaterial; the material does not expire. `material`: the bytes of an AES
// or HMAC key, PKCS#8 DER of a private key. For a symmetric key it becomes a further material if there is one
// already.
boost::asio::awaitable<Outcome<boost::json::object>> import_material(Api& api, const std::string& key,
                                                                     std::string_view spec,
                                                                     ByteView material);

}  // namespace claviger::dev
