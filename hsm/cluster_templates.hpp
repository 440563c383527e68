// Templates of the objects that make a token a member of a cluster: every attribute that matters, said
// explicitly, because modules' defaults differ. Private to hsm/.
#pragma once

#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/template.hpp"

namespace claviger::hsm {

enum class ObjectLife : std::uint8_t { session, token };

// The flat attributes of a CWK: what a transport key's UNWRAP_TEMPLATE demands.
Template cwk_flat(const Capabilities& capabilities, Membership membership, ObjectLife life);
// What a CWK's own UNWRAP_TEMPLATE demands of key tokens.
Template cwk_unwrap_template();
// The whole: flat, UNWRAP_TEMPLATE, label and id.
Template cwk_template(const Capabilities& capabilities, Membership membership, const CwkId& id);

// Private half of a transport or recovery pair, RSA-3072: unwraps CWKs, nothing else.
Template transport_private(const Capabilities& capabilities, Membership membership, ObjectLife life,
                           std::string_view label);
Template transport_public();  // a session object, read and destroyed

// A public key that may wrap WRAP_WITH_TRUSTED keys; made by an officer only.
struct TrustedKey {
    ByteView modulus;
    ByteView exponent;
    std::string_view label;
};
Template trusted_public(const TrustedKey& key);

Template certificate_template(std::string_view label, ByteView der, ByteView subject, ByteView issuer,
                              ByteView serial);

inline constexpr CK_ULONG kTransportBits = 3072;

}  // namespace claviger::hsm
