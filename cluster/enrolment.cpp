#include "cluster/enrolment.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>
#include <claviger/base/rethrow.hpp>

#include "cluster/connection.hpp"

namespace claviger::cluster {
namespace {

namespace control = link::control;

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::milliseconds kGrace{5000};

boost::asio::awaitable<void> collect(boost::asio::awaitable<Status<>> work, std::optional<Status<>>& result,
                                     std::size_t& left, std::shared_ptr<boost::asio::steady_timer> finished) {
    result.emplace(co_await std::move(work));
    if (--left == 0) {
        finished->cancel();
    }
}

// Why a token cannot be taken that its operator has chosen: it, or what he wrote about it, is not as it must
// be.
bool is_to_be_mended(Errc code) noexcept {
    return code == Errc::not_found || code == Errc::conflict || code == Errc::pin_refused;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += all.empty() ? text : "; " + text;
    }
    return all;
}

}  // namespace

boost::asio::awaitable<Status<>> all_of(boost::asio::io_context& io,
                                        std::vector<boost::asio::awaitable<Status<>>> works) {
    std::vector<std::optional<Status<>>> results(works.size());
    std::size_t left = works.size();
    const auto finished = std::make_shared<boost::asio::steady_timer>(io, std::chrono::hours(24 * 365));
    for (std::size_t i = 0; i < works.size(); ++i) {
        boost::asio::co_spawn(io, collect(std::move(works[i]), results[i], left, finished), rethrow);
    }
    while (left > 0) {  // NOLINT(bugprone-infinite-loop): collect() counts it down while this is suspended
        co_await finished->async_wait(kAwait);
    }
    for (std::optional<Status<>>& result : results) {
        if (!*result) {
            co_return result->error();
        }
    }
    co_return done;
}

Enrolment::Enrolment(boost::asio::io_context& io, std::filesystem::path program, HsmOptions hsm,
                     const Clock& clock, Random& random, MonoTime deadline)
    : io_(io),
      program_(std::move(program)),
      hsm_(std::move(hsm)),
      clock_(clock),
      random_(random),
      deadline_(deadline) {}

// 128 bits in hexadecimal: digits and letters only, whatever a token takes for a PIN.
SecretBytes Enrolment::draw_pin() {
    std::array<std::byte, 16> raw;
    random_.fill(raw);
    std::string text = to_hex(raw);
    SecretBytes pin{std::string_view(text)};
    wipe(std::span(raw));
    wipe(text);
    return pin;
}

std::vector<std::string> Enrolment::arguments() const {
    std::vector<std::string> all{
        "--state", hsm_.state_dir.string(), "--module", hsm_.module.string(), "--name", hsm_.hsm_id};
    if (!hsm_.serial.empty()) {
        all.insert(all.end(), {"--serial", hsm_.serial});
    }
    all.insert(all.end(), hsm_.host_arguments.begin(), hsm_.host_arguments.end());
    return all;
}

Result<Enrolment::Officer> Enrolment::start_officer() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return Error(Errc::hsm_gone, hsm_.hsm_id + ": socketpair failed");
    }
    std::vector<std::string> with = arguments();
    with.insert(with.begin(), "--officer");
    if (hsm_.existing) {
        with.emplace_back("--operator-token");
    }
    if (!hsm_.officer_pin_file.empty()) {
        with.insert(with.end(), {"--officer-pin-file", hsm_.officer_pin_file.string()});
    }
    Result<std::unique_ptr<HostProcess>> process = HostProcess::start(io_, program_, with, ends[1]);
    ::close(ends[1]);
    if (!process) {
        ::close(ends[0]);
        return process.error();
    }
    Officer officer;
    officer.process = *std::move(process);
    if (hsm_.existing) {
        officer.process->let_finish();
    }
    officer.link = std::make_shared<ControlLink>(io_, ends[0]);
    return officer;
}

// The end of its socket ends it.
boost::asio::awaitable<void> Enrolment::end_officer(Officer officer) {
    officer.link->close();
    co_await officer.process->end(kGrace);
}

Status<> Enrolment::make_state_dir() const {
    const Status<> made = make_directory(hsm_.state_dir.parent_path());
    return made ? make_directory(hsm_.state_dir) : made;
}

boost::asio::awaitable<Status<>> Enrolment::make_token() {
    if (const Status<> made_room = make_state_dir(); !made_room) {
        co_return made_room;
    }
    Result<Officer> officer = start_officer();
    if (!officer) {
        co_return officer.error();
    }
    officer_pin_ = draw_pin();
    user_pin_ = draw_pin();
    control::InitToken request;
    request.label = hsm_.hsm_id.substr(0, 32);  // CK_TOKEN_INFO.label, PKCS#11 v2.40 section 3.2
    request.so_pin = officer_pin_.clone();
    request.user_pin = user_pin_.clone();
    const auto made =
        co_await officer->link->ask<control::TokenMade>(control::Operation::init_token, request, deadline_);
    co_await end_officer(*std::move(officer));
    if (!made) {
        co_return named(made.error());
    }
    hsm_.serial = made->serial;
    co_return done;
}

