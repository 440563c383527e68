// The serving process: one epoll loop that is the fast lane, and three slow threads: one for loading keys,
// destroying, proving and control work, one for private keys, one for generating keys, so that seconds of RSA
// delay neither AES nor a key that is needed.
//
// Threads: everything here belongs to the loop; jobs get what they need by value or as references to the
// HostedToken.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/hsm/profile.hpp>

#include "hsm/host/connection.hpp"
#include "hsm/host/fast_lane.hpp"
#include "hsm/host/hosted_token.hpp"
#include "hsm/host/options.hpp"
#include "hsm/host/pin_keeper.hpp"
#include "hsm/host/private_lane.hpp"
#include "hsm/host/worker.hpp"
#include "hsm/link/control.hpp"
#include "hsm/link/operation.hpp"

namespace claviger::host {

class ControlService;

class Host {
public:
    // Opens lanes and sockets. `token` outlives the host.
    static Result<std::unique_ptr<Host>> start(const Options& options, HostedToken& token, PinStore pins);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // Until SIGTERM has drained it or the supervisor is gone; answers the exit code.
    int run();

private:
    friend class ControlService;

    // A request that waits, with its content, which is wiped when it is answered.
    struct Parked {
        std::uint64_t connection = 0;
        std::uint64_t id = 0;
        link::Operation operation = link::Operation::encrypt;
        std::uint64_t deadline = 0;
        link::WipedBuffer payload;
        int loads = 0;
        link::FrameView frame() const noexcept {
            return {id, static_cast<std::uint8_t>(operation), deadline, ByteView(payload)};
        }
    };

    Host(const Options& options, HostedToken& token, PinStore pins, std::unique_ptr<hsm::Lane> fast,
         std::unique_ptr<hsm::Lane> slow, std::unique_ptr<hsm::Lane> with_private_keys,
         std::unique_ptr<hsm::Lane> generate);
    Status<> open_sockets();
    Result<Descriptor> listen_at(const std::string& name);

    // The turn of the loop.
    int patience() const;
    void accept_all(Channel channel);
    void on_connection(Connection& connection, std::uint32_t events);
    void work_off(Connection& connection);
    void work_off_backlog();
    void run_completions();
    void flush_dirty();
    void flush(Connection& connection);
    void watch(Connection& connection);
    void close_connection(std::uint64_t id);
    void begin_shutdown();
    bool is_idle() const noexcept;
    bool all_sent() const noexcept;
    void answer_drained();

    // Requests of the data socket.
    void serve(Connection& connection, const link::FrameView& frame);
    void serve_fast(Connection& connection, link::Operation operation, const link::FrameView& frame,
                    int loads, Refusal refusal = Refusal::doubted);
    void await_key(Connection& connection, Parked parked, const link::FrameView& frame, const Wait& wait);
    void key_loaded(const link::KeyName& name, Result<std::unique_ptr<hsm::Key>> key);
    // Blobs that a key refused too soon after the last time it was verified: they wait, it is verified once
    // for all, and each is tried again. So no verdict rests on a handle that nobody looked at, and who sends
    // bad blobs delays himself, not the others.
    void await_verdict(Parked parked, const link::FrameView& frame, const Wait& wait);
    void give_verdicts();
    void serve_private(Connection& connection, const link::OperationRow& row, const link::FrameView& frame);
    void forget_keys();  // after logout every handle is dead
    void load_key(Connection& connection, const link::OperationRow& row, const link::FrameView& frame);
    void create_key(Connection& connection, const link::FrameView& frame);
    void generate_pair(Connection& connection, const link::FrameView& frame);
    void import_key(Connection& connection, const link::FrameView& frame);
    void destroy_key(Connection& connection, const link::FrameView& frame);
    void destroy_loaded(std::uint64_t from, std::uint64_t id, const link::KeyName& name, Status<> so_far);
    void prove(Connection& connection, const link::FrameView& frame);
    void destroy_objects(std::vector<std::unique_ptr<hsm::Key>> keys);
    bool take_place(link::CostClass cost, Connection& connection, std::uint64_t id);
    void give_place(link::CostClass cost) noexcept { --outstanding_[static_cast<std::size_t>(cost)]; }
    bool is_late(std::uint64_t deadline) const;
    void refuse(Connection& connection, std::uint64_t id, const Error& error);

    // nullptr: the connection is gone, and with it whoever asked.
    Connection* find(std::uint64_t id) noexcept;
    void mark_dirty(Connection& connection);

    const Options& options_;
    HostedToken& token_;
    SystemClock clock_;
    Descriptor epoll_;
    Descriptor signals_;
    Descriptor data_socket_;
    Descriptor control_socket_;
    FastLane fast_;
    PrivateLane private_keys_;  // its thread's, private_
    Completions completions_;
    std::unique_ptr<ControlService> control_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t next_connection_;
    std::vector<std::uint64_t> backlog_;
    std::vector<std::uint64_t> dirty_;
    std::map<link::KeyName, std::vector<Parked>> loading_;
    struct Doubted {
        link::KeyName key;
        Parked request;
    };
    std::vector<Doubted> doubted_;
    MonoTime verdict_due_{};                      // of all that is in doubted_
    std::array<std::uint32_t, 4> outstanding_{};  // by CostClass
    std::uint32_t control_outstanding_ = 0;
    std::optional<hsm::CwkId> cluster_;  // whose CWK this host works with
    bool admitted_ = false;
    bool shutting_down_ = false;
    MonoTime shutdown_limit_{};
    std::vector<std::pair<std::uint64_t, std::uint64_t>> drain_waiters_;  // connection, frame id
    int exit_code_ = 0;
    bool finished_ = false;
    // Last: their threads end before anything they use.
    std::unique_ptr<Worker> slow_;
    std::unique_ptr<Worker> private_;
    std::unique_ptr<Worker> generate_;
};

}  // namespace claviger::host
