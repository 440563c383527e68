#include <claviger/cluster/founding.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "cluster/enrolment.hpp"

#include <claviger/cluster/trust.hpp>

namespace claviger::cluster {
namespace {

namespace control = link::control;
using boost::asio::awaitable;
using control::Operation;

const control::Empty kNothing;

// The steps of design "Creating a cluster" in their order; members are what one step hands to the next.
class Founding {
public:
    Founding(boost::asio::io_context& io, FoundingOptions options, const Clock& clock, Random& random)
        : io_(io),
          options_(std::move(options)),
          clock_(clock),
          began_(clock.mono()),
          vault_(io, options_.host_program, options_.vault, clock, random, began_ + options_.limit) {
        for (const HsmOptions& hsm : options_.hsms) {
            hsms_.push_back(std::make_unique<Enrolment>(io, options_.host_program, hsm, clock, random,
                                                        began_ + options_.limit));
        }
        transports_.resize(hsms_.size());
    }

    awaitable<Result<Founded>> run() {
        Status<> made = co_await steps();
        std::vector<awaitable<Status<>>> closing;
        closing.push_back(close(vault_));
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
        founded_.vault = describe(vault_);
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
        works.push_back(open(vault_));
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
        Status<> status = co_await make_recovery();
        if (status) {
            status = co_await install_recovery();
        }
        if (status) {
            status = co_await make_wrapping_key();
        }
        if (status) {
            status = co_await make_identity();
        }
        co_return status;
    }
    awaitable<Status<>> make_recovery() {
        const auto made = co_await vault_.ask<control::PublicKey>(Operation::make_recovery, kNothing);
        if (!made) {
            co_return made.error();
        }
        founded_.recovery_public = made->der;
        co_return done;
    }
    awaitable<Status<>> make_transport(std::size_t i) {
        const control::MakeTransport request;
        const auto made = co_await hsms_[i]->ask<control::PublicKey>(Operation::make_transport, request);
        if (!made) {
            co_return made.error();
        }
        transports_[i] = made->der;
        co_return done;
    }

    // No recovery key, no wrapping key: it is on every token before there is one.
    awaitable<Status<>> install_recovery() {
        std::vector<awaitable<Status<>>> works;
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            std::vector<Bytes> keys{founded_.recovery_public};
            works.push_back(hsm->trust(control::TrustedKind::recovery, std::move(keys)));
        }
        co_return co_await all_of(io_, std::move(works));
    }

    awaitable<Status<>> make_wrapping_key() {
        const control::CreateCwk request{options_.cluster_id, founded_.cwk_generation,
                                         founded_.recovery_public};
        const auto made = co_await hsms_[0]->ask<control::CwkCreated>(Operation::create_cwk, request);
        if (!made) {
            co_return made.error();
        }
        founded_.recovery_bundle = made->recovery_bundle;
        founded_.check_token = made->check_token;
        co_return done;
    }

    awaitable<Status<>> share_wrapping_key() {
        if (hsms_.size() == 1) {
            co_return done;
        }
        std::vector<Bytes> keys(transports_.begin() + 1, transports_.end());
        const Status<> trusted = co_await hsms_[0]->trust(control::TrustedKind::transport, std::move(keys));
        if (!trusted) {
            co_return trusted;
        }
        std::vector<awaitable<Status<>>> works;
        Status<> shared = done;
        for (std::size_t i = 1; shared && i < hsms_.size(); ++i) {
            const control::WrapCwk request{transports_[i]};
            auto answer = co_await hsms_[0]->ask<control::Wrapped>(Operation::wrap_cwk, request);
            if (answer) {
                works.push_back(accept(*hsms_[i], std::move(answer->wrapped)));
            } else {
                shared = answer.error();
            }
        }
        // The public halves go whatever came of it.
        works.push_back(hsms_[0]->distrust(control::TrustedKind::transport));
        const Status<> joined = co_await all_of(io_, std::move(works));
        co_return shared ? joined : shared;
    }
    awaitable<Status<>> make_identity() {
        const auto made =
            co_await hsms_[0]->ask<control::IdentityCreated>(Operation::create_identity, kNothing);
        if (!made) {
            co_return made.error();
        }
        founded_.identity_token = made->identity_token;
        const control::InstallIdentity install{founded_.identity_token};
        co_return co_await hsms_[0]->tell(Operation::install_identity, install);
    }
    awaitable<Status<>> accept(Enrolment& token, Bytes wrapped) {
        control::AcceptCwk request;
        request.wrapped = std::move(wrapped);
        request.cluster_id = options_.cluster_id;
        request.generation = founded_.cwk_generation;
        const Status<> accepted = co_await token.tell(Operation::accept_cwk, request);
        // The pair goes whatever came of it: with it, the wrapping key could be opened without its template.
        const Status<> dropped = co_await token.tell(Operation::drop_transport, kNothing);
        co_return accepted ? dropped : accepted;
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
        for (const std::unique_ptr<Enrolment>& hsm : hsms_) {
            works.push_back(install_on(*hsm));
        }
        co_return co_await all_of(io_, std::move(works));
    }
    awaitable<Status<>> install_on(Enrolment& token) {
        const control::CheckCluster check{founded_.check_token, options_.cluster_id, founded_.cwk_generation};
        const Status<> checked = co_await token.tell(Operation::check_cluster, check);
        if (!checked) {
            co_return checked;
        }
        if (&token != hsms_[0].get()) {
            const control::InstallIdentity identity{founded_.identity_token};
            const Status<> installed = co_await token.tell(Operation::install_identity, identity);
            if (!installed) {
                co_return installed;
            }
        }
        const control::Der certificate{certificate_};
        co_return co_await token.tell(Operation::install_certificate, certificate);
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
    Enrolment vault_;
    std::vector<std::unique_ptr<Enrolment>> hsms_;
    std::vector<Bytes> transports_;  // public halves, by position
    Bytes certificate_;              // DER
    Founded founded_;
};

}  // namespace

awaitable<Result<Founded>> found_cluster(boost::asio::io_context& control, FoundingOptions options,
                                         const Clock& clock, Random& random) {
    if (options.hsms.empty() || options.hsms.size() > kMaxMembers || options.vault.state_dir.empty() ||
        !options.sign_request || options.cluster_id.empty()) {
        co_return Error(
            Errc::bad_config,
            "founding needs a cluster id, 1 to 32 HSMs, a vault and a way to sign the certificate");
    }
    const auto founding = std::make_unique<Founding>(control, std::move(options), clock, random);
    co_return co_await founding->run();
}

}  // namespace claviger::cluster
