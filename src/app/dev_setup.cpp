#include "src/app/dev_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "src/app/commit.hpp"
#include "src/app/identities.hpp"
#include "src/cloudhsm/command.hpp"
#include "src/config/seed.hpp"
#include "src/dev/key_store.hpp"
#include "src/dev/seed.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {
namespace {

using boost::asio::awaitable;

// Who works: the first user.
struct Caller {
    std::vector<AccessKey> keys;
    std::string request_id;

    http::Call like(const DevSetup& setup) const {
        return {{},
                {},
                keys.front().principal,
                setup.settings.config.service.home_region(),
                request_id,
                "127.0.0.1",
                "claviger dev",
                {},
                {},
                {},
                {},
                {}};
    }
};

Result<Caller> first_user(const DevSetup& setup) {
    std::vector<std::string> refused;
    Caller caller{open_access_keys(setup.contents, setup.sealing_key, refused), setup.random.uuid()};
    if (caller.keys.empty()) {
        return Error(Errc::bad_config, "claviger dev: the service has no access key to work with");
    }
    return caller;
}

constexpr std::string_view kMade = "dev_key_store_made";

bool wants_key_store(const DevSetup& setup) {
    const auto& settings = setup.contents.settings;
    return setup.settings.dev_key_store == DevKeyStore::made && setup.settings.config.subnets.size() >= 2 &&
           std::ranges::find(settings, kMade, &store::SettingRecord::name) == settings.end();
}

Status<> remember_key_store(store::Store& store) {
    return commit(store, [](store::Txn& txn) {
        store::SettingRecord setting;
        setting.name = kMade;
        return txn.put(std::move(setting));
    });
}

awaitable<Status<>> make_key_store(const DevSetup& setup, const http::Call& like) {
    dev::Api kms(setup.kms, setup.io, like);
    dev::Api cloudhsm(setup.cloudhsm, setup.io, like);
    dev::KeyStoreTools tools{
        kms,
        cloudhsm,
        [&](std::string request) { return cloudhsm::answer_command(setup.clusters, std::move(request)); },
        setup.clusters.control(),
        setup.clock,
        {},
        setup.layout.customer_ca()};
    for (const config::Subnet& subnet : setup.settings.config.subnets) {
        tools.subnets.push_back(subnet.id);
    }
    Status<> made = co_await dev::make_key_store(std::move(tools));
    co_return made ? remember_key_store(setup.store) : made;
}

}  // namespace

awaitable<Status<>> seed_dev(DevSetup setup) {
    if (setup.settings.seed.empty()) {
        co_return done;
    }
    const Result<config::Seed> seed = config::Seed::load(setup.settings.seed);
    const Result<Caller> caller = first_user(setup);
    if (!seed || !caller) {
        co_return seed ? caller.error() : seed.error();
    }
    const http::Call like = caller->like(setup);
    dev::Api api(setup.kms, setup.io, like);
    co_return co_await dev::apply_seed(*seed, api);
}

awaitable<void> make_dev_key_store(DevSetup setup) {
    if (!wants_key_store(setup)) {
        co_return;
    }
    const Result<Caller> caller = first_user(setup);
    Status<> made = caller ? Status<>(done) : Status<>(caller.error());
    if (caller) {
        const http::Call like = caller->like(setup);
        made = co_await make_key_store(setup, like);
    }
    if (made) {
        fmt::print("# the custom key store \"{}\" is connected\n", dev::kKeyStoreName);
        std::fflush(stdout);
    } else {
        observe::error("dev.key_store_not_made", {{"reason", made.error().detail}});
    }
}

}  // namespace claviger::app
