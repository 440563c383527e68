// The end of docs/tutorials/custom-key-store.md without typing it: a cluster of two HSMs that its customer's
// authority has signed, activated, with kmsuser, connected as a custom key store. Made by the requests and
// commands that the tutorial types, so that they pass the same checks and leave the same audit records.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/clock.hpp>

#include "src/dev/api.hpp"

namespace claviger::dev {

inline constexpr std::string_view kKeyStoreName = "dev";
inline constexpr std::string_view kAdminPassword = "adminPassword1";  // as in the tutorial, and as secret

// What the work is done with; all of it outlives the work.
struct KeyStoreTools {
    Api& kms;
    Api& cloudhsm;
    // `claviger cloudhsm`: a request of src/cloudhsm/command.hpp, and its answer.
    std::function<boost::asio::awaitable<std::string>(std::string)> command;
    boost::asio::io_context& io;
    const Clock& clock;
    std::vector<std::string> subnets;  // the first two are used
    std::filesystem::path anchor;      // where customerCA.crt is written
};

// Idempotent: looks what is there and does what is missing, so one that was interrupted is taken up again.
boost::asio::awaitable<Status<>> make_key_store(KeyStoreTools tools);

}  // namespace claviger::dev
