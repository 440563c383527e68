// What GenerateDataKey and GenerateDataKeyWithoutPlaintext share.
#pragma once

#include <claviger/cluster/cluster.hpp>

#include "src/kms/operation.hpp"

namespace claviger::kms {

struct DataKeyRequest {
    std::optional<std::string_view> spec;  // AES_128, AES_256
    std::optional<std::int64_t> size;
    EncryptionContext context;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(
            field("KeySpec", &DataKeyRequest::spec), field("NumberOfBytes", &DataKeyRequest::size),
            field("EncryptionContext", &DataKeyRequest::context), field("DryRun", &DataKeyRequest::dry_run));
    }
};

asio::awaitable<Outcome<cluster::DataKey>> make_data_key(Call& call, const DataKeyRequest& request,
                                                         cluster::Plaintext want);

}  // namespace claviger::kms
