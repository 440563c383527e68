// `claviger cluster recover`, answered by the service.
//
// Request: {"command": "request", "file": path, "hsm": "hsm-…" or absent} or {"command": "answer", "file":
// path}; files are read and written by the service. Answer: lines for the operator. Control thread.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

boost::asio::awaitable<Result<std::string>> answer_recovery_command(Manager& manager, std::string request);

}  // namespace claviger::cloudhsm
