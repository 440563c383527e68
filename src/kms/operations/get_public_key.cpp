#include <claviger/cluster/cluster.hpp>

#include "src/kms/key_spec.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

using Algorithms = std::optional<std::vector<std::string_view>>;

struct GetPublicKeyResponse {
    std::string_view key;
    Bytes public_key;
    std::string_view old_spec;
    std::string_view spec;
    std::string_view usage;
    Algorithms encryption;
    Algorithms signing;
    Algorithms agreement;

    static constexpr auto fields() {
        using Self = GetPublicKeyResponse;
        return std::tuple(field("KeyId", &Self::key), field("PublicKey", &Self::public_key),
                          field("CustomerMasterKeySpec", &Self::old_spec), field("KeySpec", &Self::spec),
                          field("KeyUsage", &Self::usage), field("EncryptionAlgorithms", &Self::encryption),
                          field("SigningAlgorithms", &Self::signing),
                          field("KeyAgreementAlgorithms", &Self::agreement));
    }
};

// It stays when imported material goes. Empty: none was ever imported.
ByteView public_half(const Key& key) {
    if (!key.generations.empty()) {
        return key.current().material->public_key();
    }
    return key.imports != nullptr ? ByteView(key.imports->front().public_key) : ByteView{};
}

Outcome<GetPublicKeyResponse> handle_get_public_key(Call& call, const NoMembers&) {
    const Key& key = call.key();
    if (!is_pair(key.record.spec)) {
        return unsupported({});
    }
    const ByteView public_key = public_half(key);
    if (public_key.empty()) {
        return invalid_state(key.arn, "pending import");
    }
    GetPublicKeyResponse response;
    response.key = key.arn;
    response.public_key = to_bytes(public_key);
    response.spec = response.old_spec = key.record.spec;
    response.usage = key.record.usage;
    const auto list = algorithms_of(key.record.spec, key.record.usage);
    const std::vector<std::string_view> algorithms(list.begin(), list.end());
    if (key.record.usage == "ENCRYPT_DECRYPT") {
        response.encryption = algorithms;
    } else if (key.record.usage == "SIGN_VERIFY") {
        response.signing = algorithms;
    } else {
        response.agreement = algorithms;
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_public_key(Call& call) {
    return run(call, handle_get_public_key);
}

}  // namespace claviger::kms
