#include <claviger/cluster/founding.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <claviger/cluster/trust.hpp>

#include "cluster/steps.hpp"

namespace claviger::cluster {
namespace {

namespace control = link::control;
using boost::asio::awaitable;
using control::Operation;

// The steps of design "Creating a cluster" in their order; members are what one step hands to the next.
class Founding {
public:
    Founding(boost::asio::io_context& io, FoundingOptions options, const Clock& clock, Random& random)
        : io_(io), options_(std::move(options)), clock_(clock), began_(clock.mono()) {
        if (options_.recovery.vault) {
            vault_.emplace(io, options_.host_program, *options_.recovery.vault, clock, random,
                           began_ + options_.limit);
        }
        for (const HsmOptions& hsm : options_.hsms) {
            hsms_.push_back(std::make_unique<Enrolment>(io, options_.host_program, hsm, clock, random,
                                                        began_ + options_.limit));
        }
        transports_.resize(hsms_.size());
        founded_.facts.cluster_id = options_.cluster_id;
        founded_.facts.membership = options_.membership;
        founded_.facts.recovery_public = options_.recovery.public_key;
    }

    awaitable<Result<Founded>> run() {
        Status<> made = co_await steps();
        std::vector<awaitable<Status<>>> closing;
        if (vault_) {
            closing.push_back(close(*vault_));
        }
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            closing.push_back(close(*hsm));
        }
        const Status<> closed = co_await all_of(io_, std::move(closing));
        if (!made) {
            co_return made.error();
        }
        if (!closed) {
            co_return closed.error();
        }
        if (vault_) {
            founded_.vault = describe(*vault_);
        }
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            founded_.hsms.push_back(describe(*hsm));
        }
        co_return std::move(founded_);
    }

private:
    awaitable<Status<>> steps() {
        Status<> status = co_await make_tokens();
        report("tokens", status);
        if (status) {
            status = co_await probe_modules();
            report("modules attacked", status);
        }
        if (status) {
            status = co_await make_keys();
            report("recovery, wrapping, identity and transport keys", status);
        }
        if (status) {
            status = co_await share_wrapping_key();
            report("wrapping key shared", status);
        }
        if (status) {
            status = co_await certify();
            report("certificate", status);
        }
        if (status) {
            status = co_await install_membership();
            report("members", status);
        }
        co_return status;
    }

