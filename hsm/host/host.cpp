#include "hsm/host/host.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <claviger/base/files.hpp>
#include <claviger/base/registers.hpp>
#include <claviger/base/thread.hpp>

#include "hsm/host/control_service.hpp"
#include "hsm/host/log.hpp"
#include "hsm/host/process.hpp"
#include "hsm/link/peer.hpp"

namespace claviger::host {

namespace {

// epoll tags below the first connection id.
constexpr std::uint64_t kDataListener = 1;
constexpr std::uint64_t kControlListener = 2;
constexpr std::uint64_t kCompletions = 3;
constexpr std::uint64_t kSignals = 4;
constexpr std::uint64_t kFirstConnection = 16;

constexpr std::size_t kMaxConnections = 256;
// About a millisecond of AES: what one connection may make the others wait.
constexpr int kFramesPerTurn = 64;
// Replies leave in the middle of a long batch, so that the peer works on them while we go on.
constexpr int kFramesPerWrite = 8;
constexpr int kEventsPerTurn = 64;
constexpr std::chrono::seconds kDrainLimit(5);

Status<> add_to(int epoll, int descriptor, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return os_error("epoll_ctl");
    }
    return done;
}

}  // namespace

Result<std::unique_ptr<Host>> Host::start(const Options& options, HostedToken& token, PinStore pins) {
    std::array<std::unique_ptr<hsm::Lane>, 4> lanes;
    for (std::unique_ptr<hsm::Lane>& lane : lanes) {
        Result<std::unique_ptr<hsm::Lane>> opened = token.token().open_lane();
        if (!opened) {
            return opened.error();
        }
        lane = std::move(*opened);
    }
    std::unique_ptr<Host> host(new Host(options, token, std::move(pins), std::move(lanes[0]),
                                        std::move(lanes[1]), std::move(lanes[2]), std::move(lanes[3])));
    const Status<> opened = host->open_sockets();
    if (!opened) {
        return opened.error();
    }
    return host;
}

Host::Host(const Options& options, HostedToken& token, PinStore pins, std::unique_ptr<hsm::Lane> fast,
           std::unique_ptr<hsm::Lane> slow, std::unique_ptr<hsm::Lane> with_private_keys,
           std::unique_ptr<hsm::Lane> generate)
    : options_(options),
      token_(token),
      fast_(std::move(fast), options.key_memory - options.key_memory / kPrivateShare, options.residency),
      private_keys_(options.key_memory / kPrivateShare, options.residency),
      control_(std::make_unique<ControlService>(*this, token, std::move(pins))),
      next_connection_(kFirstConnection) {
    // Signals belong to the loop: blocked before the workers start, so that no thread takes one.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    slow_ = std::make_unique<Worker>(std::move(slow), completions_, Pace::brief);
    private_ = std::make_unique<Worker>(std::move(with_private_keys), completions_, Pace::lengthy);
    generate_ = std::make_unique<Worker>(std::move(generate), completions_, Pace::lengthy);
}

Host::~Host() = default;

Status<> Host::open_sockets() {
    epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_ || !signals_) {
        return os_error("epoll_create1");
    }
    Result<Descriptor> data = listen_at("data.sock");
    if (!data) {
        return data.error();
    }
    data_socket_ = std::move(*data);
    Result<Descriptor> control = listen_at("control.sock");
    if (!control) {
        return control.error();
    }
    control_socket_ = std::move(*control);
    const std::pair<int, std::uint64_t> watched[] = {{data_socket_.get(), kDataListener},
                                                     {control_socket_.get(), kControlListener},
                                                     {completions_.descriptor(), kCompletions},
                                                     {signals_.get(), kSignals}};
    for (const auto& [descriptor, tag] : watched) {
        Status<> added = add_to(epoll_.get(), descriptor, tag);
        if (!added) {
            return added;
        }
    }
    return done;
}

Result<Descriptor> Host::listen_at(const std::string& name) {
    const std::string path = options_.state + "/" + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Error(Errc::bad_config,
                     path + ": longer than the 107 bytes a socket path may have; use a shorter --state");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    unlink(path.c_str());  // left by a host that was killed: we hold the directory's lock
    if (!socket || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        chmod(path.c_str(), options_.supervisor.uid == geteuid() ? 0600 : 0660) != 0 ||
        listen(socket.get(), 64) != 0) {
        return os_error("listen " + path);
    }
    return socket;
}

int Host::run() {
    log(Level::info, "serving token " + token_.facts_at_start().serial + " at " + options_.state);
    prefer_batches();
    std::array<epoll_event, kEventsPerTurn> events;
    while (!finished_) {
        wipe_vector_registers();
        const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, patience());
        if (count < 0 && errno != EINTR) {
            log(Level::error, os_error("epoll_wait").detail);
            return 1;
        }
        work_off_backlog();
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            switch (event.data.u64) {
                case kDataListener: accept_all(Channel::data); break;
                case kControlListener: accept_all(Channel::control); break;
                case kCompletions: run_completions(); break;
                case kSignals: begin_shutdown(); break;
                default:
                    if (Connection* connection = find(event.data.u64)) {
                        on_connection(*connection, event.events);
                    }
            }
        }
        if (!doubted_.empty() && clock_.mono() >= verdict_due_) {
            give_verdicts();
        }
        if (fast_.has_given_up()) {
            destroy_objects(fast_.take_given_up());
        }
        answer_drained();
        flush_dirty();
        if (shutting_down_ && ((is_idle() && all_sent()) || clock_.mono() > shutdown_limit_)) {
            finished_ = true;
        }
    }
    if (!is_idle()) {
        // A module call cannot be cancelled; joining its thread would outlast the supervisor's patience.
        log(Level::warning, "work is still in the module after the drain limit; ending without it");
        _exit(exit_code_);
    }
    log(Level::info, "drained");
    return exit_code_;
}

