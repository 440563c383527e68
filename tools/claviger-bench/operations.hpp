// The operations that are measured, by the names that options and the report use: a KMS operation, and behind
// a dash the KeySpec where more than one is measured.
#pragma once

#include <array>
#include <string_view>

namespace claviger::bench {

// Of the one symmetric key, at every number of connections.
inline constexpr std::array<std::string_view, 4> kSymmetricOperations{"GenerateDataKey", "Encrypt", "Decrypt",
                                                                      "DescribeKey"};

// Of an HMAC or asymmetric key: always the same request, at the most connections only, signed beforehand.
struct KeyOperation {
    std::string_view name;
    std::string_view key_spec;
    std::string_view key_usage;
    std::string_view algorithm;  // a member of the request, in JSON
    std::string_view proof;      // in every good answer
};
inline constexpr std::array<KeyOperation, 6> kKeyOperations{{
    {"Sign-RSA_2048", "RSA_2048", "SIGN_VERIFY", R"("SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256")",
     R"("Signature":")"},
    {"Sign-ECC_NIST_P256", "ECC_NIST_P256", "SIGN_VERIFY", R"("SigningAlgorithm":"ECDSA_SHA_256")",
     R"("Signature":")"},
    {"Verify-RSA_2048", "RSA_2048", "SIGN_VERIFY", R"("SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256")",
     R"("SignatureValid":true)"},
    {"Verify-ECC_NIST_P256", "ECC_NIST_P256", "SIGN_VERIFY", R"("SigningAlgorithm":"ECDSA_SHA_256")",
     R"("SignatureValid":true)"},
    {"GenerateMac-HMAC_256", "HMAC_256", "GENERATE_VERIFY_MAC", R"("MacAlgorithm":"HMAC_SHA_256")",
     R"("Mac":")"},
    {"Decrypt-RSA_2048", "RSA_2048", "ENCRYPT_DECRYPT", R"("EncryptionAlgorithm":"RSAES_OAEP_SHA_256")",
     R"("Plaintext":")"},
}};

constexpr const KeyOperation* find_key_operation(std::string_view name) {
    for (const KeyOperation& operation : kKeyOperations) {
        if (operation.name == name) {
            return &operation;
        }
    }
    return nullptr;
}

constexpr std::string_view api_of(std::string_view name) {
    return name.substr(0, name.find('-'));
}

}  // namespace claviger::bench
