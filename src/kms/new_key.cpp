#include "src/kms/new_key.hpp"

#include <claviger/base/encoding.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/kms/authorise.hpp"
#include "src/kms/commit.hpp"

namespace claviger::kms {
namespace {

constexpr std::uint64_t kKeysPerAccount = 100'000;  // quota of AWS KMS, every state counts

}  // namespace

// Tags need a permission of their own.
std::optional<Failure> check_tagging(const Call& call, const std::vector<TagArgument>& tags) {
    if (tags.empty()) {
        return std::nullopt;
    }
    if (auto refused = authorise(call, policy::Action::tag_resource, call.principal().account, "*")) {
        return refused;
    }
    return check_tags(tags);
}

Failure cannot_make(std::string_view spec) {
    return unsupported("The HSMs of this key store cannot make keys of the KeySpec " + std::string(spec) +
                       ".");
}

asio::awaitable<Outcome<store::MaterialRecord>> make_material(Call& call, cluster::Client& client,
                                                              store::KeyRecord& record) {
    cluster::NewKeyIdentity identity{record.account.value(), record.id.value(), {}, record.spec,
                                     record.usage,           record.origin};
    call.parts.random.fill(identity.material_id);
    record.current_material = to_hex(identity.material_id);
    Result<cluster::NewKey> made =
        co_await client.create_key(identity, call.generation_deadline(identity.spec));
    if (!made && made.error().code == Errc::unsupported) {
        co_return cannot_make(record.spec);
    }
    if (!made) {
        co_return call.failed(made.error());
    }
    store::MaterialRecord material{.account = record.account,
                                   .region = record.region,
                                   .key = record.id,
                                   .id = record.current_material,
                                   .key_token = std::move(made->token),
                                   .created = record.created};
    co_return material;
}

asio::awaitable<void> discard_material(Call& call, cluster::Client& client,
                                       const store::MaterialRecord& material) {
    if (const auto parsed = cluster::KeyMaterial::parse(material.key_token)) {
        Status<> gone = co_await client.destroy_key(**parsed, call.http.deadline);
        static_cast<void>(gone);
    }
}

Outcome<Done> insert_key(const Call& call, store::Txn& txn, const store::KeyRecord& record) {
    auto count = txn.count_keys(record.account, record.region);
    if (!count) {
        return store_failed(call, count.error());
    }
    if (*count >= kKeysPerAccount) {
        return Failure(
            ErrorType::limit_exceeded,
            "The account already has " + std::to_string(kKeysPerAccount) + " KMS keys in this Region.");
    }
    return put(call, txn, record);
}

}  // namespace claviger::kms
