// What `claviger dev` does for its user, in his name and through the API: the keys of --seed, the custom key
// store of the tutorial.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <claviger/base/clock.hpp>

#include "src/app/settings.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/http/api.hpp"
#include "src/store/store.hpp"

namespace claviger::app {

// Everything it names outlives the work.
struct DevSetup {
    const Settings& settings;
    const Layout& layout;
    store::Store& store;
    const store::Contents& contents;
    const store::SealingKey& sealing_key;
    const Clock& clock;
    Random& random;
    http::JsonService& kms;
    http::JsonService& cloudhsm;
    cloudhsm::Manager& clusters;
    http::IoContext& io;
};

// Both on the control io_context.
// Before the service says that it is ready. bad_config: with what the API answered.
boost::asio::awaitable<Status<>> seed_dev(DevSetup setup);
// While it serves, as it takes seconds. Once in the life of a data directory: what its user deletes stays
// away; one that was interrupted is taken up. A failure is logged.
boost::asio::awaitable<void> make_dev_key_store(DevSetup setup);

}  // namespace claviger::app
