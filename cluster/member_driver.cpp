#include "cluster/member_driver.hpp"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/rethrow.hpp>

namespace claviger::cluster {
namespace {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::milliseconds kSlowPoll{20};
constexpr std::chrono::hours kForever{24 * 365};

}  // namespace

MemberDriver::MemberDriver(DriverContext& context, std::shared_ptr<Member> member)
    : context_(context),
      member_(std::move(member)),
      lifecycle_(context.options.timing),
      wake_(context.io, kForever) {}

link::PeerRule MemberDriver::peer_rule() const {
    link::PeerRule rule{::getuid(), std::nullopt};
    if (peer_ != 0) {
        rule.pid = peer_;
    }
    return rule;
}

void MemberDriver::log(Severity severity, const std::string& text) {
    if (severity != Severity::info) {
        member_->set_error(text);
    }
    if (context_.options.log) {
        context_.options.log(severity, member_->options().hsm_id, text);
    }
}

void MemberDriver::fail(Severity severity, Error why) {
    log(severity, why.detail);
    member_->set_failure(std::move(why));
}

Error MemberDriver::ended_at_start() const {
    const HsmOptions& hsm = member_->options();
    switch (process_->exit_code().value_or(0)) {
        case link::kExitUnfit:
            return Error(Errc::not_found, "its host finds no token with serial " + hsm.serial + " behind " +
                                              hsm.module.string() +
                                              ", or cannot load that module; its own log says which. Put the "
                                              "token back, or name the right module" +
                                              (hsm.existing ? "; SoftHSM finds tokens by SOFTHSM2_CONF in "
                                                              "the environment of the service"
                                                            : ""));
        case link::kExitTaken:
            return Error(Errc::conflict, "another process works with the token in " + hsm.state_dir.string() +
                                             ": end it; the host's own log has its process id");
        default:
            return Error(Errc::hsm_gone,
                         "its process ended at start (" + process_->how() + "); its own log says why");
    }
}

void MemberDriver::request_stop() {
    stop_ = true;
    if (control_) {
        control_->close();
    }
    if (data_) {
        data_->close();
    }
    wake_.cancel();
}

boost::asio::awaitable<Status<>> MemberDriver::drain() {
    if (host_ended() || !published_) {
        co_return done;  // nobody has sent it anything
    }
    const std::shared_ptr<ControlLink> control = control_;
    if (!control || !control->is_open()) {
        co_return Error(Errc::hsm_gone, "no control connection");
    }
    const link::control::Empty nothing;
    co_return co_await control->tell(link::control::Operation::drain, nothing,
                                     context_.clock.mono() + context_.options.timing.grace);
}

boost::asio::awaitable<Status<>> MemberDriver::load(const KeyMaterial& key) {
    const std::shared_ptr<Connection> data = data_;
    if (!published_ || !data || data_lost_) {
        co_return Error(Errc::no_hsm, member_->options().hsm_id + " does not serve");
    }
    sweeper_->wake();
    co_return co_await send_load(*data, key, context_.clock.mono() + context_.options.timing.admission);
}

void MemberDriver::suspect() {
    suspected_ = true;
    wake_.cancel();
}

boost::asio::awaitable<void> MemberDriver::sleep(std::chrono::milliseconds duration) {
    wake_.expires_after(duration);
    co_await wake_.async_wait(kAwait);
}

boost::asio::awaitable<void> MemberDriver::run() {
    const std::shared_ptr<MemberDriver> self = shared_from_this();
    sweeper_ = std::make_shared<Sweeper>(context_.io, context_.clock, context_.options.timing.sweep,
                                         [weak = weak_from_this()](MonoTime now) {
                                             const std::shared_ptr<MemberDriver> driver = weak.lock();
                                             return driver ? driver->sweep(now) : Sweeper::Left::nothing;
                                         });
    bool stop_told = false;
    Step step = lifecycle_.on(Happening::begin, context_.clock.mono());
    while (step != Step::finish) {
        Happening happening = co_await perform(step);
        if (stop_ && !stop_told && happening != Happening::cleared) {
            stop_told = true;
            happening = Happening::stop;
        }
        step = lifecycle_.on(happening, context_.clock.mono());
        if (stop_ && !stop_told && step != Step::clear && step != Step::kill) {
            stop_told = true;
            step = lifecycle_.on(Happening::stop, context_.clock.mono());
        }
    }
    member_->set_state("stopped");
    finished_ = true;
    context_.changed();
}

boost::asio::awaitable<Happening> MemberDriver::perform(Step step) {
    switch (step) {
        case Step::start: co_return co_await start();
        case Step::admit: co_return co_await admit_host();
        case Step::watch: co_return co_await watch();
        case Step::probe: co_return co_await probe();
        case Step::clear: co_return co_await clear(Ending::in_order);
        case Step::kill: co_return co_await clear(Ending::at_once);
        case Step::pause: {
            member_->set_state("broken");
            const MonoTime until = context_.clock.mono() + lifecycle_.pause();
            while (!stop_ && context_.clock.mono() < until) {
                co_await sleep(std::chrono::ceil<std::chrono::milliseconds>(until - context_.clock.mono()));
            }
            co_return Happening::paused;
        }
        case Step::rest:
            while (!stop_) {
                co_await sleep(kForever);
            }
            co_return Happening::stop;
        case Step::finish: break;
    }
    co_return Happening::stop;
}

boost::asio::awaitable<void> MemberDriver::watch_process() {
    const std::shared_ptr<MemberDriver> self = shared_from_this();
    watching_ = true;
    co_await process_->wait();
    watching_ = false;
    wake_.cancel();
}

bool MemberDriver::host_ended() {
    return member_->options().launch == Launch::child ? !process_ || process_->ended() : data_lost_;
}

boost::asio::awaitable<Happening> MemberDriver::start() {
    const HsmOptions& hsm = member_->options();
    member_->set_state("starting");
    suspected_ = false;
    data_lost_ = false;
    peer_ = 0;
    if (starts_++ > 0) {
        member_->restarts.fetch_add(1, std::memory_order_relaxed);
    }
    if (hsm.launch == Launch::child) {
        std::vector<std::string> arguments{"--state",  hsm.state_dir.string(),
                                           "--module", hsm.module.string(),
                                           "--serial", hsm.serial,
                                           "--name",   hsm.hsm_id};
        arguments.insert(arguments.end(), hsm.host_arguments.begin(), hsm.host_arguments.end());
        Result<std::unique_ptr<HostProcess>> process =
            HostProcess::start(context_.io, context_.options.host_program, arguments, std::nullopt);
        if (!process) {
            fail(Severity::alarm, process.error());
            co_return Happening::failed;
        }
        process_ = *std::move(process);
        peer_ = process_->pid();
        boost::asio::co_spawn(context_.io, watch_process(), rethrow);
    }
    const MonoTime began = context_.clock.mono();
    Error last(Errc::hsm_gone, "not tried");
    while (!stop_ && context_.clock.mono() < began + context_.options.timing.start) {
        const Result<int> socket = connect_unix(hsm.state_dir, "control.sock", peer_rule());
        if (socket) {
            if (const Result<link::Peer> peer = link::peer_of(*socket)) {
                peer_ = peer->pid;
            }
            control_ = std::make_shared<ControlLink>(context_.io, *socket);
            unfit_ = false;
            co_return Happening::up;
        }
        last = socket.error();
        if (hsm.launch == Launch::child && process_->ended()) {
            unfit_ = process_->exit_code() == link::kExitUnfit;
            fail(Severity::alarm, ended_at_start());
            context_.changed();
            co_return Happening::failed;
        }
        // A child's sockets appear within milliseconds; for others nobody waits that closely.
        const bool soon =
            hsm.launch == Launch::child && context_.clock.mono() - began < std::chrono::seconds(1);
        co_await sleep(soon ? kPoll : kSlowPoll);
    }
    if (!stop_) {
        fail(Severity::warning, Error(Errc::hsm_gone, "no control socket after start: " + last.describe()));
    }
    co_return Happening::failed;
}

Status<> MemberDriver::connect_data() {
    const Result<int> socket = connect_unix(member_->options().state_dir, "data.sock", peer_rule());
    if (!socket) {
        return socket.error();
    }
    data_ = std::make_shared<Connection>(context_.io, context_.clock,
                                         [weak = weak_from_this()](const Error& why) {
                                             if (const auto self = weak.lock()) {
                                                 self->data_lost_ = true;
                                                 self->member_->set_error(why.describe());
                                                 self->wake_.cancel();
                                             }
                                         });
    data_->adopt(*socket);
    data_lost_ = false;
    return done;
}

Sweeper::Left MemberDriver::sweep(MonoTime now) {
    const std::shared_ptr<Connection> data = data_;
    if (!data) {
        return Sweeper::Left::nothing;
    }
    data->sweep(now);
    return data->waiting() > 0 ? Sweeper::Left::waiting : Sweeper::Left::nothing;
}

boost::asio::awaitable<Happening> MemberDriver::admit_host() {
    member_->set_state("admitting");
    if (const Status<> connected = connect_data(); !connected) {
        fail(Severity::warning, Error(Errc::hsm_gone, connected.error().describe()));
        co_return Happening::failed;
    }
    sweeper_->wake();
    const std::shared_ptr<ControlLink> control = control_;
    const std::shared_ptr<Connection> data = data_;
    const Verdict verdict =
        co_await admit(context_.rule, member_->options(), *control, *data, context_.clock, context_.random);
    switch (verdict.kind) {
        case Verdict::Kind::admitted: co_return Happening::admitted;
        case Verdict::Kind::failed:
            if (!stop_) {
                fail(Severity::warning, Error(verdict.code, "not admitted: " + verdict.reason, verdict.ckr));
            }
            co_return Happening::failed;
        case Verdict::Kind::refused: break;
    }
    refused_ = true;
    member_->set_state("refused: " + verdict.reason);
    fail(Severity::alarm, Error(verdict.code, "refused: " + verdict.reason, verdict.ckr));
    context_.changed();
    co_return Happening::refused;
}

boost::asio::awaitable<Happening> MemberDriver::watch() {
    member_->set_state("serving");
    if (!published_) {
        published_ = true;
        member_->breaker.close();
        member_->clear_failure();
        Serving serving{member_, ++context_.epochs, peer_};
        context_.board.publish(std::move(serving));
        log(Severity::info, "serving");
        context_.changed();
    }
    while (!stop_ && !host_ended() && !suspected_ && !data_lost_) {
        co_await sleep(kForever);
    }
    co_return host_ended() ? Happening::ended : Happening::suspected;
}

boost::asio::awaitable<Happening> MemberDriver::probe() {
    suspected_ = false;
    if (member_->breaker.open()) {
        member_->set_state("broken");
    }
    if (data_lost_ && member_->options().launch == Launch::child) {
        // Its process lives: a connection of its own says whether it still answers.
        if (const Status<> connected = connect_data(); !connected) {
            member_->set_error(connected.error().describe());
        }
    }
    if (host_ended()) {
        co_return Happening::ended;
    }
    Status<> canary = Error(Errc::hsm_gone, "no data connection");
    if (!data_lost_) {
        const std::shared_ptr<Connection> data = data_;
        sweeper_->wake();
        canary = co_await send_canary(*data, context_.clock.mono() + context_.options.timing.fast_attempt);
    }
    if (host_ended()) {
        co_return Happening::ended;
    }
    if (canary) {
        if (member_->breaker.open()) {
            member_->breaker.close();
            log(Severity::info, "answers again");
            context_.changed();
        }
        co_return Happening::canary_good;
    }
    log(Severity::warning, "canary: " + canary.error().describe());
    if (canary.error().code == Errc::deadline_exceeded) {
        member_->breaker.record(Evidence::silent);  // callers' loads and slow work are no such evidence
    }
    co_await sleep(context_.options.timing.canary);
    co_return host_ended() ? Happening::ended : Happening::canary_bad;
}

boost::asio::awaitable<Happening> MemberDriver::clear(Ending ending) {
    if (!refused_) {
        member_->set_state("broken");
    }
    published_ = false;
    context_.board.withdraw(member_->index());
    context_.changed();
    if (const std::shared_ptr<Connection> data = std::exchange(data_, nullptr)) {
        data->close();
    }
    if (const std::shared_ptr<ControlLink> control = std::exchange(control_, nullptr)) {
        control->close();
    }
    if (process_) {
        if (ending == Ending::at_once) {
            log(Severity::alarm, "does not answer: its process is killed");
            process_->signal(SIGKILL);
        }
        if (!process_->ended()) {
            co_await process_->end(context_.options.timing.grace);
        }
        if (!stop_ && !refused_ && !unfit_) {
            log(Severity::warning, "its process ended: " + process_->how());
        }
        process_->cancel_wait();
        while (watching_) {
            co_await sleep(kPoll);
        }
        process_.reset();
    }
    co_return Happening::cleared;
}

}  // namespace claviger::cluster
