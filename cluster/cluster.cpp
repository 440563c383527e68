#include <claviger/cluster/cluster.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/encoding.hpp>
#include <claviger/base/rethrow.hpp>
#include <claviger/cluster/trust.hpp>

#include "cluster/certificate_watch.hpp"
#include "cluster/client.hpp"
#include "cluster/member_driver.hpp"
#include "hsm/link/return_values.hpp"

namespace claviger::cluster {
namespace {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

// What a host labels the token objects of KMS keys, unless it uses their ARNs; other labels that begin so are
// of the cluster's own objects.
constexpr std::string_view kKeyLabel = "claviger-key";
constexpr std::string_view kOwnLabels = "claviger-";

Status<> check(const ClusterOptions& options, const HsmOptions& hsm) {
    if (hsm.hsm_id.empty() || hsm.zone.empty() || hsm.serial.empty() || hsm.state_dir.empty()) {
        return Error(Errc::bad_config,
                     "HSM \"" + hsm.hsm_id + "\": id, zone, serial and state directory are required");
    }
    if (hsm.launch == Launch::child && (options.host_program.empty() || hsm.module.empty())) {
        return Error(Errc::bad_config,
                     "HSM " + hsm.hsm_id + ": program of the host and PKCS#11 module are required");
    }
    return done;
}

}  // namespace

struct Cluster::Impl {
    Impl(boost::asio::io_context& io, ClusterOptions given, ClusterTrust trust, const Clock& its_clock,
         Random& its_random)
        : control(io),
          options(std::move(given)),
          clock(its_clock),
          random(its_random),
          rule{options.cluster_id, options.cwk_generation,   options.check_token,
               std::move(trust),   options.timing.admission, options.membership},
          certificate_watch(std::make_shared<CertificateWatch>(io, clock, rule.trust.expires(),
                                                               options.timing.certificate, options.log)),
          board([this](std::uint32_t member) {
              boost::asio::post(control, [this, member] {
                  if (drivers[member]) {
                      drivers[member]->suspect();
                  }
              });
          }),
          context{control, options, rule, clock, random, board, 0, [this] {
                      for (const std::shared_ptr<boost::asio::steady_timer>& waiter : waiters) {
                          waiter->cancel();
                      }
                  }} {}

    boost::asio::io_context& control;
    const ClusterOptions options;
    const Clock& clock;
    Random& random;
    const AdmissionRule rule;
    const std::shared_ptr<CertificateWatch> certificate_watch;
    Board board;
    DriverContext context;
    // One per coroutine that waits for a change: cancelled at each.
    std::vector<std::shared_ptr<boost::asio::steady_timer>> waiters;
    // By index, empty where there is none. `members` is read by any thread.
    mutable std::mutex mutex;
    std::array<std::shared_ptr<Member>, kMaxMembers> members;        // guarded by mutex
    std::array<std::shared_ptr<MemberDriver>, kMaxMembers> drivers;  // control thread
    std::atomic<std::size_t> clients{0};
    bool started = false;
    bool running = false;  // begin() has run: a driver that comes is started at once

    void begin() {
        certificate_watch->start();
        for (const std::shared_ptr<MemberDriver>& driver : drivers) {
            if (driver) {
                run(*driver);
            }
        }
        running = true;
    }
    void run(MemberDriver& driver) { boost::asio::co_spawn(control, driver.run(), rethrow); }
    Status<> add(HsmOptions hsm);
    std::shared_ptr<MemberDriver> find(std::string_view hsm_id) const;
    boost::asio::awaitable<void> await_change(MonoTime deadline) {
        const auto waiter = std::make_shared<boost::asio::steady_timer>(control, deadline);
        waiters.push_back(waiter);
        co_await waiter->async_wait(kAwait);
        std::erase(waiters, waiter);
    }
    std::size_t serving() const { return board.current()->serving.size(); }

