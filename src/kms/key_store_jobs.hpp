// Connects and disconnects custom key stores: the work behind the states CONNECTING and DISCONNECTING.
//
// A request only writes the transient state; whoever commits one wakes the job by that. So work that a stop
// or a crash interrupted is resumed by start(), and no state is left hanging. A connect that is resumed waits
// for HSMs that do not answer yet, as long as it takes: what was killed with the service may still be ending.
//
// Threads: apply() may be called from any thread, after the Catalogue has seen the change; everything else
// runs on the clusters' control io_context, one job per key store at a time. Lifetime: outlives the last run
// of that io_context.
#pragma once

#include <string>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/clock.hpp>

#include "src/cloudhsm/clusters.hpp"
#include "src/kms/catalogue.hpp"
#include "src/store/seal.hpp"

namespace claviger::kms {

class KeyStoreJobs {
public:
    // Everything outlives it.
    struct Parts {
        store::Store& store;
        const Catalogue& catalogue;
        cloudhsm::Clusters& clusters;
        const store::SealingKey& sealing_key;
        const Clock& clock;
        Random& random;
    };
    explicit KeyStoreJobs(Parts parts) : parts_(parts) {}

    void start();
    void apply(const store::Change& change);

private:
    enum class Begun : bool { now, before_start };  // before_start: by a service that ended meanwhile
    void wake(KeyStorePtr known, Begun begun);
    boost::asio::awaitable<void> settle(KeyStorePtr known, Begun begun);
    boost::asio::awaitable<bool> connect(KeyStorePtr known, Begun begun);
    boost::asio::awaitable<Result<Done, cloudhsm::LoginError>> use_password(KeyStorePtr known);
    boost::asio::awaitable<bool> disconnect(KeyStorePtr known);
    // False: nothing was written. A state that a request set meanwhile stands.
    boost::asio::awaitable<bool> finish(KeyStorePtr known, store::KeyStoreRecord outcome);

    const Parts parts_;
    std::unordered_set<std::string> running_;  // control io_context only
};

}  // namespace claviger::kms
