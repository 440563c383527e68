#include "src/kms/key_spec.hpp"

#include <algorithm>
#include <array>

namespace claviger::kms {
namespace {

using List = std::span<const std::string_view>;

constexpr std::string_view kEncrypt = "ENCRYPT_DECRYPT";
constexpr std::string_view kSign = "SIGN_VERIFY";
constexpr std::string_view kMac = "GENERATE_VERIFY_MAC";
constexpr std::string_view kAgree = "KEY_AGREEMENT";

constexpr std::string_view kSymmetric[] = {"SYMMETRIC_DEFAULT"};
constexpr std::string_view kOaep[] = {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"};
constexpr std::string_view kRsaSigns[] = {"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384",
                                          "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256",
                                          "RSASSA_PSS_SHA_384",        "RSASSA_PSS_SHA_512"};
constexpr std::string_view kEcdsa256[] = {"ECDSA_SHA_256"};
constexpr std::string_view kEcdsa384[] = {"ECDSA_SHA_384"};
constexpr std::string_view kEcdsa512[] = {"ECDSA_SHA_512"};
constexpr std::string_view kEdwards[] = {"ED25519_SHA_512", "ED25519_PH_SHA_512"};
constexpr std::string_view kMlDsa[] = {"ML_DSA_SHAKE_256"};
constexpr std::string_view kEcdh[] = {"ECDH"};
constexpr std::string_view kHmac224[] = {"HMAC_SHA_224"};
constexpr std::string_view kHmac256[] = {"HMAC_SHA_256"};
constexpr std::string_view kHmac384[] = {"HMAC_SHA_384"};
constexpr std::string_view kHmac512[] = {"HMAC_SHA_512"};
constexpr std::string_view kSm2Encrypts[] = {"SM2PKE"};
constexpr std::string_view kSm2Signs[] = {"SM2DSA"};

enum class Imported : std::uint8_t { never, in_oaep, under_key, either };  // how material may be wrapped

struct SpecRow {
    std::string_view spec;
    std::string_view usage;
    List algorithms;
    Imported imported = Imported::never;
    std::size_t modulus = 0;  // bytes, RSA only
};

// clang-format off
constexpr SpecRow kSpecs[] = {
    {"SYMMETRIC_DEFAULT",     kEncrypt, kSymmetric, Imported::in_oaep},
    {"RSA_2048",              kEncrypt, kOaep, Imported::under_key, 256},
    {"RSA_3072",              kEncrypt, kOaep, Imported::under_key, 384},
    {"RSA_4096",              kEncrypt, kOaep, Imported::under_key, 512},
    {"RSA_2048",              kSign,    kRsaSigns, Imported::under_key, 256},
    {"RSA_3072",              kSign,    kRsaSigns, Imported::under_key, 384},
    {"RSA_4096",              kSign,    kRsaSigns, Imported::under_key, 512},
    {"ECC_NIST_P256",         kSign,    kEcdsa256, Imported::either},
    {"ECC_NIST_P384",         kSign,    kEcdsa384, Imported::either},
    {"ECC_NIST_P521",         kSign,    kEcdsa512, Imported::either},
    {"ECC_SECG_P256K1",       kSign,    kEcdsa256, Imported::either},
    {"ECC_NIST_P256",         kAgree,   kEcdh, Imported::either},
    {"ECC_NIST_P384",         kAgree,   kEcdh, Imported::either},
    {"ECC_NIST_P521",         kAgree,   kEcdh, Imported::either},
    {"ECC_NIST_EDWARDS25519", kSign,    kEdwards},
    {"ML_DSA_44",             kSign,    kMlDsa},
    {"ML_DSA_65",             kSign,    kMlDsa},
    {"ML_DSA_87",             kSign,    kMlDsa},
    {"HMAC_224",              kMac,     kHmac224, Imported::in_oaep},
    {"HMAC_256",              kMac,     kHmac256, Imported::in_oaep},
    {"HMAC_384",              kMac,     kHmac384, Imported::in_oaep},
    {"HMAC_512",              kMac,     kHmac512, Imported::in_oaep},
    {"SM2",                   kEncrypt, kSm2Encrypts},
    {"SM2",                   kSign,    kSm2Signs},
    {"SM2",                   kAgree,   kEcdh},
};

struct SignatureRow {
    std::string_view algorithm;
    SignatureKind kind;
};
constexpr SignatureRow kSignatures[] = {
    {"RSASSA_PKCS1_V1_5_SHA_256", {SignatureScheme::rsa_pkcs1, Hash::sha256}},
    {"RSASSA_PKCS1_V1_5_SHA_384", {SignatureScheme::rsa_pkcs1, Hash::sha384}},
    {"RSASSA_PKCS1_V1_5_SHA_512", {SignatureScheme::rsa_pkcs1, Hash::sha512}},
    {"RSASSA_PSS_SHA_256",        {SignatureScheme::rsa_pss,   Hash::sha256}},
    {"RSASSA_PSS_SHA_384",        {SignatureScheme::rsa_pss,   Hash::sha384}},
    {"RSASSA_PSS_SHA_512",        {SignatureScheme::rsa_pss,   Hash::sha512}},
    {"ECDSA_SHA_256",             {SignatureScheme::ecdsa,     Hash::sha256}},
    {"ECDSA_SHA_384",             {SignatureScheme::ecdsa,     Hash::sha384}},
    {"ECDSA_SHA_512",             {SignatureScheme::ecdsa,     Hash::sha512}},
};
struct WrappingRow {
    std::string_view algorithm;
    Wrapping wrapping;
};
constexpr WrappingRow kWrappings[] = {
    {"RSAES_OAEP_SHA_1",         {Hash::sha1,   RsaBlock::oaep_sha1,   false}},
    {"RSAES_OAEP_SHA_256",       {Hash::sha256, RsaBlock::oaep_sha256, false}},
    {"RSA_AES_KEY_WRAP_SHA_1",   {Hash::sha1,   RsaBlock::oaep_sha1,   true}},
    {"RSA_AES_KEY_WRAP_SHA_256", {Hash::sha256, RsaBlock::oaep_sha256, true}},
};
// clang-format on

constexpr std::size_t kP521Pkcs8 = 241;  // bytes; the largest private key that is wrapped by RSA alone

Imported imported(std::string_view spec) noexcept {
    const auto row = std::ranges::find(kSpecs, spec, &SpecRow::spec);
    return row == std::end(kSpecs) ? Imported::never : row->imported;
}

}  // namespace

List algorithms_of(std::string_view spec, std::string_view usage) noexcept {
    const auto row = std::ranges::find_if(
        kSpecs, [&](const SpecRow& each) { return each.spec == spec && each.usage == usage; });
    return row == std::end(kSpecs) ? List{} : row->algorithms;
}

bool allows_usage(std::string_view spec, std::string_view usage) noexcept {
    return !algorithms_of(spec, usage).empty();
}

bool is_pair(std::string_view spec) noexcept {
    return spec != "SYMMETRIC_DEFAULT" && !spec.starts_with("HMAC_");
}

bool allows_algorithm(std::string_view spec, std::string_view usage, std::string_view algorithm) noexcept {
    const List list = algorithms_of(spec, usage);
    return std::ranges::find(list, algorithm) != list.end();
}

std::optional<SignatureKind> signature_of(std::string_view algorithm) noexcept {
    const auto row = std::ranges::find(kSignatures, algorithm, &SignatureRow::algorithm);
    return row == std::end(kSignatures) ? std::nullopt : std::optional(row->kind);
}

std::optional<Wrapping> wrapping_of(std::string_view algorithm) noexcept {
    const auto row = std::ranges::find(kWrappings, algorithm, &WrappingRow::algorithm);
    return row == std::end(kWrappings) ? std::nullopt : std::optional(row->wrapping);
}

bool is_importable(std::string_view spec) noexcept {
    return imported(spec) != Imported::never;
}

bool suits(std::string_view spec, const Wrapping& wrapping, std::string_view wrapping_spec) noexcept {
    switch (imported(spec)) {
        case Imported::never: return false;
        case Imported::in_oaep: return !wrapping.key_wrap;
        case Imported::under_key: return wrapping.key_wrap;
        case Imported::either: break;
    }
    return wrapping.key_wrap || spec != "ECC_NIST_P521" ||
           oaep_capacity(wrapping_spec, {wrapping.hash, wrapping.block}) >= kP521Pkcs8;
}

std::optional<Oaep> oaep_of(std::string_view algorithm) noexcept {
    if (algorithm == kOaep[0]) {
        return Oaep{Hash::sha1, RsaBlock::oaep_sha1};
    }
    if (algorithm == kOaep[1]) {
        return Oaep{Hash::sha256, RsaBlock::oaep_sha256};
    }
    return std::nullopt;
}

std::size_t oaep_capacity(std::string_view spec, Oaep oaep) noexcept {
    const auto row = std::ranges::find(kSpecs, spec, &SpecRow::spec);
    const std::size_t overhead = 2 * digest_size(oaep.hash) + 2;  // RFC 8017 section 7.1.1
    return row == std::end(kSpecs) || row->modulus < overhead ? 0 : row->modulus - overhead;
}

}  // namespace claviger::kms
