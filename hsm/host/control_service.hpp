// The requests of the control socket: enrolment, PINs, join, admission. All token work is done by the slow
// threads. Threads: the loop; jobs touch only the HostedToken and the PinKeeper, and the PinKeeper only in
// the slow thread.
#pragma once

#include "hsm/host/host.hpp"

namespace claviger::host {

// Label of the cluster's certificate on the token.
inline constexpr std::string_view kClusterCertificate = "claviger-cluster";

class ControlService {
public:
    ControlService(Host& host, HostedToken& token, PinStore pins)
        : host_(host), token_(token), pins_(token, std::move(pins)) {}

    void serve(Connection& connection, const link::FrameView& frame);

private:
    enum class Thread : std::uint8_t { slow, generate };

    // Runs `work(lane)` -> Result<Reply> on a thread, then `settle(reply)` on the loop, then answers.
    template <class Reply, class Work, class Settle>
    void start(Thread thread, Connection& connection, const link::FrameView& frame, Work work, Settle settle);
    template <class Reply, class Work>
    void start(Thread thread, Connection& connection, const link::FrameView& frame, Work work);
    template <class Request, class Handler>
    void with(Connection& connection, const link::FrameView& frame, Handler handler);
    void answer_empty(Connection& connection, std::uint64_t id);
    static Error not_established();

    void status(Connection& connection, const link::FrameView& frame);
    void login(Connection& connection, const link::FrameView& frame);
    void logout(Connection& connection, const link::FrameView& frame);
    void create_cwk(Connection& connection, const link::FrameView& frame);
    void check_cluster(Connection& connection, const link::FrameView& frame);
    void admit(Connection& connection, const link::FrameView& frame);
    void probe(Connection& connection, const link::FrameView& frame);
    void join(link::control::Operation operation, Connection& connection, const link::FrameView& frame);
    void identity(link::control::Operation operation, Connection& connection, const link::FrameView& frame);
    void list_objects(Connection& connection, const link::FrameView& frame);
    void destroy_object(Connection& connection, const link::FrameView& frame);
    void established(const hsm::CwkId& cluster, std::unique_ptr<hsm::Key> check_key);

    Host& host_;
    HostedToken& token_;
    PinKeeper pins_;
    std::optional<link::control::Probed> probed_;
};

}  // namespace claviger::host