// How long the loop may sleep, in milliseconds; -1: until something happens.
int Host::patience() const {
    if (!backlog_.empty()) {
        return 0;
    }
    if (!doubted_.empty()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(verdict_due_ - clock_.mono());
        return std::max(0, static_cast<int>(left.count()));
    }
    return shutting_down_ ? 50 : -1;
}

void Host::accept_all(Channel channel) {
    const int listener = channel == Channel::data ? data_socket_.get() : control_socket_.get();
    for (;;) {
        Descriptor socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            return;
        }
        const Status<> allowed = link::check_peer(socket.get(), options_.supervisor);
        if (!allowed) {
            ++fast_.counters().refused_peers;
            log(Level::warning, std::string(channel == Channel::data ? "data" : "control") +
                                    " socket: connection closed, " + allowed.error().detail);
            continue;
        }
        if (connections_.size() >= kMaxConnections) {
            log(Level::warning, "connection closed, there are too many");
            continue;
        }
        const std::uint64_t id = next_connection_++;
        auto connection = std::make_unique<Connection>(std::move(socket), id, channel);
        if (!add_to(epoll_.get(), connection->descriptor(), id)) {
            continue;
        }
        connection->watched = EPOLLIN;
        connections_.emplace(id, std::move(connection));
    }
}

void Host::on_connection(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
        mark_dirty(connection);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !connection.backlog) {
        if (connection.read_some() == IoOutcome::closed) {
            close_connection(connection.id());
            return;
        }
        work_off(connection);
    }
}

void Host::work_off(Connection& connection) {
    const std::uint64_t id = connection.id();
    int worked = 0;
    while (worked < kFramesPerTurn) {
        const std::optional<link::FrameView> frame = connection.in().next();
        if (!frame) {
            break;
        }
        if (worked > 0 && worked % kFramesPerWrite == 0 && connection.write_all() == IoOutcome::closed) {
            close_connection(id);
            return;
        }
        ++worked;
        if (connection.channel() == Channel::data) {
            serve(connection, *frame);
        } else {
            control_->serve(connection, *frame);
        }
    }
    connection.in().consume();
    if (connection.in().broken()) {
        log(Level::warning, "connection closed: a frame over the limit");
        close_connection(id);
        return;
    }
    connection.backlog = worked == kFramesPerTurn && connection.in().pending() > 0;
    if (connection.backlog) {
        backlog_.push_back(id);
    }
    // Written here and not at the end of the turn: the peer works on it while we serve the next connection.
    flush(connection);
}

void Host::work_off_backlog() {
    for (const std::uint64_t id : std::exchange(backlog_, {})) {
        if (Connection* connection = find(id)) {
            connection->backlog = false;
            work_off(*connection);
        }
    }
}

void Host::run_completions() {
    for (const std::unique_ptr<Job>& job : completions_.take()) {
        job->finish();
    }
}

void Host::mark_dirty(Connection& connection) {
    if (!connection.dirty) {
        connection.dirty = true;
        dirty_.push_back(connection.id());
    }
}

void Host::flush_dirty() {
    for (const std::uint64_t id : std::exchange(dirty_, {})) {
        if (Connection* connection = find(id)) {
            connection->dirty = false;
            flush(*connection);
        }
    }
}

void Host::flush(Connection& connection) {
    if (connection.unsent() > 0 && connection.write_all() == IoOutcome::closed) {
        close_connection(connection.id());
        return;
    }
    watch(connection);
}

void Host::watch(Connection& connection) {
    std::uint32_t wanted = 0;
    if (connection.unsent() > 0) {
        wanted |= EPOLLOUT;
    }
    if (connection.unsent() < Connection::kMaxUnsent && !connection.backlog) {
        wanted |= EPOLLIN;
    }
    if (wanted == connection.watched) {
        return;
    }
    epoll_event event{};
    event.events = wanted;
    event.data.u64 = connection.id();
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.descriptor(), &event);
    connection.watched = wanted;
}

void Host::close_connection(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) {
        return;
    }
    connections_.erase(found);  // closes the socket, which also leaves epoll
    if (!has_supervisor(options_)) {
        log(Level::warning, "the supervisor is gone");
        exit_code_ = link::kExitOrphaned;
        begin_shutdown();
    }
}

void Host::begin_shutdown() {
    signalfd_siginfo info{};
    [[maybe_unused]] const ssize_t got = read(signals_.get(), &info, sizeof info);
    if (shutting_down_) {
        return;
    }
    log(Level::info, "draining");
    shutting_down_ = true;
    admitted_ = false;
    shutdown_limit_ = clock_.mono() + kDrainLimit;
    data_socket_.reset();
    control_socket_.reset();
}

bool Host::is_idle() const noexcept {
    for (const std::uint32_t count : outstanding_) {
        if (count != 0) {
            return false;
        }
    }
    return control_outstanding_ == 0 && doubted_.empty();
}

bool Host::all_sent() const noexcept {
    return std::ranges::all_of(connections_, [](const auto& one) { return one.second->unsent() == 0; });
}

void Host::answer_drained() {
    if (drain_waiters_.empty() || !doubted_.empty()) {
        return;
    }
    for (const std::uint32_t count : outstanding_) {
        if (count != 0) {
            return;
        }
    }
    for (const auto& [connection_id, frame_id] : std::exchange(drain_waiters_, {})) {
        if (Connection* connection = find(connection_id)) {
            link::control::append_reply(connection->out(), frame_id, link::control::Empty{});
            mark_dirty(*connection);
        }
    }
}

Connection* Host::find(std::uint64_t id) noexcept {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace claviger::host
