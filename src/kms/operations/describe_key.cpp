#include "src/kms/metadata.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct DescribeResponse {
    KeyMetadata metadata;

    static constexpr auto fields() { return std::tuple(field("KeyMetadata", &DescribeResponse::metadata)); }
};

Outcome<DescribeResponse> handle(Call& call, const NoMembers&) {
    return DescribeResponse{metadata_of(call.parts.catalogue, call.key(), call.parts.life.now())};
}

}  // namespace

asio::awaitable<Outcome<std::string>> describe_key(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::kms
