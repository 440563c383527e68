#include "src/kms/metadata.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct DescribeKeyResponse {
    KeyMetadata metadata;

    static constexpr auto fields() {
        return std::tuple(field("KeyMetadata", &DescribeKeyResponse::metadata));
    }
};

Outcome<DescribeKeyResponse> handle_describe_key(Call& call, const NoMembers&) {
    return DescribeKeyResponse{metadata_of(call.parts.catalogue, call.key(), call.parts.life.now())};
}

}  // namespace

asio::awaitable<Outcome<std::string>> describe_key(Call& call) {
    return run(call, handle_describe_key);
}

}  // namespace claviger::kms