boost::asio::awaitable<Status<>> Enrolment::take_token() {
    if (const Status<> made_room = make_state_dir(); !made_room) {
        co_return made_room;
    }
    user_pin_ = draw_pin();
    control::TakeToken request{officer_pin_.clone(), user_pin_.clone()};
    const Status<> taken = co_await tell_officer(control::Operation::take_token, request);
    const bool mistyped = !taken && taken.error().code == Errc::pin_refused && hsm_.officer_is_asked();
    if (!taken && is_to_be_mended(taken.error().code) && !mistyped) {
        co_return Error(Errc::bad_config, taken.error().detail, taken.error().ckr);
    }
    co_return taken;
}

boost::asio::awaitable<Status<>> Enrolment::give_back_token() {
    if (const Status<> made_room = make_state_dir(); !made_room) {
        co_return made_room;
    }
    control::GiveBackToken request{officer_pin_.clone(), draw_pin(), hsm_.wipe == Wipe::init_token};
    co_return co_await tell_officer(control::Operation::give_back_token, request);
}

boost::asio::awaitable<Status<>> Enrolment::open_host() {
    Result<std::unique_ptr<HostProcess>> process =
        HostProcess::start(io_, program_, arguments(), std::nullopt);
    if (!process) {
        co_return process.error();
    }
    host_ = *std::move(process);
    const link::PeerRule rule{::getuid(), host_->pid()};
    boost::asio::steady_timer pause(io_);
    for (;;) {
        const Result<int> socket = connect_unix(hsm_.state_dir, "control.sock", rule);
        if (socket) {
            host_link_ = std::make_shared<ControlLink>(io_, *socket);
            break;
        }
        if (host_->ended() || clock_.mono() >= deadline_) {
            co_return named(Error(Errc::hsm_gone, "its host did not start: " + host_->how()));
        }
        pause.expires_after(kPoll);
        co_await pause.async_wait(kAwait);
    }
    if (!user_pin_.empty()) {
        control::SetUserPin pins;
        pins.current = std::move(user_pin_);
        pins.fresh = std::move(fresh_pin_);
        const Status<> kept = co_await tell(control::Operation::set_user_pin, pins);
        if (!kept) {
            co_return kept;
        }
    }
    const control::Empty nothing;
    co_return co_await tell(control::Operation::login, nothing);
}

boost::asio::awaitable<Status<>> Enrolment::probe() {
    const control::Probe request;
    auto probed = co_await ask<control::Probed>(control::Operation::probe, request);
    if (!probed) {
        co_return probed.error();
    }
    weaknesses_ = std::move(probed->weaknesses);
    switch (probed->profile) {
        case control::Verdict::strong: co_return done;
        case control::Verdict::weak:
            if (hsm_.accept_weak_module) {
                co_return done;
            }
            co_return named(Error(Errc::bad_config,
                                  "its module is weak: " + joined(weaknesses_) +
                                      ". Use another module, or say accept-weak-module = true for this HSM"));
        case control::Verdict::unusable:
        case control::Verdict::unknown: break;
    }
    co_return named(
        Error(Errc::unsupported, "its module " + hsm_.module.string() +
                                     " cannot do what a member must; claviger hsm doctor says what"));
}

boost::asio::awaitable<void> Enrolment::close_host() {
    if (host_link_) {
        host_link_->close();
    }
    if (host_) {
        co_await host_->end(kGrace);
        host_.reset();
    }
}

boost::asio::awaitable<Status<>> Enrolment::trust(control::TrustedKind kind, std::vector<Bytes> public_keys) {
    Result<Officer> officer = start_officer();
    if (!officer) {
        co_return officer.error();
    }
    Status<> outcome = done;
    for (Bytes& key : public_keys) {
        control::InstallTrusted request;
        request.so_pin = officer_pin_.clone();
        request.kind = kind;
        request.public_key = std::move(key);
        const Status<> installed =
            co_await officer->link->tell(control::Operation::install_trusted, request, deadline_);
        if (!installed) {
            outcome = named(installed.error());
            break;
        }
    }
    co_await end_officer(*std::move(officer));
    co_return outcome;
}

boost::asio::awaitable<Status<>> Enrolment::distrust(control::TrustedKind kind) {
    control::RemoveTrusted request;
    request.so_pin = officer_pin_.clone();
    request.kind = kind;
    co_return co_await tell_officer(control::Operation::remove_trusted, request);
}

boost::asio::awaitable<Status<>> Enrolment::wipe_token() {
    control::WipeToken request;
    request.so_pin = officer_pin_.clone();
    request.label = hsm_.hsm_id.substr(0, 32);
    co_return co_await tell_officer(control::Operation::wipe_token, request);
}

boost::asio::awaitable<Status<>> Enrolment::reset_user_pin(SecretBytes fresh) {
    user_pin_ = draw_pin();
    fresh_pin_ = std::move(fresh);
    control::InitUserPin request;
    request.so_pin = officer_pin_.clone();
    request.user_pin = user_pin_.clone();
    co_return co_await tell_officer(control::Operation::init_user_pin, request);
}

boost::asio::awaitable<Status<>> Enrolment::try_user_pin(SecretBytes pin, bool only_if_kept) {
    control::TryUserPin request;
    request.user_pin = std::move(pin);
    request.only_if_kept = only_if_kept;
    co_return co_await tell_officer(control::Operation::try_user_pin, request);
}

Status<> Enrolment::attach(pid_t host) {
    const link::PeerRule rule{::getuid(), host};
    const Result<int> socket = connect_unix(hsm_.state_dir, "control.sock", rule);
    if (!socket) {
        return named(socket.error());
    }
    host_link_ = std::make_shared<ControlLink>(io_, *socket);
    return done;
}

}  // namespace claviger::cluster
