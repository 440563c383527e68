// The Clusters of this process: keeps cluster::Cluster objects in step with the store, and does the long
// work.
//
// A row in a transient state is the durable intent of a job: CREATE_IN_PROGRESS, INITIALIZE_IN_PROGRESS,
// DELETE_IN_PROGRESS. start() takes up what an earlier process left; every job may be begun anew.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/provisioning.hpp>

#include "src/api/life_clock.hpp"
#include "src/cloudhsm/aside.hpp"
#include "src/cloudhsm/backup_file.hpp"
#include "src/cloudhsm/inventory.hpp"
#include "src/cloudhsm/key_plan.hpp"
#include "src/cloudhsm/lease.hpp"
#include "src/cloudhsm/recovery_file.hpp"
#include "src/store/seal.hpp"

namespace claviger::cloudhsm {

// A subnet of the configuration: where HSMs can be. Simulated, but CreateCluster names them.
struct Subnet {
    std::string id;       // "subnet-00000001"
    std::string zone;     // "us-east-1a"
    std::string network;  // "10.0.1.": the first three bytes of its addresses
};

// A configured HSM that CreateHsm may take.
struct Place {
    std::string name;
    std::string zone;
    std::filesystem::path module;
    std::string serial;  // of a token that its operator made; empty: one is made
    std::filesystem::path
        officer_pin_file;  // of that token; empty: people know it (`claviger cloudhsm hsm enroll`)
    cluster::Wipe wipe = cluster::Wipe::objects;
    bool accept_weak_module = false;
};

struct ManagerOptions {
    std::filesystem::path host_program;
    std::filesystem::path hsm_directory;     // a state directory below it for each HSM
    std::filesystem::path vault_directory;   // one below it for each cluster's recovery key
    std::filesystem::path backup_directory;  // one file for each backup
    std::vector<std::string> regions;        // that the service answers for
    std::filesystem::path vault_module;      // of the tokens with the recovery keys
    std::vector<std::string> host_arguments;
    std::vector<Subnet> subnets;
    std::vector<Place> places;
    std::filesystem::path soft_module;  // of tokens made on demand; empty: only `places` are taken
    cluster::MembershipRule membership =
        cluster::MembershipRule::open;  // of clusters that are made from now on
    Bytes
        recovery_public;  // their recovery key, SubjectPublicKeyInfo DER; empty: each has a vault of its own
    std::string unit;     // "dev" or "production": the OU of cluster certificates
    // Longer than a CreateKey may take from its first object to its commit.
    std::chrono::milliseconds making{15'000};
};

struct ManagerParts {
    boost::asio::io_context& control;
    store::Store& store;
    Inventory& inventory;  // loaded, and fed by the store's observer
    const KeyBook& keys;   // the same
    const store::SealingKey& sealing_key;
    const Clock& clock;
    const api::LifeClock& life;
    Random& random;
};

// The StateMessage of the last HSM after a refused DeleteHsm, perhaps after another sentence: the next one
// knows by it that it is the next.
inline constexpr std::string_view kNotSigned =
    "The HSM was not deleted: it could not sign a backup of the cluster. Try again; a second DeleteHsm "
    "deletes it without one if it still cannot.";

// What came out of a backup's file that was taken in.
struct Imported {
    BackupId backup;
    ClusterId cluster;
    std::size_t keys = 0;
    std::size_t key_stores = 0;
};

// The keys of a cluster's key stores, as the last look at its HSMs found them.
struct KeyReport {
    std::size_t keys = 0;
    std::size_t gone = 0;  // destroyed by their owner on every HSM
    // Objects of no key that the store knows, at two looks: a key that is being made is on its HSMs before it
    // is in the store.
    std::vector<cluster::KeyObject> orphans;
};

class Manager final : public Clusters {
public:
    Manager(ManagerOptions options, ManagerParts parts);
    ~Manager() override;

    // Starts the hosts of every cluster that is logged in, and the jobs that were left; returns at once.
    void start();
    // Ends every host. Jobs that still run are begun anew by the next process.
    boost::asio::awaitable<void> stop();

