#include "src/kms/key_spec.hpp"

#include <algorithm>
#include <array>

namespace claviger::kms {
namespace {

struct SpecRow {
    std::string_view spec;
    std::array<std::string_view, 3> usages;
};

constexpr std::string_view kEncrypt = "ENCRYPT_DECRYPT";
constexpr std::string_view kSign = "SIGN_VERIFY";
constexpr std::string_view kMac = "GENERATE_VERIFY_MAC";
constexpr std::string_view kAgree = "KEY_AGREEMENT";

constexpr SpecRow kSpecs[] = {
    {"SYMMETRIC_DEFAULT", {kEncrypt}},
    {"RSA_2048", {kEncrypt, kSign}},
    {"RSA_3072", {kEncrypt, kSign}},
    {"RSA_4096", {kEncrypt, kSign}},
    {"ECC_NIST_P256", {kSign, kAgree}},
    {"ECC_NIST_P384", {kSign, kAgree}},
    {"ECC_NIST_P521", {kSign, kAgree}},
    {"ECC_SECG_P256K1", {kSign}},
    {"ECC_NIST_EDWARDS25519", {kSign}},
    {"ML_DSA_44", {kSign}},
    {"ML_DSA_65", {kSign}},
    {"ML_DSA_87", {kSign}},
    {"HMAC_224", {kMac}},
    {"HMAC_256", {kMac}},
    {"HMAC_384", {kMac}},
    {"HMAC_512", {kMac}},
    {"SM2", {kEncrypt, kSign, kAgree}},
};

}  // namespace

bool allows_usage(std::string_view spec, std::string_view usage) noexcept {
    const auto row = std::ranges::find(kSpecs, spec, &SpecRow::spec);
    return row != std::end(kSpecs) && std::ranges::find(row->usages, usage) != row->usages.end();
}

}  // namespace claviger::kms
