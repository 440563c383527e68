// The commands of cloudhsm-cli, answered by the service: one JSON object in, one JSON object out.
//
// Request: {"cluster": "cluster-…" or absent, "command": ["user", "list", …], "role": "admin", "pin":
// "admin:password"}; role and pin as in CLOUDHSM_ROLE and CLOUDHSM_PIN, absent for commands that need no
// login. Answer: {"error_code": 0, "data": …} or {"error_code": 1, "data": "<sentence>"}. Control thread.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

// The one with this id; without one the only one there is. The error is a sentence for the person at the
// terminal.
Result<ClusterPtr> choose_cluster(const Manager& manager, std::string_view id);

// `request` is wiped: it carries passwords.
boost::asio::awaitable<std::string> answer_command(Manager& manager, std::string request);

}  // namespace claviger::cloudhsm
