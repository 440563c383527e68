// What GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext share.
#pragma once

#include <claviger/cluster/cluster.hpp>

#include "src/kms/operation.hpp"

namespace claviger::kms {

struct KeyPairRequest {
    std::string_view spec;
    EncryptionContext context;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("KeyPairSpec", &KeyPairRequest::spec),
                          field("EncryptionContext", &KeyPairRequest::context),
                          field("DryRun", &KeyPairRequest::dry_run));
    }
};

struct SealedPair {
    Bytes blob;  // the private key, encrypted
    cluster::KeyPair pair;
};

asio::awaitable<Outcome<SealedPair>> make_key_pair(Call& call, const KeyPairRequest& request);

}  // namespace claviger::kms
