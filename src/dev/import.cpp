#include "src/dev/import.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <optional>

#include <claviger/base/clock.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/public_key.hpp>

#include "src/base/json_string.hpp"

namespace claviger::dev {
namespace {

constexpr std::string_view kSymmetric = "SYMMETRIC_DEFAULT";

struct CipherFree {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

// AES key wrap with padding, RFC 5649.
std::optional<Bytes> key_wrap(ByteView key, ByteView content) {
    const std::unique_ptr<EVP_CIPHER_CTX, CipherFree> context(EVP_CIPHER_CTX_new());
    Bytes out(content.size() + 16);
    int size = 0;
    if (!context) {
        return std::nullopt;
    }
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_EncryptInit_ex(context.get(), EVP_aes_256_wrap_pad(), nullptr, as_uchar(key), nullptr) != 1 ||
        EVP_EncryptUpdate(context.get(), as_uchar_out(out), &size, as_uchar(content),
                          static_cast<int>(content.size())) != 1) {
        return std::nullopt;
    }
    out.resize(static_cast<std::size_t>(size));
    return out;
}

bool is_short(std::string_view spec) {
    return spec == kSymmetric || spec.starts_with("HMAC_");
}

// As the WrappingAlgorithm of that kind of key says.
Result<Bytes> wrap(const PublicKey& to, std::string_view spec, ByteView material) {
    if (is_short(spec)) {
        return rsa_encrypt(to, RsaBlock::oaep_sha256, material);
    }
    std::array<std::byte, 32> key{};
    SystemRandom().fill(key);
    Result<Bytes> out = rsa_encrypt(to, RsaBlock::oaep_sha256, key);
    const std::optional<Bytes> wrapped = key_wrap(key, material);
    if (out && wrapped) {
        out->insert(out->end(), wrapped->begin(), wrapped->end());
        return out;
    }
    return Error(Errc::internal, "cannot wrap key material");
}

Refused internal(std::string_view why) {
    return {{500, error_body("InternalFailure", "message", why)}};
}

}  // namespace

boost::asio::awaitable<Outcome<boost::json::object>> import_material(Api& api, const std::string& key,
                                                                     std::string_view spec,
                                                                     ByteView material) {
    boost::json::object wanted{
        {"KeyId", key},
        {"WrappingAlgorithm", is_short(spec) ? "RSAES_OAEP_SHA_256" : "RSA_AES_KEY_WRAP_SHA_256"},
        {"WrappingKeySpec", "RSA_2048"}};
    Outcome<boost::json::object> parameters = co_await api.call("GetParametersForImport", std::move(wanted));
    if (!parameters) {
        co_return std::move(parameters).error();
    }
    const auto spki = from_base64(parameters->at("PublicKey").as_string());
    const Result<PublicKey> to =
        spki ? parse_public_key(*spki) : Result<PublicKey>(Error(Errc::internal, "no base64"));
    if (!to) {
        co_return internal("the wrapping key does not parse");
    }
    const Result<Bytes> wrapped = wrap(*to, spec, material);
    if (!wrapped) {
        // Too long for OAEP: no key of this kind.
        co_return Refused{
            {400, error_body("ValidationException", "message", "The key material is too long.")}};
    }
    boost::json::object import{{"KeyId", key},
                               {"ImportToken", parameters->at("ImportToken")},
                               {"EncryptedKeyMaterial", to_base64(*wrapped)},
                               {"ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE"}};
    if (spec == kSymmetric) {
        import["ImportType"] = "NEW_KEY_MATERIAL";
    }
    co_return co_await api.call("ImportKeyMaterial", std::move(import));
}

}  // namespace claviger::dev
