// claviger dev and claviger serve: from their options to the settings of a service.
#include <fmt/format.h>

#include "src/app/command_options.hpp"

namespace claviger::app {
namespace {

Result<config::Endpoint> endpoint(const po::variables_map& values, const char* option) {
    return config::Endpoint::parse(values[option].as<std::string>());
}

// The configuration that `claviger dev` stands for: three soft tokens in three zones, recovery key in a vault
// token.
Result<config::Config> dev_config(const po::variables_map& values) {
    config::Config config;
    config.service.data = std::filesystem::absolute(values["data"].as<std::string>()).lexically_normal();
    if (!config.service.data.has_filename()) {
        config.service.data = config.service.data.parent_path();  // "dir/"
    }
    config.service.sealing_key = config.service.data / "sealing.key";
    config.service.regions = values["region"].as<std::vector<std::string>>();
    auto listen = endpoint(values, "listen");
    auto admin = endpoint(values, "admin-listen");
    if (!listen || !admin) {
        return !listen ? std::move(listen).error() : std::move(admin).error();
    }
    if ((!listen->is_loopback() || !admin->is_loopback()) && !values.contains("i-know-this-is-dev")) {
        return usage(
            "claviger dev listens on loopback only: its keys and credentials are for tests. If that is what "
            "you "
            "want elsewhere too, add --i-know-this-is-dev");
    }
    if (!listen->is_loopback() && values.contains("accept-any-credentials")) {
        return usage("--accept-any-credentials is for loopback listeners only");
    }
    config.http.listen = *listen;
    config.http.admin_listen = *admin;
    config.http.threads = values["threads"].as<unsigned>();
    if (values.contains("tls-certificate") != values.contains("tls-key")) {
        return usage("--tls-certificate and --tls-key go together");
    }
    if (values.contains("tls-certificate")) {
        config.http.tls_certificate = std::filesystem::absolute(values["tls-certificate"].as<std::string>());
        config.http.tls_key = std::filesystem::absolute(values["tls-key"].as<std::string>());
    }
    if (values.contains("attestation-roots")) {
        config.attestation.roots = std::filesystem::absolute(values["attestation-roots"].as<std::string>());
    }
    config.audit.directory = config.service.data / "audit";
    config.cluster.recovery = config::Recovery::vault;
    config.cluster.key_memory_mb = values["key-memory"].as<unsigned>();
    if (config.cluster.key_memory_mb < 1 || config.cluster.key_memory_mb > 1U << 20U) {
        return usage("--key-memory must be between 1 and 1048576");
    }
    const unsigned hsms = values["hsms"].as<unsigned>();
    if (hsms < 1 || hsms > 16) {
        return usage("--hsms must be between 1 and 16");
    }
    config.cloudhsm.soft_module = values["module"].as<std::string>();
    for (unsigned i = 0; i < hsms; ++i) {
        const char letter = static_cast<char>('a' + i);
        config.subnets.push_back({fmt::format("subnet-{:08x}", i + 1), std::string(1, letter),
                                  fmt::format("10.0.{}.0/24", i + 1)});
        config.hsms.push_back(
            {fmt::format("hsm-{}", letter), std::string(1, letter), values["module"].as<std::string>()});
    }
    return config;
}

}  // namespace

Result<Command> parse_dev(const Arguments& arguments) {
    po::options_description options("Options");
    options.add_options()("help,h", "show this")                                                       //
        ("data", po::value<std::string>()->default_value("./.claviger"), "state; survives a restart")  //
        ("listen", po::value<std::string>()->default_value("127.0.0.1:4599"),
         "where the API listens; port 0: any")  //
        ("admin-listen", po::value<std::string>()->default_value("127.0.0.1:4600"),
         "where /healthz, /readyz and /metrics are")                                                      //
        ("hsms", po::value<unsigned>()->default_value(3), "SoftHSM tokens, zones a, b, c …")              //
        ("key-memory", po::value<unsigned>()->default_value(128), "MB of each HSM host for loaded keys")  //
        ("region", po::value<std::vector<std::string>>()->default_value({"us-east-1"}, "us-east-1"),
         "a Region to answer for, as requests are signed for; may be given several times, the first is "
         "where the HSMs are")                                                               //
        ("threads", po::value<unsigned>()->default_value(0), "io threads; 0: one per core")  //
        ("module", po::value<std::string>()->default_value("/usr/lib/softhsm/libsofthsm2.so"),
         "the SoftHSM library")                                            //
        ("tls-certificate", po::value<std::string>(), "PEM; serve HTTPS")  //
        ("tls-key", po::value<std::string>(), "PEM")                       //
        ("attestation-roots", po::value<std::string>(),
         "PEM; whose attestation documents Recipient may bring")                                   //
        ("seed", po::value<std::string>(), "TOML: keys to make with fixed ids (docs/seeding.md)")  //
        ("no-key-store",
         "begin without the cluster and the custom key store of docs/tutorials/custom-key-store.md")  //
        ("ready-file", po::value<std::string>(), "touched when requests are served")                  //
        ("accept-any-credentials",
         "take any credentials; account = access key id if it has twelve digits")       //
        ("i-know-this-is-dev", "allow listening beyond loopback")                       //
        ("accept-older-store", "the store was restored from an older copy on purpose")  //
        ("allow-core", "HSM hosts may be dumped by a debugger");
    auto values = parse(arguments, options);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(
            help("claviger dev: a cluster of SoftHSM tokens behind the AWS KMS API, for development and CI.\n"
                 "Prints, and writes to DIR/env, the lines to source. SIGTERM drains and exits 0.\n",
                 options));
    }
    auto config = dev_config(*values);
    if (!config) {
        return std::move(config).error();
    }
    Settings settings;
    settings.kind = Kind::dev;
    settings.config = *std::move(config);
    settings.credentials =
        values->contains("accept-any-credentials") ? Credentials::any : Credentials::verified;
    settings.older_store = values->contains("accept-older-store") ? OlderStore::accept : OlderStore::refuse;
    settings.allow_core = values->contains("allow-core");
    settings.dev_key_store = values->contains("no-key-store") ? DevKeyStore::none : DevKeyStore::made;
    if (values->contains("ready-file")) {
        settings.ready_file = (*values)["ready-file"].as<std::string>();
    }
    if (values->contains("seed")) {
        settings.seed = (*values)["seed"].as<std::string>();
    }
    return Command(Run{std::move(settings)});
}

Result<Command> parse_serve(const Arguments& arguments) {
    po::options_description options("Options");
    options.add_options()("help,h", "show this")(
        "config", po::value<std::string>(),
        "claviger.toml; deploy/claviger.toml is the manual of every option")(
        "ready-file", po::value<std::string>(), "touched when requests are served")(
        "accept-older-store", "the store was restored from an older copy on purpose");
    auto values = parse(arguments, options);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(
            help("claviger serve --config claviger.toml: the key service in production.\n", options));
    }
    if (!values->contains("config")) {
        return usage("claviger serve needs --config FILE; start from deploy/claviger.toml");
    }
    auto config = config::Config::load((*values)["config"].as<std::string>());
    if (!config) {
        return std::move(config).error();
    }
    Settings settings;
    settings.config = *std::move(config);
    settings.older_store = values->contains("accept-older-store") ? OlderStore::accept : OlderStore::refuse;
    if (values->contains("ready-file")) {
        settings.ready_file = (*values)["ready-file"].as<std::string>();
    }
    return Command(Run{std::move(settings)});
}

}  // namespace claviger::app
