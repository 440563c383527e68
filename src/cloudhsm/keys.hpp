// `claviger cloudhsm key …`: the key objects on a cluster's HSMs, for the person at the terminal.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

class Keys {
public:
    // `user` is who is logged in; for the audit.
    Keys(Manager& manager, std::string user) : manager_(manager), user_(std::move(user)) {}

    // Errors are sentences. `filter`: "attr.label=…", "attr.id=0x…", "key-reference=0x…"; empty: all.
    struct Page {
        std::string filter;
        std::size_t first = 0;
        std::size_t most = 10;
        bool verbose = false;
    };
    boost::asio::awaitable<Result<boost::json::value>> list(ClusterId cluster, Page page);
    // The one key that matches is destroyed on every HSM; on one that is away when it comes back.
    boost::asio::awaitable<Status<>> remove(ClusterId cluster, std::string filter);
    // Objects of a KMS key that its owner destroyed on every HSM come back from its key token.
    boost::asio::awaitable<Status<>> restore(ClusterId cluster, std::string filter);

private:
    boost::asio::awaitable<Status<>> decide(ClusterId cluster, std::string event, std::string label,
                                            bool bury_it);
    Manager& manager_;
    const std::string user_;
};

}  // namespace claviger::cloudhsm
