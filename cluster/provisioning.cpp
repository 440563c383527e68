#include <claviger/cluster/provisioning.hpp>

#include <memory>
#include <utility>

#include <claviger/base/files.hpp>
#include <claviger/base/token_serial.hpp>
#include <claviger/cluster/trust.hpp>

#include "cluster/steps.hpp"
#include "hsm/link/return_values.hpp"

namespace claviger::cluster {
namespace {

namespace control = link::control;
using boost::asio::awaitable;
using control::Operation;

const control::Empty kNothing;
static_assert(kLongestPin == control::kMaxPin);

Enrolment token_at(const Site& site, HsmOptions hsm) {
    return Enrolment(site.io, site.host_program, std::move(hsm), site.clock, site.random,
                     site.clock.mono() + site.limit);
}

FoundedHsm describe(const Enrolment& token) {
    // The officer's PIN of a token that its operator made stays his.
    return {token.hsm().hsm_id, token.hsm().zone, token.hsm().serial,
            token.hsm().existing ? SecretBytes() : token.officer_pin(), token.weaknesses()};
}

// `token` is of no cluster before this and ends with a host that runs.
awaitable<Status<>> make_and_open(Enrolment& token) {
    Status<> made = done;
    if (token.hsm().existing) {
        made = co_await token.take_token();
    } else {
        made = co_await token.make_token();
    }
    if (!made) {
        co_return made;
    }
    co_return co_await token.open_host();
}

awaitable<Status<>> make_recovery(Enrolment& vault, ClusterFacts& facts) {
    const Status<> made = co_await make_and_open(vault);
    if (!made) {
        co_return made;
    }
    co_return co_await steps::make_recovery(vault, facts);
}

// `vault`: nullptr if the recovery key is held elsewhere.
awaitable<Status<>> first_steps(Enrolment* vault, Enrolment& hsm, const FirstHsmOptions& options,
                                FirstHsm& made) {
    Status<> status = done;
    if (vault != nullptr) {
        status = co_await make_recovery(*vault, made.facts);
    }
    if (status) {
        status = co_await make_and_open(hsm);
    }
    if (status) {
        status = co_await hsm.probe();  // before anything is on it that an attack could take
    }
    if (status) {
        std::vector<Bytes> keys{made.facts.recovery_public};
        status = co_await hsm.trust(control::TrustedKind::recovery, std::move(keys));
    }
    if (status) {
        status = co_await steps::make_keys(hsm, made.facts);
    }
    if (status && made.facts.membership == MembershipRule::sealed) {
        status = co_await hsm.tell(Operation::seal_membership, kNothing);
    }
    if (!status) {
        co_return status;
    }
    const control::MakeCsr request{options.cluster_id, options.organizational_unit, options.organization};
    auto csr = co_await hsm.ask<control::Der>(Operation::make_csr, request);
    if (!csr) {
        co_return csr.error();
    }
    made.request = std::move(csr->der);
    co_return done;
}

// A member's host works with the wrapping key, whether it ran or was started for this.
awaitable<Status<>> open_source(Enrolment& source, const KeySource& from, const ClusterFacts& facts) {
    if (from.host) {
        co_return source.attach(*from.host);
    }
    Status<> status = co_await source.open_host();
    if (status && from.kind == KeySource::Kind::member) {
        const control::CheckCluster check{facts.check_token, facts.cluster_id, facts.cwk_generation};
        status = co_await source.tell(Operation::check_cluster, check);
    }
    co_return status;
}

awaitable<Result<Bytes>> prepare_steps(Enrolment& joining, const ClusterFacts& facts) {
    Status<> status = co_await make_and_open(joining);
    if (status) {
        status = co_await joining.probe();
    }
    if (status) {
        std::vector<Bytes> keys{facts.recovery_public};
        status = co_await joining.trust(control::TrustedKind::recovery, std::move(keys));
    }
    if (!status) {
        co_return status.error();
    }
    co_return co_await steps::make_transport(joining, facts.membership);
}

// Where nobody asks the officer: a user destroys every object of ours that a token lets him destroy, and an
// error says that one is left.
awaitable<Status<>> wipe_as_user(Enrolment& token) {
    Status<> status = co_await token.open_host();
    if (status) {
        status = co_await token.tell(Operation::wipe, kNothing);
    }
    co_await token.close_host();
    co_return status;
}

}  // namespace

awaitable<Result<FirstHsm>> make_first_hsm(Site site, FirstHsmOptions options) {
    std::optional<Enrolment> vault;
    if (options.recovery.vault) {
        vault.emplace(token_at(site, *options.recovery.vault));
    }
    Enrolment hsm = token_at(site, options.hsm);
    hsm.adopt(std::move(options.officer_pin));
    FirstHsm made;
    made.facts.cluster_id = options.cluster_id;
    made.facts.membership = options.membership;
    made.facts.recovery_public = options.recovery.public_key;
    const Status<> status = co_await first_steps(vault ? &*vault : nullptr, hsm, options, made);
    co_await hsm.close_host();
    if (vault) {
        co_await vault->close_host();
    }
    if (!status) {
        co_return status.error();
    }
    made.hsm = describe(hsm);
    if (vault) {
        made.vault = describe(*vault);
    }
    co_return made;
}

awaitable<Result<Bytes>> hand_over(Site site, ClusterFacts facts, KeySource source, Bytes transport_public) {
    Enrolment from = token_at(site, source.token);
    from.adopt(source.officer_pin.clone());
    Result<Bytes> wrapped = Bytes();
    const Status<> opened = co_await open_source(from, source, facts);
    if (opened) {
        const auto kind =
            source.kind == KeySource::Kind::member ? steps::Source::member : steps::Source::vault;
        std::vector<Bytes> transports{std::move(transport_public)};
        auto all = co_await steps::hand_over(from, kind, facts, std::move(transports));
        wrapped = all ? Result<Bytes>(std::move(all->front())) : Result<Bytes>(all.error());
    }
    co_await from.close_host();
    if (!opened) {
        co_return opened.error();
    }
    co_return wrapped;
}

struct JoiningHsm::Impl {
    Site site;
    ClusterFacts facts;
    Enrolment token;
    Bytes transport;
};

JoiningHsm::JoiningHsm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JoiningHsm::~JoiningHsm() = default;

awaitable<Result<std::unique_ptr<JoiningHsm>>> JoiningHsm::prepare(Site site, ClusterFacts facts,
                                                                   HsmOptions hsm, SecretBytes officer_pin) {
    Enrolment token = token_at(site, std::move(hsm));
    token.adopt(std::move(officer_pin));
    std::unique_ptr<Impl> impl(new Impl{std::move(site), std::move(facts), std::move(token), {}});
    Result<Bytes> transport = co_await prepare_steps(impl->token, impl->facts);
    if (!transport) {
        co_await impl->token.close_host();
        co_return transport.error();
    }
    impl->transport = *std::move(transport);
    co_return std::unique_ptr<JoiningHsm>(new JoiningHsm(std::move(impl)));
}

const Bytes& JoiningHsm::transport_public() const noexcept {
    return impl_->transport;
}

awaitable<Result<FoundedHsm>> JoiningHsm::accept(std::string certificate_pem, Bytes wrapped) {
    impl_->token.extend(impl_->site.clock.mono() + impl_->site.limit);
    Result<Bytes> certificate = certificate_der(certificate_pem);
    if (!certificate) {
        co_return certificate.error();
    }
    Status<> status = co_await steps::accept(impl_->token, impl_->facts, std::move(wrapped));
    if (status) {
        status = co_await steps::install_member(impl_->token, impl_->facts, *std::move(certificate));
    }
    if (!status) {
        co_return status.error();
    }
    co_return describe(impl_->token);
}

awaitable<void> JoiningHsm::close() {
    co_await impl_->token.close_host();
}

awaitable<Result<FoundedHsm>> join_hsm(Site site, ClusterFacts facts, std::string certificate_pem,
                                       HsmOptions hsm, SecretBytes officer_pin,
                                       std::vector<KeySource> sources) {
    auto joining = co_await JoiningHsm::prepare(site, facts, std::move(hsm), std::move(officer_pin));
    if (!joining) {
        co_return joining.error();
    }
    Result<Bytes> wrapped = Error(Errc::no_hsm, "nobody could be asked for the wrapping key");
    for (KeySource& source : sources) {
        ClusterFacts of_cluster = facts;
        Bytes transport = (*joining)->transport_public();
        wrapped = co_await hand_over(site, std::move(of_cluster), std::move(source), std::move(transport));
        if (wrapped) {
            break;
        }
    }
    Result<FoundedHsm> joined = Error(Errc::no_hsm, "nobody handed the wrapping key over");
    if (wrapped) {
        joined = co_await (*joining)->accept(std::move(certificate_pem), *std::move(wrapped));
    } else {
        joined = std::move(wrapped).error();
    }
    co_await (*joining)->close();
    co_return joined;
}

awaitable<Result<MadeVault>> make_vault(Site site, HsmOptions vault) {
    Enrolment token = token_at(site, std::move(vault));
    ClusterFacts facts;
    const Status<> made = co_await make_recovery(token, facts);
    co_await token.close_host();
    if (!made) {
        co_return made.error();
    }
    co_return MadeVault{describe(token), std::move(facts.recovery_public)};
}

awaitable<Result<Bytes>> sign_backup(Site site, ClusterFacts facts, KeySource source, Bytes digest) {
    Enrolment member = token_at(site, source.token);
    Result<Bytes> signature = Bytes();
    const Status<> opened = co_await open_source(member, source, facts);
    if (opened) {
        const control::SignBackup request{std::move(digest)};
        auto answer = co_await member.ask<control::Signature>(Operation::sign_backup, request);
        signature = answer ? Result<Bytes>(std::move(answer->signature)) : Result<Bytes>(answer.error());
    }
    co_await member.close_host();
    if (!opened) {
        co_return opened.error();
    }
    co_return signature;
}

bool is_backup_signature(const ClusterTrust& trust, ByteView digest, ByteView signature) {
    Bytes message = to_bytes(as_bytes(control::kBackupDomain));
    append(message, digest);
    return trust.verify(message, signature);
}

awaitable<Status<>> install_certificate(Site site, ClusterFacts facts, std::string certificate_pem,
                                        HsmOptions hsm) {
    Result<Bytes> certificate = certificate_der(certificate_pem);
    if (!certificate) {
        co_return certificate.error();
    }
    Enrolment token = token_at(site, std::move(hsm));
    Status<> status = co_await token.open_host();
    if (status) {
        status = co_await steps::install_member(token, facts, *std::move(certificate));
    }
    co_await token.close_host();
    co_return status;
}

awaitable<Status<>> wipe_hsm(Site site, HsmOptions hsm, SecretBytes officer_pin) {
    Enrolment token = token_at(site, std::move(hsm));
    token.adopt(std::move(officer_pin));
    if (token.hsm().officer_is_asked() && token.officer_pin().empty()) {
        co_return co_await wipe_as_user(token);
    }
    if (token.hsm().existing) {
        co_return co_await token.give_back_token();
    }
    Status<> status = co_await token.open_host();
    if (!status) {
        // Perhaps the user's PIN is not the one that the host keeps: the officer sets one.
        co_await token.close_host();
        status = co_await token.reset_user_pin({});
        if (!status && status.error().code == Errc::not_found) {
            co_return co_await token.wipe_token();  // an attempt before this one may have got so far
        }
        if (status) {
            status = co_await token.open_host();
        }
    }
    if (status) {
        status = co_await token.tell(Operation::wipe, kNothing);
    }
    co_await token.close_host();
    if (status) {
        status = co_await token.wipe_token();
    }
    co_return status;
}

Result<std::string> claimed_serial(const std::filesystem::path& state_dir) {
    const std::filesystem::path file = state_dir / control::kClaimedFile;
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown) && !unknown) {
        return std::string();
    }
    const Result<Bytes> serial = read_file(file, kMaxTokenSerial);
    if (!serial) {
        return serial.error();
    }
    if (serial->empty()) {
        return Error(Errc::io_error, file.string() + " is empty");
    }
    return std::string(as_text(*serial));
}

