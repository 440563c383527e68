// `claviger backup create` and `restore`, answered by the service.
//
// Request: {"command": "create", "cluster": "cluster-…" or absent} or {"command": "restore", "file": path,
// "trust_anchor": path}; files are read by the service. Answer: one line. Control thread.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

boost::asio::awaitable<Result<std::string>> answer_backup_command(Manager& manager, std::string request);

// What is in a backup's file, for people. `claviger backup verify` needs no service.
Result<std::string> describe_backup_file(const std::filesystem::path& file);

}  // namespace claviger::cloudhsm
