// The handlers. Each is the whole of its operation: wire structs and rules in the file of its name.
#pragma once

#include "src/kms/operation.hpp"

namespace claviger::kms {

asio::awaitable<Outcome<std::string>> cancel_key_deletion(Call& call);
asio::awaitable<Outcome<std::string>> connect_custom_key_store(Call& call);
asio::awaitable<Outcome<std::string>> create_alias(Call& call);
asio::awaitable<Outcome<std::string>> create_custom_key_store(Call& call);
asio::awaitable<Outcome<std::string>> create_grant(Call& call);
asio::awaitable<Outcome<std::string>> create_key(Call& call);
asio::awaitable<Outcome<std::string>> decrypt(Call& call);
asio::awaitable<Outcome<std::string>> delete_alias(Call& call);
asio::awaitable<Outcome<std::string>> delete_custom_key_store(Call& call);
asio::awaitable<Outcome<std::string>> delete_imported_key_material(Call& call);
asio::awaitable<Outcome<std::string>> derive_shared_secret(Call& call);
asio::awaitable<Outcome<std::string>> describe_custom_key_stores(Call& call);
asio::awaitable<Outcome<std::string>> describe_key(Call& call);
asio::awaitable<Outcome<std::string>> disable_key(Call& call);
asio::awaitable<Outcome<std::string>> disable_key_rotation(Call& call);
asio::awaitable<Outcome<std::string>> disconnect_custom_key_store(Call& call);
asio::awaitable<Outcome<std::string>> enable_key(Call& call);
asio::awaitable<Outcome<std::string>> enable_key_rotation(Call& call);
asio::awaitable<Outcome<std::string>> encrypt(Call& call);
asio::awaitable<Outcome<std::string>> generate_data_key(Call& call);
asio::awaitable<Outcome<std::string>> generate_data_key_pair(Call& call);
asio::awaitable<Outcome<std::string>> generate_data_key_pair_without_plaintext(Call& call);
asio::awaitable<Outcome<std::string>> generate_data_key_without_plaintext(Call& call);
asio::awaitable<Outcome<std::string>> generate_mac(Call& call);
asio::awaitable<Outcome<std::string>> generate_random(Call& call);
asio::awaitable<Outcome<std::string>> get_key_last_usage(Call& call);
asio::awaitable<Outcome<std::string>> get_key_policy(Call& call);
asio::awaitable<Outcome<std::string>> get_key_rotation_status(Call& call);
asio::awaitable<Outcome<std::string>> get_parameters_for_import(Call& call);
asio::awaitable<Outcome<std::string>> get_public_key(Call& call);
asio::awaitable<Outcome<std::string>> import_key_material(Call& call);
asio::awaitable<Outcome<std::string>> list_aliases(Call& call);
asio::awaitable<Outcome<std::string>> list_grants(Call& call);
asio::awaitable<Outcome<std::string>> list_key_policies(Call& call);
asio::awaitable<Outcome<std::string>> list_key_rotations(Call& call);
asio::awaitable<Outcome<std::string>> list_keys(Call& call);
asio::awaitable<Outcome<std::string>> list_resource_tags(Call& call);
asio::awaitable<Outcome<std::string>> list_retirable_grants(Call& call);
asio::awaitable<Outcome<std::string>> put_key_policy(Call& call);
asio::awaitable<Outcome<std::string>> re_encrypt(Call& call);
asio::awaitable<Outcome<std::string>> replicate_key(Call& call);
asio::awaitable<Outcome<std::string>> retire_grant(Call& call);
asio::awaitable<Outcome<std::string>> revoke_grant(Call& call);
asio::awaitable<Outcome<std::string>> rotate_key_on_demand(Call& call);
asio::awaitable<Outcome<std::string>> schedule_key_deletion(Call& call);
asio::awaitable<Outcome<std::string>> sign(Call& call);
asio::awaitable<Outcome<std::string>> tag_resource(Call& call);
asio::awaitable<Outcome<std::string>> untag_resource(Call& call);
asio::awaitable<Outcome<std::string>> update_alias(Call& call);
asio::awaitable<Outcome<std::string>> update_custom_key_store(Call& call);
asio::awaitable<Outcome<std::string>> update_key_description(Call& call);
asio::awaitable<Outcome<std::string>> update_primary_region(Call& call);
asio::awaitable<Outcome<std::string>> verify(Call& call);
asio::awaitable<Outcome<std::string>> verify_mac(Call& call);

// Connect, Disconnect and DeleteCustomKeyStore: the store's name is all they are told.
struct KeyStoreRequest {
    std::string_view id;

    static constexpr auto fields() { return std::tuple(field("CustomKeyStoreId", &KeyStoreRequest::id)); }
};

}  // namespace claviger::kms
