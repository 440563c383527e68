#include "src/app/recovery_holder.hpp"

#include <fmt/format.h>

#include <exception>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/digest.hpp>
#include <claviger/base/files.hpp>
#include <claviger/base/rethrow.hpp>
#include <claviger/cluster/certificates.hpp>
#include <claviger/cluster/provisioning.hpp>

#include "src/cloudhsm/founded_rows.hpp"
#include "src/cloudhsm/recovery_file.hpp"
#include "src/cloudhsm/vault_file.hpp"
#include "src/store/seal.hpp"

namespace claviger::app {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kVault = "recovery-vault";
constexpr std::size_t kMaxFile = 1 << 16;

// One piece of work on tokens, run to its end.
class Bench {
public:
    explicit Bench(std::filesystem::path host_program) : host_program_(std::move(host_program)) {}

    cluster::Site site() { return {io_, host_program_, clock_, random_}; }
    Random& random() { return random_; }

    template <class T>
    Result<T> run(asio::awaitable<Result<T>> work) {
        std::optional<Result<T>> result;
        asio::co_spawn(io_, keep(std::move(work), result), rethrow);
        io_.run();
        return *std::move(result);
    }

private:
    template <class T>
    static asio::awaitable<void> keep(asio::awaitable<Result<T>> work, std::optional<Result<T>>& result) {
        result.emplace(co_await std::move(work));
    }

    asio::io_context io_{1};
    const std::filesystem::path host_program_;
    const SystemClock clock_;
    SystemRandom random_;
};

cluster::HsmOptions token_of(const std::filesystem::path& vault, const std::filesystem::path& module) {
    cluster::HsmOptions options;
    options.hsm_id = kVault;
    options.zone = "vault";
    options.state_dir = vault;
    options.module = module;
    options.host_arguments = {"--quiet"};
    return options;
}

}  // namespace

Result<std::string> create_vault(const CreateVault& command, const std::filesystem::path& host_program) {
    if (std::filesystem::exists(command.vault) || std::filesystem::exists(command.public_key)) {
        return Error(Errc::conflict,
                     fmt::format("{} or {} exists already: a recovery key is never replaced; name "
                                 "others",
                                 command.vault.string(), command.public_key.string()));
    }
    Bench bench(host_program);
    const auto key = std::filesystem::exists(command.sealing_key)
                         ? store::SealingKey::load(command.sealing_key)
                         : store::SealingKey::create(command.sealing_key, bench.random());
    if (!key) {
        return key.error();
    }
    const auto made = bench.run(cluster::make_vault(bench.site(), token_of(command.vault, command.module)));
    if (!made) {
        return made.error();
    }
    const auto row = cloudhsm::token_row(made->token, ClusterId(), *key, bench.random());
    const auto pem = cluster::recovery_key_pem(made->public_key);
    if (!row || !pem) {
        return !row ? row.error() : pem.error();
    }
    Status<> kept = cloudhsm::keep_vault(command.vault, *row);
    kept = kept ? replace_file(command.public_key, as_bytes(*pem)) : kept;
    if (!kept) {
        return kept.error();
    }
    return fmt::format(
        "recovery key {}\n{} is for cluster.recovery-key; keep {} and {}.officer safe, and {} apart\n",
        cloudhsm::fingerprint(made->public_key), command.public_key.string(), command.vault.string(),
        command.vault.string(), command.sealing_key.string());
}

Result<std::string> answer_recovery(const AnswerRecovery& command,
                                    const std::filesystem::path& host_program) {
    const auto file = read_file(command.request, kMaxFile);
    if (!file) {
        return file.error();
    }
    const auto request = cloudhsm::parse_recovery_request(*file);
    if (!request) {
        return Error(request.error().code, command.request.string() + ": " + request.error().detail);
    }
    const auto row = cloudhsm::find_vault(command.vault);
    const auto key = store::SealingKey::load(command.sealing_key);
    if (!row || !key) {
        return !row ? row.error() : key.error();
    }
    cluster::KeySource source;
    source.kind = cluster::KeySource::Kind::vault;
    source.token = token_of(command.vault, command.module);
    source.token.hsm_id = row->id.value();
    source.token.serial = row->serial;
    auto pin = cloudhsm::officer_pin_of(*row, *key);
    if (!pin) {
        return Error(pin.error().code, command.sealing_key.string() + " is not the key of this vault");
    }
    source.officer_pin = *std::move(pin);
    cluster::ClusterFacts facts;
    facts.cluster_id = request->lineage;
    facts.cwk_generation = request->generation;
    facts.recovery_public = request->recovery_public;
    facts.recovery_bundle = request->bundle;
    Bench bench(host_program);
    auto wrapped = bench.run(
        cluster::hand_over(bench.site(), std::move(facts), std::move(source), request->transport_public));
    if (!wrapped) {
        return Error(
            wrapped.error().code,
            fmt::format("the vault did not open the wrapping key ({}); is it the one of {}?",
                        wrapped.error().describe(), cloudhsm::fingerprint(request->recovery_public)));
    }
    const cloudhsm::RecoveryAnswer answer{request->hsm, to_bytes(sha256(request->transport_public)),
                                          *std::move(wrapped)};
    if (Status<> written = replace_file(command.answer, cloudhsm::encode_recovery_answer(answer)); !written) {
        return std::move(written).error();
    }
    return fmt::format(
        "recovery key              {}\n"
        "{}\n"
        "asks with the transport key {}\n"
        "If both are what claviger cluster recover printed, bring {} there: claviger cluster recover "
        "--answer\n",
        cloudhsm::fingerprint(request->recovery_public), cloudhsm::joining(*request),
        cloudhsm::fingerprint(request->transport_public), command.answer.string());
}

}  // namespace claviger::app