    boost::asio::io_context& control() override { return parts_.control; }
    ClusterPtr find(const AccountId& account, std::string_view region, const ClusterId& id) const override;
    std::vector<ClusterPtr> list(const AccountId& account, std::string_view region) const override;
    cluster::Cluster* cluster(const ClusterId& id) const override;
    boost::asio::awaitable<Result<Done, LoginError>> try_password(ClusterId id,
                                                                  SecretBytes password) override;
    boost::asio::awaitable<Result<Done, LoginError>> log_in(ClusterId id) override;
    boost::asio::awaitable<Status<>> log_out(ClusterId id) override;

    // From any thread: a row was committed in a transient state. Does nothing for any other.
    void take_up(const ClusterId& id);
    void take_up(const HsmId& id);
    void take_up(const BackupId& id);

    // Backups (manager_backups.cpp, manager_restores.cpp). Control thread.
    // The row of a new one, committed in CREATE_IN_PROGRESS: take_up() or finish_backup() makes it. conflict:
    // the cluster is not ACTIVE, or has no HSM that could sign.
    boost::asio::awaitable<Result<BackupId>> begin_backup(ClusterId id);
    boost::asio::awaitable<Status<>> finish_backup(BackupId id);
    // Makes those that are due, ends those whose time is over.
    boost::asio::awaitable<void> tend_backups();
    // The verified content of a backup's file; integrity: the file is not the one that was made.
    Result<BackupContents> read_backup(const store::BackupRecord& record) const;
    // The same from any thread, when only the verdict is wanted.
    boost::asio::awaitable<Status<>> check_backup(const store::BackupRecord& record);
    // Takes in a file that this store does not know, if its trust anchor is the given one: a READY backup,
    // its cluster as a DELETED one, and the keys and key stores that are unknown here. conflict: it is known.
    boost::asio::awaitable<Result<Imported>> import_backup(Bytes file, std::string anchor_pem);

    // Offline recovery (manager_recovery.cpp). Control thread.
    // What the HSM asks its recovery holder; empty: of the only one that waits. not_found: the detail says
    // which wait.
    Result<RecoveryRequest> recovery_request(const std::string& hsm) const;
    // Recorded and audited when it returns; the join goes on as a job. conflict: to another question than the
    // one of now.
    boost::asio::awaitable<Status<>> take_recovery_answer(RecoveryAnswer answer);

    const ManagerOptions& options() const noexcept { return options_; }
    const ManagerParts& parts() const noexcept { return parts_; }
    Aside& aside() noexcept { return aside_; }

    // The work for which an HSM whose officer is asked needs him: it is made, or its user gets a PIN that its
    // host keeps. conflict: there is none. pin_refused: it waits still.
    boost::asio::awaitable<Status<>> enroll(HsmId id, SecretBytes officer_pin);

    // Every ACTIVE HSM's user PIN becomes `password`. Control thread.
    boost::asio::awaitable<Status<>> set_user_password(ClusterId id, SecretBytes password);

    // The key objects on every HSM that serves. Control thread, as the next three.
    boost::asio::awaitable<FoundObjects> find_keys(ClusterId id);
    // Brings them in step with the store, in the cluster's turn.
    boost::asio::awaitable<Status<>> settle(ClusterId id);
    boost::asio::awaitable<Status<>> commit(std::function<Status<>(store::Txn&)> work);
    KeyReport key_report(const ClusterId& id) const;  // any thread
    // The last CreateHsm that took the configured HSM failed, in this process. Any thread.
    bool failed_last(const std::string& place) const;

private:
    using Work = boost::asio::awaitable<Status<>>;
    // `again`: takes the resource up anew some time after the work has failed, if its row is still transient.
    void run_job(std::string resource, Work work, std::function<void()> again = {});
    boost::asio::awaitable<void> supervise(std::string resource, Work work, std::function<void()> again);
    // The work, when an HSM of the cluster serves; at once where none is about to.
    Work once_served(ClusterId id, Work work);

