#include "src/kms/rsa_cipher.hpp"

#include <claviger/cluster/cluster.hpp>

namespace claviger::kms {

std::optional<Failure> check_no_context(const EncryptionContext& context, std::string_view algorithm) {
    if (context.pairs == nullptr || context.pairs->empty()) {
        return std::nullopt;
    }
    return validation("EncryptionContext is not supported with the algorithm " + std::string(algorithm) +
                      ".");
}

std::optional<Failure> check_fits(const Key& key, std::string_view algorithm, std::size_t plaintext) {
    const std::size_t most = oaep_capacity(key.record.spec, *oaep_of(algorithm));
    if (plaintext <= most) {
        return std::nullopt;
    }
    return validation("Algorithm " + std::string(algorithm) + " and key spec " + key.record.spec +
                      " cannot encrypt data larger than " + std::to_string(most) + " bytes.");
}

Outcome<Bytes> rsa_seal(const Key& key, std::string_view algorithm, ByteView plaintext) {
    const PublicKey* public_key = key.current().material->parsed_public_key();
    if (public_key == nullptr) {
        return internal("the key token has no public part");
    }
    Result<Bytes> sealed = rsa_encrypt(*public_key, oaep_of(algorithm)->block, plaintext);
    if (!sealed) {
        return internal(sealed.error().describe());
    }
    return *std::move(sealed);
}

asio::awaitable<Outcome<SecretBytes>> rsa_open(Call& call, const Key& key, std::string_view algorithm,
                                               ByteView ciphertext) {
    Result<SecretBytes> opened = co_await call.io.cluster.rsa_decrypt(
        *key.current().material, oaep_of(algorithm)->hash, ciphertext, call.http.deadline);
    if (!opened) {
        co_return call.failed(opened.error());
    }
    co_return *std::move(opened);
}

}  // namespace claviger::kms
