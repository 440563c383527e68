// An HSM host without an HSM, for tests of the cluster: speaks the link on data.sock and control.sock from a
// thread of the test, keeps keys in a set, and makes the faults that are ordered. Its cryptography is none.
#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/error.hpp>
#include <claviger/cluster/cluster.hpp>

#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"
#include "hsm/link/message.hpp"

namespace claviger::testing {

// What happens to the next data request that matches.
struct Fault {
    enum class Act : std::uint8_t {
        pass,           // answered as usual: counts requests past
        error,          // answered with `code`
        delay,          // answered after `delay`
        drop,           // never answered
        close,          // the connection is closed instead
        reverse,        // held until the next request was answered
        unknown_id,     // answered under an id that nobody uses
        oversize,       // a frame longer than the limit
        bad_status,     // a reply of undefined status
        junk,           // the right frame with a payload that is no message
        wrong_content,  // a well-formed reply to something else
    };
    Act act = Act::pass;
    Errc code = Errc::hsm_fault;
    std::chrono::milliseconds delay{0};
    std::optional<link::Operation> on;  // any operation if empty
};

struct FakeHostOptions {
    std::filesystem::path directory;
    std::string serial = "0011223344556677";
    Bytes certificate;                                  // DER on the token
    EVP_PKEY* identity = nullptr;                       // signs proofs; not owned
    Bytes check_token;                                  // the one its wrapping key opens
    std::map<link::control::Operation, Errc> refusals;  // control requests that fail
};

// start() and stop() like a process; order(), freeze() and the counters from any thread.
class FakeHost {
public:
    explicit FakeHost(FakeHostOptions options);
    ~FakeHost();

    void start();
    void stop();    // closes everything at once; its keys are gone, as after SIGKILL
    void freeze();  // reads nothing more until thaw(), as after SIGSTOP
    void thaw();
    void order(const Fault& fault);
    void refuse(link::control::Operation operation, std::optional<Errc> with);
    FakeHostOptions& options() noexcept { return options_; }  // while stopped

    std::uint64_t served(link::Operation operation) const;
    std::uint64_t asked(link::control::Operation operation) const;
    bool holds(const link::KeyName& name) const;
    void drop_keys();
    bool admitted() const;

private:
    struct Peer;
    struct Delayed;
    void serve();
    bool read_from(Peer& peer);
    // fake_host_requests.cpp: one answer each
    void answer_control(link::WipedBuffer& out, const link::FrameView& frame);
    void work(link::WipedBuffer& out, const link::FrameView& frame);
    bool use_key(link::WipedBuffer& out, std::uint64_t id, const link::KeyUse& use);

    FakeHostOptions options_;
    mutable std::mutex mutex_;
    std::deque<Fault> faults_;                                 // guarded by mutex_
    std::set<link::KeyName> keys_;                             // guarded by mutex_
    std::map<link::Operation, std::uint64_t> served_;          // guarded by mutex_
    std::map<link::control::Operation, std::uint64_t> asked_;  // guarded by mutex_
    bool admitted_ = false;                                    // guarded by mutex_
    std::vector<std::unique_ptr<Peer>> peers_;
    std::vector<Delayed> delayed_;
    std::thread thread_;
    int data_ = -1;
    int control_ = -1;
    int wake_[2] = {-1, -1};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> frozen_{false};
};

// A key token for tests: well-formed, its material means nothing.
Bytes fake_key_token(std::string_view account, std::string_view key_id, std::byte material);

}  // namespace claviger::testing