    Work finish_cluster(ClusterId id);
    Work initialize(ClusterId id);
    // `officer_pin`: empty unless somebody typed it.
    Work create_hsm(HsmId id, SecretBytes officer_pin);
    Work wait_for_officer(HsmId id);
    Work claim_for_officer(const store::CloudHsmRecord& hsm, bool made);
    Work make_enrolled(store::CloudHsmRecord hsm, SecretBytes officer_pin);
    Work give_user_pin(HsmId id, SecretBytes officer_pin);
    Work delete_hsm(HsmId id);

    boost::asio::awaitable<Status<>> make_first(const store::CloudHsmRecord& hsm, const ClusterView& cluster,
                                                SecretBytes officer_pin);
    boost::asio::awaitable<Status<>> join(const store::CloudHsmRecord& hsm, const ClusterView& cluster,
                                          const store::ClusterRecord& facts, SecretBytes officer_pin);
    boost::asio::awaitable<Status<>> serve(const store::CloudHsmRecord& hsm);
    Status<> put_token(store::Txn& txn, const store::HsmRecord& token) const;
    boost::asio::awaitable<Status<>> record_token(const cluster::FoundedHsm& made, const ClusterId& cluster);
    std::string why_not_created(const store::CloudHsmRecord& hsm, const Error& why) const;
    std::string why_not_taken(const HsmId& id, std::string unplaced) const;
    Work finish_create(store::CloudHsmRecord hsm, Status<> made);
    bool has_vault(const ClusterId& lineage) const;
    boost::asio::awaitable<Status<>> wait_for_recovery(const store::CloudHsmRecord& hsm,
                                                       const store::ClusterRecord& row,
                                                       SecretBytes officer_pin);
    Work finish_join(HsmId id, Bytes wrapped);
    boost::asio::awaitable<void> give_up_waiting(HsmId id);
    Work found_from_backup(const ClusterView& cluster);
    Work back_up_before(const store::CloudHsmRecord& hsm);
    // Under the cluster's lease.
    Work write_backup(BackupId id);
    boost::asio::awaitable<Result<Bytes>> make_backup_file(const store::BackupRecord& record);
    Work end_backup(BackupId id);
    void remove_left_files();  // of backups that are DELETED
    std::uint32_t retention_days(const ClusterId& id) const;
    std::filesystem::path backup_file(const BackupId& id) const;

    // A store that fails (a full disk) is given time, because what was done on HSMs must not be done again:
    // it may have cost an attempt with a PIN.
    boost::asio::awaitable<Status<>> commit_patiently(std::function<Status<>(store::Txn&)> work);
    boost::asio::awaitable<Status<>> set_state(const HsmId& id, store::HsmState state, std::string message);
    boost::asio::awaitable<Status<>> set_state(const ClusterId& id, store::ClusterState state,
                                               std::string message);
    // Hosts run and serve, or end; the row says which. Under the cluster's lease.
    boost::asio::awaitable<Status<>> raise(ClusterId id);
    Result<ClusterPtr, LoginError> connectable(const ClusterId& id) const;
    boost::asio::awaitable<Status<>> lower(ClusterId id);
    // Under the cluster's lease, as set_known_pins(). HSMs that could not draw a PIN of their own at the last
    // log_in() draw it now, if they serve.
    boost::asio::awaitable<Status<>> draw_missed_pins(ClusterId id);
    boost::asio::awaitable<Status<>> set_known_pins(ClusterId id, std::set<HsmId> hsms);
    // Its host runs, is logged in and admitted.
    bool serves(const store::CloudHsmRecord& hsm);
    // What hosts found at their logins, told by the rows; an HSM that serves is ACTIVE. Any time.
    Work note_pins(ClusterId id);
    // What the StateMessage says of a member's user PIN, and who mends it.
    std::string pin_message(const store::CloudHsmRecord& hsm, store::HsmState state) const;
    // Nothing is changed if `hsm` is no member, or the row has left its state.
    Work note_pin(const store::CloudHsmRecord& hsm, store::HsmState state);
    // Why the configuration does not name its token, as its StateMessage says it; empty: it does.
    std::string why_unplaced(const store::CloudHsmRecord& hsm) const;
    // Of an operator's token that was begun to be taken for it; empty: there is none.
    Result<std::string> claimed_serial(const HsmId& id) const;
    // It belongs to its cluster, and its host can be started with the cluster's.
    bool has_host(const store::CloudHsmRecord& hsm) const;
    void note_attempt(const std::string& place, bool good);
    // What the configuration names, or names again, told by the rows.
    Work note_places();
    Work note_place(store::CloudHsmRecord hsm, std::string why);
    // DeleteHsm of it failed: the state of before comes back, with `why` at the end of its message.
    Work refuse_deletion(const store::CloudHsmRecord& hsm, std::string_view why);
    // Of a member: told by its row, or, while that is ACTIVE, by its host and its token; no_hsm: it does not
    // run.
    boost::asio::awaitable<Result<bool>> user_pin_is_lost(const store::CloudHsmRecord& hsm);
    Work try_pin(const store::CloudHsmRecord& hsm, const SecretBytes& pin, cluster::PinGuess guess);
    Work reset_user_pin(HsmId id, const SecretBytes& password, SecretBytes officer_pin);