    // Every token gets its officer, its user and its host.
    awaitable<Status<>> make_tokens() {
        std::vector<awaitable<Status<>>> works;
        if (vault_) {
            works.push_back(open(*vault_));
        }
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            works.push_back(open(*hsm));
        }
        co_return co_await all_of(io_, std::move(works));
    }
    static awaitable<Status<>> open(Enrolment& token) {
        const Status<> made = co_await token.make_token();
        if (!made) {
            co_return made;
        }
        co_return co_await token.open_host();
    }
    static awaitable<Status<>> close(Enrolment& token) {
        co_await token.close_host();
        co_return done;
    }

    // Before anything is on them that an attack could take.
    awaitable<Status<>> probe_modules() {
        std::vector<awaitable<Status<>>> works;
        works.reserve(hsms_.size());
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            works.push_back(hsm->probe());
        }
        const Status<> probed = co_await all_of(io_, std::move(works));
        const auto weak = [](const std::unique_ptr<Enrolment>& hsm) { return !hsm->weaknesses().empty(); };
        if (probed && std::ranges::any_of(hsms_, weak) && !std::ranges::all_of(hsms_, weak)) {
            co_return Error(Errc::bad_config,
                            (*std::ranges::find_if(hsms_, weak))->hsm().hsm_id +
                                " has a weak module and others have not: strong and weak HSMs are never in "
                                "one cluster, because the weakest gives away the keys of all");
        }
        co_return probed;
    }

    // RSA key pairs take long: the joining tokens make theirs while the first one gets its keys.
    awaitable<Status<>> make_keys() {
        std::vector<awaitable<Status<>>> works;
        works.push_back(make_first_member());
        for (std::size_t i = 1; i < hsms_.size(); ++i) {
            works.push_back(make_transport(i));
        }
        co_return co_await all_of(io_, std::move(works));
    }
    awaitable<Status<>> make_first_member() {
        Status<> status = done;
        if (vault_) {
            status = co_await steps::make_recovery(*vault_, founded_.facts);
        }
        if (status) {
            status = co_await install_recovery();
        }
        if (status) {
            status = co_await steps::make_keys(*hsms_[0], founded_.facts);
        }
        co_return status;
    }
    awaitable<Status<>> make_transport(std::size_t i) {
        Result<Bytes> made = co_await steps::make_transport(*hsms_[i], options_.membership);
        if (!made) {
            co_return made.error();
        }
        transports_[i] = *std::move(made);
        co_return done;
    }

    // No recovery key, no wrapping key: it is on every token before there is one.
    awaitable<Status<>> install_recovery() {
        std::vector<awaitable<Status<>>> works;
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            std::vector<Bytes> keys{founded_.facts.recovery_public};
            works.push_back(hsm->trust(control::TrustedKind::recovery, std::move(keys)));
        }
        co_return co_await all_of(io_, std::move(works));
    }

    awaitable<Status<>> share_wrapping_key() {
        if (hsms_.size() == 1) {
            co_return done;
        }
        std::vector<Bytes> keys(transports_.begin() + 1, transports_.end());
        Result<std::vector<Bytes>> wrapped =
            co_await steps::hand_over(*hsms_[0], steps::Source::member, founded_.facts, std::move(keys));
        if (!wrapped) {
            co_return wrapped.error();
        }
        std::vector<awaitable<Status<>>> works;
        for (std::size_t i = 1; i < hsms_.size(); ++i) {
            works.push_back(steps::accept(*hsms_[i], founded_.facts, std::move((*wrapped)[i - 1])));
        }
        co_return co_await all_of(io_, std::move(works));
    }

    awaitable<Status<>> certify() {
        const control::MakeCsr request{options_.cluster_id, options_.organizational_unit,
                                       options_.organization};
        const auto csr = co_await hsms_[0]->ask<control::Der>(Operation::make_csr, request);
        if (!csr) {
            co_return csr.error();
        }
        Result<std::string> signed_pem = options_.sign_request(csr->der);
        if (!signed_pem) {
            co_return signed_pem.error();
        }
        const Result<ClusterTrust> trust = ClusterTrust::make(*signed_pem, options_.trust_anchor_pem);
        if (!trust) {
            co_return trust.error();
        }
        founded_.certificate_pem = *std::move(signed_pem);
        certificate_ = trust->certificate_der();
        co_return done;
    }

    awaitable<Status<>> install_membership() {
        std::vector<awaitable<Status<>>> works;
        works.reserve(hsms_.size());
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            works.push_back(steps::install_member(*hsm, founded_.facts, certificate_));
        }
        co_return co_await all_of(io_, std::move(works));
    }
    void report(std::string_view step, const Status<>& status) {
        const MonoTime now = clock_.mono();
        if (status && options_.progress) {
            options_.progress(step, std::chrono::duration_cast<std::chrono::milliseconds>(now - step_began_));
        }
        step_began_ = now;
    }
    static FoundedHsm describe(const Enrolment& token) {
        return {token.hsm().hsm_id, token.hsm().zone, token.hsm().serial, token.officer_pin(),
                token.weaknesses()};
    }

    boost::asio::io_context& io_;
    FoundingOptions options_;
    const Clock& clock_;
    const MonoTime began_;
    MonoTime step_began_ = began_;
    std::optional<Enrolment> vault_;  // none: the recovery key is held elsewhere
    std::vector<std::unique_ptr<Enrolment>> hsms_;
    std::vector<Bytes> transports_;  // public halves, by position
    Bytes certificate_;              // DER
    Founded founded_;
};

}  // namespace

awaitable<Result<Founded>> found_cluster(boost::asio::io_context& control, FoundingOptions options,
                                         const Clock& clock, Random& random) {
    if (options.hsms.empty() || options.hsms.size() > kMaxMembers || options.cluster_id.empty() ||
        (!options.recovery.vault && options.recovery.public_key.empty()) || !options.sign_request) {
        co_return Error(Errc::bad_config,
                        "founding needs a cluster id, 1 to 32 HSMs, a recovery key and a way to sign the "
                        "certificate");
    }
    const auto founding = std::make_unique<Founding>(control, std::move(options), clock, random);
    co_return co_await founding->run();
}

}  // namespace claviger::cluster