awaitable<Status<>> reset_user_pin(Site site, HsmOptions hsm, SecretBytes officer_pin, SecretBytes fresh) {
    Enrolment token = token_at(site, std::move(hsm));
    token.adopt(std::move(officer_pin));
    Status<> status = co_await token.reset_user_pin(std::move(fresh));
    if (status) {
        status = co_await token.open_host();
    }
    co_await token.close_host();
    co_return status;
}

awaitable<Status<>> try_user_pin(Site site, HsmOptions hsm, SecretBytes pin, PinGuess guess) {
    Enrolment token = token_at(site, std::move(hsm));
    co_return co_await token.try_user_pin(std::move(pin), guess == PinGuess::kept);
}

LoginRefusal why_refused(const Error& error) noexcept {
    if (error.ckr == link::kUserAnotherAlreadyLoggedIn) {
        return LoginRefusal::another_user;
    }
    if (error.code != Errc::pin_refused) {
        return LoginRefusal::none;
    }
    if (error.ckr == link::kUserPinNotInitialized) {
        return LoginRefusal::not_set;
    }
    if (error.ckr == link::kPinLocked) {
        return LoginRefusal::locked;
    }
    return error.ckr != 0 ? LoginRefusal::wrong : LoginRefusal::warned;
}

}  // namespace claviger::cluster