    Result<std::shared_ptr<ControlLink>> control_link(const std::string& hsm_id) const;
    boost::asio::awaitable<Result<std::vector<KeyObject>>> key_objects(std::string hsm_id);
};

Result<std::unique_ptr<Cluster>> Cluster::make(boost::asio::io_context& control, ClusterOptions options,
                                               const Clock& clock, Random& random) {
    if (options.cluster_id.empty() || options.check_token.empty()) {
        return Error(Errc::bad_config, "a cluster needs an id and a check token");
    }
    Result<ClusterTrust> trust = ClusterTrust::make(options.certificate_pem, options.trust_anchor_pem);
    if (!trust) {
        return trust.error();
    }
    if (options.seed == 0) {
        std::array<std::byte, sizeof options.seed> raw;
        random.fill(raw);
        std::memcpy(&options.seed, raw.data(), raw.size());
    }
    std::vector<HsmOptions> hsms = std::move(options.hsms);
    auto impl = std::make_unique<Impl>(control, std::move(options), *std::move(trust), clock, random);
    for (HsmOptions& hsm : hsms) {
        if (Status<> added = impl->add(std::move(hsm)); !added) {
            return std::move(added).error();
        }
    }
    return std::unique_ptr<Cluster>(new Cluster(std::move(impl)));
}

Cluster::Cluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cluster::~Cluster() = default;

Status<> Cluster::Impl::add(HsmOptions hsm) {
    if (Status<> good = check(options, hsm); !good) {
        return good;
    }
    std::optional<std::uint32_t> free;
    for (std::uint32_t i = 0; i < kMaxMembers; ++i) {
        if (!members[i]) {
            free = free.value_or(i);
        } else if (const HsmOptions& other = members[i]->options(); other.hsm_id == hsm.hsm_id ||
                                                                    other.serial == hsm.serial ||
                                                                    other.state_dir == hsm.state_dir) {
            return Error(Errc::bad_config,
                         "HSM " + hsm.hsm_id + ": its id, serial or state directory is used twice");
        }
    }
    if (!free) {
        return Error(Errc::bad_config, "a cluster has at most " + std::to_string(kMaxMembers) + " HSMs");
    }
    auto member = std::make_shared<Member>(*free, std::move(hsm));
    drivers[*free] = std::make_shared<MemberDriver>(context, member);
    {
        const std::lock_guard lock(mutex);
        members[*free] = std::move(member);
    }
    if (running) {
        run(*drivers[*free]);
    }
    return done;
}

std::shared_ptr<MemberDriver> Cluster::Impl::find(std::string_view hsm_id) const {
    for (const std::shared_ptr<MemberDriver>& driver : drivers) {
        if (driver && driver->member().options().hsm_id == hsm_id) {
            return driver;
        }
    }
    return nullptr;
}

Status<> Cluster::add(HsmOptions hsm) {
    return impl_->add(std::move(hsm));
}

boost::asio::awaitable<Status<>> Cluster::remove(std::string hsm_id) {
    const std::shared_ptr<MemberDriver> driver = impl_->find(hsm_id);
    if (!driver) {
        co_return Error(Errc::not_found, hsm_id + " is no member");
    }
    // Withdrawn first, and drained by its host: what io threads have sent is answered.
    impl_->board.withdraw(driver->member().index());
    const Status<> drained = co_await driver->drain();
    if (!drained && impl_->options.log) {
        impl_->options.log(Severity::warning, hsm_id,
                           "removed without draining: " + drained.error().describe());
    }
    driver->request_stop();
    while (impl_->running && !driver->finished()) {
        co_await impl_->await_change(MonoTime::max());
    }
    const std::lock_guard lock(impl_->mutex);
    impl_->drivers[driver->member().index()].reset();
    impl_->members[driver->member().index()].reset();
    co_return done;
}

boost::asio::awaitable<Status<>> Cluster::set_user_pin(std::string hsm_id, SecretBytes fresh) {
    namespace wire = link::control;
    const auto link = impl_->control_link(hsm_id);
    if (!link) {
        co_return link.error();
    }
    wire::SetUserPin request;
    request.fresh = std::move(fresh);
    co_return co_await (*link)->tell(wire::Operation::set_user_pin, request,
                                     impl_->clock.mono() + impl_->options.timing.admission);
}

boost::asio::awaitable<Result<UserPin>> Cluster::user_pin(std::string hsm_id) {
    namespace wire = link::control;
    const auto link = impl_->control_link(hsm_id);
    if (!link) {
        co_return link.error();
    }
    const wire::Empty nothing;
    const auto status = co_await (*link)->ask<wire::Status>(
        wire::Operation::status, nothing, impl_->clock.mono() + impl_->options.timing.admission);
    if (!status) {
        co_return status.error();
    }
    co_return UserPin{.locked = (status->flags & link::kFlagUserPinLocked) != 0, .kept = status->has_pin};
}

void Cluster::start() {
    if (!std::exchange(impl_->started, true)) {
        boost::asio::post(impl_->control, [impl = impl_.get()] { impl->begin(); });
    }
}

std::unique_ptr<Client> Cluster::client(boost::asio::io_context& thread) {
    ClientOptions options;
    options.index = impl_->clients.fetch_add(1);
    options.timing = impl_->options.timing;
    options.seed = impl_->options.seed + options.index;
    options.host_uid = ::getuid();
    options.key_objects = impl_->options.key_objects;
    return make_client(thread, impl_->board, impl_->clock, options);
}

std::vector<MemberView> Cluster::members() const {
    std::vector<MemberView> views;
    const std::shared_ptr<const Membership> membership = impl_->board.current();
    const std::lock_guard lock(impl_->mutex);
    for (const std::shared_ptr<Member>& member : impl_->members) {
        if (!member) {
            continue;
        }
        const Board::Sums sums = impl_->board.sums(member->index());
        MemberView view;
        view.hsm_id = member->options().hsm_id;
        view.zone = member->options().zone;
        view.serial = member->options().serial;
        view.state = member->state();
        view.operations = sums.operations;
        view.faults = sums.faults;
        view.restarts = member->restarts.load(std::memory_order_relaxed);
        view.key_loads = sums.key_loads;
        view.outstanding = sums.outstanding;
        view.last_error = member->last_error();
        view.failure = member->failure();
        for (const Serving& serving : membership->serving) {
            if (serving.member == member) {
                view.process = serving.process;
            }
        }
        views.push_back(std::move(view));
    }
    return views;
}

WallTime Cluster::certificate_expires() const noexcept {
    return impl_->rule.trust.expires();
}

std::size_t Cluster::serving() const noexcept {
    return impl_->serving();
}

boost::asio::awaitable<Status<>> Cluster::wait_serving(std::size_t count, MonoTime deadline) {
    for (;;) {
        if (impl_->serving() >= count) {
            co_return done;
        }
        std::size_t present = 0;
        std::size_t lost = 0;
        for (const std::shared_ptr<MemberDriver>& driver : impl_->drivers) {
            present += driver ? 1 : 0;
            lost += driver && driver->cannot_serve() ? 1 : 0;
        }
        if (present - lost < count || impl_->clock.mono() >= deadline) {
            co_return Error(Errc::no_hsm, std::to_string(impl_->serving()) + " of " + std::to_string(count) +
                                              " HSMs serve, " + std::to_string(lost) + " cannot");
        }
        co_await impl_->await_change(deadline);
    }
}

boost::asio::awaitable<void> Cluster::stop() {
    if (!impl_->started) {
        co_return;
    }
    impl_->certificate_watch->stop();
    for (const std::shared_ptr<MemberDriver>& driver : impl_->drivers) {
        if (driver) {
            driver->request_stop();
        }
    }
    const auto all_finished = [this] {
        return std::all_of(
            impl_->drivers.begin(), impl_->drivers.end(),
            [](const std::shared_ptr<MemberDriver>& driver) { return !driver || driver->finished(); });
    };
    while (!all_finished()) {
        co_await impl_->await_change(MonoTime::max());
    }
}

Result<std::shared_ptr<ControlLink>> Cluster::Impl::control_link(const std::string& hsm_id) const {
    const std::shared_ptr<MemberDriver> driver = find(hsm_id);
    if (!driver) {
        return Error(Errc::not_found, hsm_id + " is no member");
    }
    const Result<int> socket =
        connect_unix(driver->member().options().state_dir, "control.sock", driver->peer_rule());
    if (!socket) {
        return socket.error();
    }
    return std::make_shared<ControlLink>(control, *socket);
}

boost::asio::awaitable<Result<std::vector<KeyObject>>> Cluster::Impl::key_objects(std::string hsm_id) {
    namespace wire = link::control;
    const auto link = control_link(hsm_id);
    if (!link) {
        co_return link.error();
    }
    std::vector<KeyObject> found;
    wire::ListObjects request;
    for (;;) {
        const auto list = co_await (*link)->ask<wire::ObjectList>(wire::Operation::list_objects, request,
                                                                  clock.mono() + options.timing.admission);
        if (!list) {
            co_return list.error();
        }
        for (const wire::ObjectRow& object : list->objects) {
            if (object.label == kKeyLabel || !object.label.starts_with(kOwnLabels)) {
                found.push_back(KeyObject{hsm_id, object.label, to_hex(object.id)});
            }
        }
        if (!list->more || list->objects.empty()) {
            co_return found;
        }
        request.offset += list->objects.size();
    }
}

boost::asio::awaitable<Result<std::vector<KeyObject>>> Cluster::report_leftovers(
    std::vector<std::array<std::byte, 32>> known) {
    std::set<std::string> names;
    for (const std::array<std::byte, 32>& name : known) {
        names.insert(to_hex(name));
    }
    std::vector<KeyObject> all;
    // Held over the awaits: the board may replace its snapshot meanwhile.
    const std::shared_ptr<const Membership> membership = impl_->board.current();
    for (const Serving& serving : membership->serving) {
        Result<std::vector<KeyObject>> found = co_await impl_->key_objects(serving.member->options().hsm_id);
        if (!found) {
            co_return found.error();
        }
        for (KeyObject& object : *found) {
            if (!names.contains(object.id)) {
                all.push_back(std::move(object));
            }
        }
    }
    co_return all;
}

boost::asio::awaitable<Result<std::vector<KeyObject>>> Cluster::key_objects(std::string hsm_id) {
    return impl_->key_objects(std::move(hsm_id));
}

boost::asio::awaitable<Status<>> Cluster::place_key(std::string hsm_id,
                                                    std::shared_ptr<const KeyMaterial> key) {
    const std::shared_ptr<MemberDriver> driver = impl_->find(hsm_id);
    if (!driver) {
        co_return Error(Errc::not_found, hsm_id + " is no member");
    }
    co_return co_await driver->load(*key);
}

boost::asio::awaitable<Status<>> Cluster::destroy_object(KeyObject object) {
    const auto link = impl_->control_link(object.hsm_id);
    const auto id = from_hex(object.id);
    if (!link || !id) {
        co_return link ? Error(Errc::bad_config, "an object's id is hexadecimal") : link.error();
    }
    link::control::DestroyObject request{object.label, *id};
    co_return co_await (*link)->tell(link::control::Operation::destroy_object, request,
                                     impl_->clock.mono() + impl_->options.timing.admission);
}

}  // namespace claviger::cluster
