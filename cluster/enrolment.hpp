// One token on its way into a cluster: its serving host, its officer's jobs, and the questions that are put
// to both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/secret.hpp>
#include <claviger/cluster/options.hpp>

#include "cluster/control_link.hpp"
#include "cluster/host_process.hpp"
#include "hsm/link/control.hpp"

namespace claviger::cluster {

// Control thread only. Its processes are children and end with it.
class Enrolment {
public:
    Enrolment(boost::asio::io_context& io, std::filesystem::path program, HsmOptions hsm, const Clock& clock,
              Random& random, MonoTime deadline);

    const HsmOptions& hsm() const noexcept { return hsm_; }
    SecretBytes officer_pin() const { return officer_pin_.clone(); }
    const std::vector<std::string>& weaknesses() const noexcept { return weaknesses_; }  // found by probe()

    // A step that takes longer than any machine, because people are asked, moves the end.
    void extend(MonoTime deadline) noexcept { deadline_ = deadline; }
    // A token that was made before, or whose officer is asked.
    void adopt(SecretBytes officer_pin) { officer_pin_ = std::move(officer_pin); }
    // An empty token with random PINs; its serial is known from then on.
    boost::asio::awaitable<Status<>> make_token();
    // Instead: the one that its operator made. Nothing is on it then, and its user's PIN is ours.
    boost::asio::awaitable<Status<>> take_token();
    // And back: what is ours on it is destroyed, whoever knows its user's PIN.
    boost::asio::awaitable<Status<>> give_back_token();
    // Starts the serving host and logs in with a PIN that the token drew and the host keeps.
    boost::asio::awaitable<Status<>> open_host();
    // Instead: speaks to the host that runs already, and leaves it running.
    Status<> attach(pid_t host);
    // Attacks the module; fails for one that lets an attack pass, unless the HSM accepts that.
    boost::asio::awaitable<Status<>> probe();
    boost::asio::awaitable<void> close_host();
    // Officer's jobs, each done by a process that lives for it.
    boost::asio::awaitable<Status<>> trust(link::control::TrustedKind kind, std::vector<Bytes> public_keys);
    boost::asio::awaitable<Status<>> distrust(link::control::TrustedKind kind);
    boost::asio::awaitable<Status<>> wipe_token();
    // The officer sets a user PIN that only open_host() knows, which makes it `fresh`; empty: one that the
    // token draws. What was counted against the user is forgotten.
    boost::asio::awaitable<Status<>> reset_user_pin(SecretBytes fresh);
    // One login as the user in a process of its own.
    boost::asio::awaitable<Status<>> try_user_pin(SecretBytes pin, bool only_if_kept);

    template <class Answer, class Request>
    boost::asio::awaitable<Result<Answer>> ask(link::control::Operation operation, const Request& request) {
        auto answer = co_await host_link_->ask<Answer>(operation, request, deadline_);
        if (!answer) {
            co_return named(answer.error());
        }
        co_return answer;
    }
    template <class Request>
    boost::asio::awaitable<Status<>> tell(link::control::Operation operation, const Request& request) {
        const Status<> told = co_await host_link_->tell(operation, request, deadline_);
        if (!told) {
            co_return named(told.error());
        }
        co_return done;
    }

private:
    struct Officer {
        std::unique_ptr<HostProcess> process;
        std::shared_ptr<ControlLink> link;
    };
    template <class Request>
    boost::asio::awaitable<Status<>> tell_officer(link::control::Operation operation,
                                                  const Request& request) {
        Result<Officer> officer = start_officer();
        if (!officer) {
            co_return officer.error();
        }
        const Status<> told = co_await officer->link->tell(operation, request, deadline_);
        co_await end_officer(*std::move(officer));
        if (!told) {
            co_return named(told.error());
        }
        co_return done;
    }
    Status<> make_state_dir() const;
    Result<Officer> start_officer();
    boost::asio::awaitable<void> end_officer(Officer officer);
    std::vector<std::string> arguments() const;
    SecretBytes draw_pin();
    Error named(const Error& error) const {
        return Error(error.code, hsm_.hsm_id + ": " + error.detail, error.ckr);
    }

    boost::asio::io_context& io_;
    std::filesystem::path program_;
    HsmOptions hsm_;
    const Clock& clock_;
    Random& random_;
    MonoTime deadline_;
    SecretBytes officer_pin_;
    SecretBytes user_pin_;
    SecretBytes fresh_pin_;  // what user_pin_ becomes; empty: the token draws it
    std::vector<std::string> weaknesses_;
    std::unique_ptr<HostProcess> host_;
    std::shared_ptr<ControlLink> host_link_;
};

// Runs all of them at once and completes when the last has ended; answers the first error by position.
boost::asio::awaitable<Status<>> all_of(boost::asio::io_context& io,
                                        std::vector<boost::asio::awaitable<Status<>>> works);

}  // namespace claviger::cluster
