#include <claviger/cluster/cluster.hpp>

#include <unistd.h>

#include <algorithm>
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
#include <claviger/cluster/trust.hpp>

#include "cluster/client.hpp"
#include "cluster/member_driver.hpp"

namespace claviger::cluster {
namespace {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::chrono::seconds kCertificateWarning{90LL * 24 * 3600};

// What a host labels the token objects of KMS keys; everything else on a token belongs to the cluster itself.
constexpr std::string_view kKeyLabel = "claviger-key";

Status<> check(const ClusterOptions& options) {
    if (options.cluster_id.empty() || options.check_token.empty()) {
        return Error(Errc::bad_config, "a cluster needs an id and a check token");
    }
    if (options.hsms.empty() || options.hsms.size() > kMaxMembers) {
        return Error(Errc::bad_config, "a cluster has 1 to " + std::to_string(kMaxMembers) + " HSMs");
    }
    std::set<std::string> ids;
    std::set<std::string> serials;
    std::set<std::filesystem::path> directories;
    for (const HsmOptions& hsm : options.hsms) {
        if (hsm.hsm_id.empty() || hsm.zone.empty() || hsm.serial.empty() || hsm.state_dir.empty()) {
            return Error(Errc::bad_config,
                         "HSM \"" + hsm.hsm_id + "\": id, zone, serial and state directory are required");
        }
        if (!ids.insert(hsm.hsm_id).second || !serials.insert(hsm.serial).second ||
            !directories.insert(hsm.state_dir).second) {
            return Error(Errc::bad_config,
                         "HSM " + hsm.hsm_id + ": its id, serial or state directory is used twice");
        }
        if (hsm.launch == Launch::child && (options.host_program.empty() || hsm.module.empty())) {
            return Error(Errc::bad_config,
                         "HSM " + hsm.hsm_id + ": program of the host and PKCS#11 module are required");
        }
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
          rule{options.cluster_id, options.cwk_generation, options.check_token, std::move(trust),
               options.timing.admission},
          board([this](std::uint32_t member) {
              boost::asio::post(control, [driver = drivers[member]] { driver->suspect(); });
          }),
          context{control, options, rule, clock, random, board, [this] {
                      for (const std::shared_ptr<boost::asio::steady_timer>& waiter : waiters) {
                          waiter->cancel();
                      }
                  }} {
        for (const HsmOptions& hsm : options.hsms) {
            members.push_back(std::make_shared<Member>(static_cast<std::uint32_t>(members.size()), hsm));
            drivers.push_back(std::make_shared<MemberDriver>(context, members.back()));
        }
    }

    boost::asio::io_context& control;
    const ClusterOptions options;
    const Clock& clock;
    Random& random;
    const AdmissionRule rule;
    Board board;
    DriverContext context;
    // One per coroutine that waits for a change: cancelled at each.
    std::vector<std::shared_ptr<boost::asio::steady_timer>> waiters;
    std::vector<std::shared_ptr<Member>> members;
    std::vector<std::shared_ptr<MemberDriver>> drivers;
    std::atomic<std::size_t> clients{0};
    bool started = false;

    void begin() {
        if (rule.trust.expires() < clock.wall() + kCertificateWarning && options.log) {
            options.log(Severity::alarm, "", "the cluster certificate expires within 90 days or has expired");
        }
        for (const std::shared_ptr<MemberDriver>& driver : drivers) {
            boost::asio::co_spawn(control, driver->run(), [](std::exception_ptr failure) {
                if (failure) {
                    std::rethrow_exception(failure);
                }
            });
        }
    }
    boost::asio::awaitable<void> await_change(MonoTime deadline) {
        const auto waiter = std::make_shared<boost::asio::steady_timer>(control, deadline);
        waiters.push_back(waiter);
        co_await waiter->async_wait(kAwait);
        std::erase(waiters, waiter);
    }
    std::size_t serving() const { return board.current()->serving.size(); }

    boost::asio::awaitable<Result<std::vector<Leftover>>> leftovers(const MemberDriver& driver,
                                                                    const std::set<Bytes>& known);
};

Result<std::unique_ptr<Cluster>> Cluster::make(boost::asio::io_context& control, ClusterOptions options,
                                               const Clock& clock, Random& random) {
    if (const Status<> good = check(options); !good) {
        return good.error();
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
    return std::unique_ptr<Cluster>(
        new Cluster(std::make_unique<Impl>(control, std::move(options), *std::move(trust), clock, random)));
}

Cluster::Cluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cluster::~Cluster() = default;

void Cluster::start() {
    if (!std::exchange(impl_->started, true)) {
        boost::asio::post(impl_->control, [impl = impl_.get()] { impl->begin(); });
    }
}

std::unique_ptr<Client> Cluster::client(boost::asio::io_context& thread) {
    ClientOptions options;
    options.index = impl_->clients.fetch_add(1);
    options.members = impl_->members.size();
    options.timing = impl_->options.timing;
    options.seed = impl_->options.seed + options.index;
    options.host_uid = ::getuid();
    return make_client(thread, impl_->board, impl_->clock, options);
}

std::vector<MemberView> Cluster::members() const {
    std::vector<MemberView> views;
    const std::shared_ptr<const Membership> membership = impl_->board.current();
    for (const std::shared_ptr<Member>& member : impl_->members) {
        const Board::Sums sums = impl_->board.sums(member->index());
        MemberView view;
        view.hsm_id = member->options().hsm_id;
        view.zone = member->options().zone;
        view.serial = member->options().serial;
        view.state = member->state();
        view.operations = sums.operations;
        view.faults = sums.faults;
        view.restarts = member->restarts.load(std::memory_order_relaxed);
        view.keys_loaded = member->keys_loaded.load(std::memory_order_relaxed);
        view.outstanding = sums.outstanding;
        view.last_error = member->last_error();
        for (const Serving& serving : membership->serving) {
            if (serving.member == member) {
                view.process = serving.process;
            }
        }
        views.push_back(std::move(view));
    }
    return views;
}

std::size_t Cluster::serving() const noexcept {
    return impl_->serving();
}

boost::asio::awaitable<Status<>> Cluster::wait_serving(std::size_t count, MonoTime deadline) {
    for (;;) {
        if (impl_->serving() >= count) {
            co_return done;
        }
        const auto lost = static_cast<std::size_t>(std::count_if(
            impl_->drivers.begin(), impl_->drivers.end(),
            [](const std::shared_ptr<MemberDriver>& driver) { return driver->cannot_serve(); }));
        if (impl_->drivers.size() - lost < count || impl_->clock.mono() >= deadline) {
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
    for (const std::shared_ptr<MemberDriver>& driver : impl_->drivers) {
        driver->request_stop();
    }
    const auto all_finished = [this] {
        return std::all_of(impl_->drivers.begin(), impl_->drivers.end(),
                           [](const std::shared_ptr<MemberDriver>& driver) { return driver->finished(); });
    };
    while (!all_finished()) {
        co_await impl_->await_change(MonoTime::max());
    }
}

boost::asio::awaitable<Result<std::vector<Leftover>>> Cluster::Impl::leftovers(const MemberDriver& driver,
                                                                               const std::set<Bytes>& known) {
    namespace wire = link::control;
    const Result<int> socket =
        connect_unix(driver.member().options().state_dir, "control.sock", driver.peer_rule());
    if (!socket) {
        co_return socket.error();
    }
    const auto link = std::make_shared<ControlLink>(control, clock, *socket);
    std::vector<Leftover> found;
    wire::ListObjects request;
    for (;;) {
        const auto list = co_await link->ask<wire::ObjectList>(wire::Operation::list_objects, request,
                                                               clock.mono() + options.timing.admission);
        if (!list) {
            co_return list.error();
        }
        for (const wire::ObjectRow& object : list->objects) {
            if (object.label == kKeyLabel && !known.contains(object.id)) {
                found.push_back(Leftover{driver.member().options().hsm_id, object.label, to_hex(object.id)});
            }
        }
        if (!list->more || list->objects.empty()) {
            co_return found;
        }
        request.offset += list->objects.size();
    }
}

boost::asio::awaitable<Result<std::vector<Leftover>>> Cluster::report_leftovers(
    std::vector<std::array<std::byte, 32>> known) {
    std::set<Bytes> names;
    for (const std::array<std::byte, 32>& name : known) {
        names.insert(to_bytes(name));
    }
    std::vector<Leftover> all;
    // Held over the awaits: the board may replace its snapshot meanwhile.
    const std::shared_ptr<const Membership> membership = impl_->board.current();
    for (const Serving& serving : membership->serving) {
        const MemberDriver& driver = *impl_->drivers[serving.member->index()];
        Result<std::vector<Leftover>> found = co_await impl_->leftovers(driver, names);
        if (!found) {
            co_return found.error();
        }
        all.insert(all.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
    }
    co_return all;
}

}  // namespace claviger::cluster
