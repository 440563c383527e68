// What a KeySpec and KeyUsage mean in PKCS#11: one table, asked by generation, templates and check values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <claviger/hsm/token.hpp>

#include "hsm/template.hpp"

namespace claviger::hsm {

enum class Family : std::uint8_t { aes, hmac, rsa, ec };
enum class Purpose : std::uint8_t { encrypt, mac, sign, agree, identity, import };

struct KeyKindRow {
    std::string_view spec;
    std::string_view usage;
    Family family;
    Purpose purpose;
    CK_ULONG size;               // secret keys: bytes; RSA: bits; EC: bytes of a coordinate
    CK_MECHANISM_TYPE mac;       // HMAC mechanism, else 0
    std::string_view curve;      // OpenSSL's name, EC only
    std::string_view curve_oid;  // CKA_EC_PARAMS: DER of the namedCurve OID (RFC 5480 section 2.1.1.1)
};

// The usage of the cluster identity's key token; no KMS key has it.
inline constexpr std::string_view kIdentityUsage = "CLUSTER_IDENTITY";
inline constexpr std::string_view kIdentitySpec = "RSA_2048";

// Data key pairs are made of any of these specs; the usage of a pair is its owner's business.
const KeyKindRow* find_pair_spec(std::string_view spec) noexcept;

// nullptr: unknown pair.
const KeyKindRow* find_key_kind(std::string_view spec, std::string_view usage) noexcept;

std::vector<CK_MECHANISM_TYPE> allowed_mechanisms(const KeyKindRow& kind, const Capabilities& capabilities);

// The one purpose: ENCRYPT+DECRYPT, SIGN+VERIFY … true, every other usage flag false. Secret and private
// keys.
Template usage_template(const KeyKindRow& kind, const Capabilities& capabilities);

// Generation: an extractable session object, wrapped and destroyed right afterwards.
Template generated_template(const KeyKindRow& kind, const Capabilities& capabilities);
Template generated_public_template(const KeyKindRow& kind);
// Import: what comes with the value to make an object that is as good as a generated one.
Template imported_template(const KeyKindRow& kind, const Capabilities& capabilities);
// Generation of a data key pair: a session object whose value may be read.
Template readable_template(const KeyKindRow& kind);

// A loaded key: sensitive, not extractable, not copyable, not modifiable.
Template loaded_template(const KeyKindRow& kind, const Capabilities& capabilities, Residency residency);

}  // namespace claviger::hsm
