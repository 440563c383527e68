// The handlers. Each is the whole of its operation: wire structs and rules in the file of its name.
#pragma once

#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

asio::awaitable<Outcome<std::string>> copy_backup_to_region(Call& call);
asio::awaitable<Outcome<std::string>> create_cluster(Call& call);
asio::awaitable<Outcome<std::string>> create_hsm(Call& call);
asio::awaitable<Outcome<std::string>> delete_backup(Call& call);
asio::awaitable<Outcome<std::string>> delete_cluster(Call& call);
asio::awaitable<Outcome<std::string>> delete_hsm(Call& call);
asio::awaitable<Outcome<std::string>> delete_resource_policy(Call& call);
asio::awaitable<Outcome<std::string>> describe_backups(Call& call);
asio::awaitable<Outcome<std::string>> describe_clusters(Call& call);
asio::awaitable<Outcome<std::string>> get_resource_policy(Call& call);
asio::awaitable<Outcome<std::string>> initialize_cluster(Call& call);
asio::awaitable<Outcome<std::string>> list_tags(Call& call);
asio::awaitable<Outcome<std::string>> modify_backup_attributes(Call& call);
asio::awaitable<Outcome<std::string>> modify_cluster(Call& call);
asio::awaitable<Outcome<std::string>> put_resource_policy(Call& call);
asio::awaitable<Outcome<std::string>> restore_backup(Call& call);
asio::awaitable<Outcome<std::string>> tag_resource(Call& call);
asio::awaitable<Outcome<std::string>> untag_resource(Call& call);

}  // namespace claviger::cloudhsm
