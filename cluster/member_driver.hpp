// Does what the lifecycle of one HSM asks for: process, sockets, admission, canaries, publication.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <claviger/cluster/cluster.hpp>

#include "cluster/admission.hpp"
#include "cluster/host_process.hpp"
#include "cluster/lifecycle.hpp"
#include "cluster/membership.hpp"
#include "cluster/sweeper.hpp"

namespace claviger::cluster {

// What all drivers of a cluster share. Outlives them.
struct DriverContext {
    boost::asio::io_context& io;
    const ClusterOptions& options;
    const AdmissionRule& rule;
    const Clock& clock;
    Random& random;
    Board& board;
    std::uint64_t epochs = 0;       // counts admissions: a line to one is never taken for a line to another
    std::function<void()> changed;  // a member began or ceased to serve, or was refused
};

// Control thread only. Keep it in a shared_ptr.
class MemberDriver : public std::enable_shared_from_this<MemberDriver> {
public:
    MemberDriver(DriverContext& context, std::shared_ptr<Member> member);

    boost::asio::awaitable<void> run();  // until request_stop() has been carried out
    void request_stop();
    // Its host answers what it has been asked and takes nothing more. Before request_stop().
    boost::asio::awaitable<Status<>> drain();
    // Puts a key on this HSM. no_hsm: it does not serve.
    boost::asio::awaitable<Status<>> load(const KeyMaterial& key);
    void suspect();
    bool finished() const noexcept { return finished_; }
    // Refused for good, or its host ended at start for a reason that starting it again does not cure.
    bool cannot_serve() const noexcept { return refused_ || unfit_; }
    const Member& member() const noexcept { return *member_; }
    // Who must be at the other end of the host's sockets.
    link::PeerRule peer_rule() const;

private:
    boost::asio::awaitable<Happening> perform(Step step);
    boost::asio::awaitable<Happening> start();
    boost::asio::awaitable<Happening> admit_host();
    boost::asio::awaitable<Happening> watch();
    boost::asio::awaitable<Happening> probe();
    enum class Ending : std::uint8_t { in_order, at_once };
    boost::asio::awaitable<Happening> clear(Ending ending);
    boost::asio::awaitable<void> watch_process();
    boost::asio::awaitable<void> sleep(std::chrono::milliseconds duration);  // until something happens
    Status<> connect_data();
    bool host_ended();
    void log(Severity severity, const std::string& text);
    void fail(Severity severity, Error why);
    Error ended_at_start() const;
    Sweeper::Left sweep(MonoTime now);

    DriverContext& context_;
    std::shared_ptr<Member> member_;
    Lifecycle lifecycle_;
    std::unique_ptr<HostProcess> process_;
    std::shared_ptr<ControlLink> control_;
    std::shared_ptr<Connection> data_;
    std::shared_ptr<Sweeper> sweeper_;
    boost::asio::steady_timer wake_;
    pid_t peer_ = 0;  // process at the other end of the control socket
    std::uint64_t starts_ = 0;
    bool published_ = false;
    bool suspected_ = false;
    bool data_lost_ = false;
    bool stop_ = false;
    bool refused_ = false;
    bool unfit_ = false;
    bool watching_ = false;
    bool finished_ = false;
};

}  // namespace claviger::cluster