    // Under the cluster's lease. What an HSM could not take, or could not destroy; the last of each.
    using KeyFailures = std::map<std::string, Error>;
    boost::asio::awaitable<Result<KeyFailures>> settle_each(ClusterId id);
    // The same. An error: an HSM that serves does not hold every key.
    boost::asio::awaitable<Status<>> settle_keys(ClusterId id);
    // The same for an HSM that just joined. A busy one is given time.
    boost::asio::awaitable<Status<>> settle_joined(ClusterId id, HsmId hsm);
    boost::asio::awaitable<Result<KeyLedger>> ledger(ClusterId id);
    boost::asio::awaitable<Status<>> keep_ledger(ClusterId id, KeyLedger before, KeyLedger after);
    void report(const ClusterId& id, const KeyPlan& plan, std::size_t keys);
    std::vector<cluster::KeyObject> settled_orphans(const ClusterId& id, const KeyPlan& plan);
    boost::asio::awaitable<void> keep_keys();
    Work keep_cluster(ClusterId id, std::string what);
    void start_keeper();
    boost::asio::awaitable<void> stop_keeper();

    cluster::Site site() const;
    cluster::HsmOptions hsm_options(const store::CloudHsmRecord& hsm) const;
    cluster::HsmOptions vault_options(const ClusterId& lineage) const;
    Result<SecretBytes> officer_pin(const HsmId& id) const;
    std::vector<cluster::KeySource> member_sources(const ClusterView& view, store::HsmState also) const;
    // Empty: only the holder of the recovery key, who is elsewhere.
    Result<std::vector<cluster::KeySource>> key_sources(const ClusterView& view,
                                                        const store::ClusterRecord& row) const;
    Result<cluster::Cluster*> open_cluster(const ClusterId& id);
    // Ends its hosts; the next open_cluster() makes another.
    boost::asio::awaitable<void> retire_cluster(ClusterId id);
    Lease& lease(const ClusterId& id);

    const ManagerOptions options_;
    const ManagerParts parts_;
    mutable std::mutex mutex_;
    std::map<ClusterId, std::unique_ptr<cluster::Cluster>>
        clusters_;  // guarded by mutex_; written by control
    std::vector<std::unique_ptr<cluster::Cluster>>
        retired_;                                         // stopped; a job or a scrape may look at them still
    std::map<ClusterId, KeyReport> key_reports_;          // guarded by mutex_
    std::set<std::string> failed_places_;                 // guarded by mutex_
    std::map<ClusterId, std::shared_ptr<Lease>> leases_;  // control thread, as all below
    struct Sighting {
        MonoTime first;
        bool told = false;
    };
    std::map<ClusterId, std::map<std::pair<std::string, std::string>, Sighting>>
        sightings_;  // by HSM and label
    boost::asio::steady_timer keeper_;
    bool keeping_ = false;
    struct Kept {  // when a cluster's keys were last in step, and of which HSMs and keys that was said
        std::string what;
        MonoTime at{};
    };
    std::map<ClusterId, Kept> kept_;
    std::set<std::string> jobs_;
    std::map<HsmId, std::unique_ptr<cluster::JoiningHsm>> waiting_;  // for recovery
    bool stopping_ = false;
    Aside aside_;
};

}  // namespace claviger::cloudhsm
