#include "src/app/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/program_options.hpp>
#include <fstream>
#include <optional>
#include <sstream>

#include "src/cloudhsm/command_words.hpp"

namespace claviger::app {
namespace {

namespace po = boost::program_options;
using Arguments = std::vector<std::string>;

struct CommandText {
    std::string_view words;
    std::string_view rest;
    std::string_view about;
};

constexpr CommandText kCommands[] = {
    {"dev", "", "provisions SoftHSM tokens, founds a cluster of them and serves on loopback"},
    {"dev clock advance", "8d", "moves the clock of keys' lives forward, in a dev store"},
    {"serve", "", "production: serves what claviger.toml describes"},
    {"status", "", "what the running service is doing: members, keys, faults"},
    {"report leftovers", "", "objects in the tokens that no key in the store accounts for"},
    {"admin clock accept", "", "ends the hold on destruction that a leap of the wall clock began"},
    {"audit verify", "DIR", "checks the hash chains of audit files"},
    {"cloudhsm", "...", "activates a cluster, manages its users: the commands of cloudhsm-cli"},
    {"backup", "...", "makes a backup of a cluster, checks a backup's file, takes one in"},
    {"cluster recover", "...", "what an HSM that waits asks the recovery key's holder, and his answer"},
    {"recovery", "...", "for that holder: makes the recovery key, answers a request"},
    {"hsm doctor", "--module LIB ...", "what a PKCS#11 module can do and enforces"},
};

// The commands that begin with these words and have more.
std::string listed(std::string_view first) {
    std::string text;
    for (const CommandText& row : kCommands) {
        const bool below = row.words.starts_with(std::string(first) + ' ');
        if (first.empty() || below) {
            text += fmt::format("  claviger {}{}{}   {}\n", row.words, row.rest.empty() ? "" : " ", row.rest,
                                row.about);
        }
    }
    return text;
}

constexpr std::string_view kOverview = R"(claviger: an AWS KMS API whose keys live in your own HSMs.

{}
Each of them takes --help. claviger --version prints the version.
)";

Error usage(std::string what) {
    return Error(Errc::bad_config, std::move(what));
}

// Parses one subcommand's options; an empty result means that its help was asked for.
Result<po::variables_map> parse(const Arguments& arguments, const po::options_description& options,
                                const po::positional_options_description& positional = {}) {
    po::variables_map values;
    try {
        po::store(po::command_line_parser(arguments).options(options).positional(positional).run(), values);
        po::notify(values);
    } catch (const po::error& error) {
        return usage(fmt::format("{}; try --help", error.what()));
    }
    return values;
}

bool is_help(std::string_view word) {
    return word == "--help" || word == "-h";
}

std::string head_of(std::string_view words) {
    const auto* const row = std::ranges::find(kCommands, words, &CommandText::words);
    return fmt::format("claviger {}{}{}: {}\n", words, row->rest.empty() ? "" : " ", row->rest, row->about);
}

ShowText help(std::string_view head, const po::options_description& options) {
    std::ostringstream text;
    text << head << "\n" << options;
    return {text.str()};
}

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

Result<Command> dev(const Arguments& arguments) {
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

Result<Command> serve(const Arguments& arguments) {
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

// Before the list of commands.
constexpr std::string_view kCloudHsmHelp =
    R"(claviger cloudhsm [--data DIR] [--cluster-id ID] COMMAND...: the commands of cloudhsm-cli, against the running
service. Without a command it is interactive. Prints one JSON object; exits 0 if its error_code is 0.
--cluster-id may stand behind the command too. A password that is not given is asked for.
Commands that change users need the admin: export CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:PASSWORD.

)";

// Its own options come first; everything from the first other word on is the command, which may name the
// cluster.
Result<Command> cloudhsm_command(const Arguments& arguments) {
    std::filesystem::path data = "./.claviger";
    CloudHsmCommand command;
    std::size_t i = 0;
    for (; i < arguments.size() && arguments[i].starts_with("-"); i += 2) {
        if (is_help(arguments[i])) {
            return Command(ShowText{std::string(kCloudHsmHelp) + cloudhsm::help_on({})});
        }
        if (i + 1 == arguments.size() || (arguments[i] != "--data" && arguments[i] != "--cluster-id")) {
            return usage(fmt::format("{} is no option of claviger cloudhsm, or lacks its value; try --help",
                                     arguments[i]));
        }
        if (arguments[i] == "--data") {
            data = arguments[i + 1];
        } else {
            command.cluster = arguments[i + 1];
        }
    }
    command.words.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
    if (!command.words.empty() && command.words.front() == "interactive") {
        command.words.clear();
    }
    command.socket = Layout{std::filesystem::absolute(data)}.admin_socket();
    return Command(std::move(command));
}

// A subcommand that is one line to the running service; `arguments` are behind its words.
Result<Command> ask(const Arguments& arguments, std::string request, std::string_view words) {
    po::options_description options("Options");
    options.add_options()("help,h", "show this")("data",
                                                 po::value<std::string>()->default_value("./.claviger"),
                                                 "the data directory of the running service");
    auto values = parse(arguments, options);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(help(head_of(words), options));
    }
    const Layout layout{(*values)["data"].as<std::string>()};
    return Command(AskService{layout.admin_socket(), std::move(request)});
}

constexpr std::string_view kBackupHead =
    R"(claviger backup create [--cluster-id ID]: a backup of a cluster of the CloudHSM v2 API, now; prints its id.
claviger backup verify FILE: is it whole, and what is in it? Needs no running service.
claviger backup restore FILE --trust-anchor customerCA.crt: takes in a file that the running service does not know,
with the keys and key stores in it; if its recovery is "vault", that must be in DIR/vaults.
)";

Result<Command> backup(const Arguments& arguments) {
    po::options_description options("Options");
    po::options_description hidden;
    hidden.add_options()("words", po::value<Arguments>()->default_value({}, ""));
    options.add_options()("help,h", "show this")("data",
                                                 po::value<std::string>()->default_value("./.claviger"),
                                                 "the data directory of the running service")(
        "cluster-id", po::value<std::string>(), "without it: the only one there is")(
        "trust-anchor", po::value<std::string>(), "PEM of the customer's authority");
    po::positional_options_description positional;
    positional.add("words", -1);
    po::options_description all;
    all.add(options).add(hidden);
    auto values = parse(arguments, all, positional);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(help(kBackupHead, options));
    }
    const Arguments words = (*values)["words"].as<Arguments>();
    const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).string(); };
    if (words.size() == 2 && words[0] == "verify") {
        return Command(VerifyBackup{words[1]});
    }
    boost::json::object request;
    if (words.size() == 1 && words[0] == "create") {
        request["command"] = "create";
        if (values->contains("cluster-id")) {
            request["cluster"] = (*values)["cluster-id"].as<std::string>();
        }
    } else if (words.size() == 2 && words[0] == "restore" && values->contains("trust-anchor")) {
        request["command"] = "restore";
        request["file"] = absolute(words[1]);
        request["trust_anchor"] = absolute((*values)["trust-anchor"].as<std::string>());
    } else {
        return usage("claviger backup takes create, verify FILE, or restore FILE --trust-anchor FILE");
    }
    const Layout layout{(*values)["data"].as<std::string>()};
    return Command(AskService{layout.admin_socket(), "backup " + boost::json::serialize(request)});
}

constexpr std::string_view kRecoverHead =
    R"(claviger cluster recover --request FILE [--hsm-id ID]: writes what an HSM that waits for recovery asks the holder of
the recovery key. He answers with claviger recovery answer.
claviger cluster recover --answer FILE: brings that answer; the HSM joins.
)";

Result<Command> cluster(const Arguments& arguments) {
    if (arguments.empty() || arguments[0] != "recover") {
        return usage("claviger cluster takes recover; try claviger cluster recover --help");
    }
    po::options_description options("Options");
    options.add_options()("help,h", "show this")(
        "data", po::value<std::string>()->default_value("./.claviger"),
        "the data directory of the running service")("request", po::value<std::string>(), "file to write")(
        "answer", po::value<std::string>(), "file to read")("hsm-id", po::value<std::string>(),
                                                            "without it: the only one that waits");
    auto values = parse({arguments.begin() + 1, arguments.end()}, options);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(help(kRecoverHead, options));
    }
    if (values->contains("request") == values->contains("answer")) {
        return usage("claviger cluster recover takes --request FILE or --answer FILE");
    }
    const char* const which = values->contains("request") ? "request" : "answer";
    boost::json::object request{
        {"command", which}, {"file", std::filesystem::absolute((*values)[which].as<std::string>()).string()}};
    if (values->contains("hsm-id")) {
        request["hsm"] = (*values)["hsm-id"].as<std::string>();
    }
    const Layout layout{(*values)["data"].as<std::string>()};
    return Command(AskService{layout.admin_socket(), "recovery " + boost::json::serialize(request)});
}

constexpr std::string_view kRecoveryHead =
    R"(For the holder of a recovery key, on a machine of his own; needs no running service.

claviger recovery create --vault DIR --sealing-key KEY --public-key FILE: makes the key pair in a token of its own
below DIR, and writes the public half, PEM, for cluster.recovery-key of claviger.toml. KEY is made if it is absent.
claviger recovery answer --vault DIR --sealing-key KEY --request FILE --answer FILE: hands the wrapping key to the HSM
that asks. Compare the fingerprints with those that claviger cluster recover printed first.

Whoever has DIR, the file DIR.officer and KEY can open every backup of the clusters: keep KEY apart from the others.
)";

Result<Command> recovery(const Arguments& arguments) {
    po::options_description options("Options");
    po::options_description hidden;
    hidden.add_options()("word", po::value<std::string>()->default_value("", ""));
    options.add_options()("help,h", "show this")("vault", po::value<std::string>(),
                                                 "directory of the recovery token")(
        "sealing-key", po::value<std::string>(),
        "file of 32 bytes that the token's officer PIN is sealed with")(
        "module", po::value<std::string>()->default_value("/usr/lib/softhsm/libsofthsm2.so"),
        "PKCS#11 module of the recovery token")("public-key", po::value<std::string>(), "file to write, PEM")(
        "request", po::value<std::string>(), "file to read")("answer", po::value<std::string>(),
                                                             "file to write");
    po::positional_options_description positional;
    positional.add("word", 1);
    po::options_description all;
    all.add(options).add(hidden);
    auto values = parse(arguments, all, positional);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(help(kRecoveryHead, options));
    }
    const auto path = [&](const char* option) {
        return values->contains(option) ? std::filesystem::absolute((*values)[option].as<std::string>())
                                        : std::filesystem::path();
    };
    const std::string word = (*values)["word"].as<std::string>();
    const bool both = values->contains("vault") && values->contains("sealing-key");
    if (word == "create" && both && values->contains("public-key")) {
        return Command(CreateVault{path("vault"), path("sealing-key"), path("public-key"), path("module")});
    }
    if (word == "answer" && both && values->contains("request") && values->contains("answer")) {
        return Command(AnswerRecovery{path("vault"), path("sealing-key"), path("module"), path("request"),
                                      path("answer")});
    }
    return usage("claviger recovery takes create or answer, with all of their options; try --help");
}

Result<Command> audit(const Arguments& arguments) {
    if (arguments.size() == 2 && arguments[0] == "verify" && !arguments[1].starts_with("-")) {
        return Command(VerifyAudit{arguments[1]});
    }
    if (arguments.size() == 2 && is_help(arguments[1])) {
        return Command(ShowText{
            "claviger audit verify DIR: checks the hash chain of every audit file below DIR; exits 0 "
            "if all are whole.\n"});
    }
    return usage("claviger audit verify needs one directory; try claviger audit --help");
}

Result<Command> advance_clock(const Arguments& arguments) {
    const bool has_duration = !arguments.empty() && !arguments[0].starts_with("-");
    if (!has_duration && (arguments.empty() || !is_help(arguments[0]))) {
        return usage("claviger dev clock advance takes a duration, 8d for example");
    }
    return ask({arguments.begin() + (has_duration ? 1 : 0), arguments.end()},
               "clock advance " + (has_duration ? arguments[0] : std::string()), "dev clock advance");
}

// "admin clock --help": the first words of commands, but no command.
std::optional<Result<Command>> unfinished_command(const Arguments& arguments) {
    std::string words;
    std::size_t count = 0;
    for (; count < arguments.size() && !arguments[count].starts_with("-"); ++count) {
        words.append(count == 0 ? "" : " ").append(arguments[count]);
    }
    const bool is_command =
        std::ranges::find(kCommands, std::string_view(words), &CommandText::words) != std::end(kCommands);
    const std::string list = is_command || words.empty() ? std::string() : listed(words);
    if (list.empty()) {
        return std::nullopt;
    }
    if (count < arguments.size() && is_help(arguments[count])) {
        return Command(ShowText{list});
    }
    return usage(fmt::format("claviger {} wants another word; try claviger {} --help", words, words));
}

}  // namespace

Result<Command> parse_command_line(const Arguments& arguments, const std::filesystem::path& self) {
    const std::string first = arguments.empty() ? "--help" : arguments[0];
    const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
    const auto are = [&](std::initializer_list<std::string_view> words) {
        return rest.size() >= words.size() && std::equal(words.begin(), words.end(), rest.begin());
    };
    const auto behind = [&](std::ptrdiff_t words) { return Arguments(rest.begin() + words, rest.end()); };
    Result<Command> command = usage(fmt::format("\"{}\" is not a command; try claviger --help", first));
    if (is_help(first) || first == "help") {
        command = Command(ShowText{fmt::format(kOverview, listed(""))});
    } else if (first == "--version") {
        command = Command(ShowText{"claviger " CLAVIGER_VERSION "\n"});
    } else if (std::optional<Result<Command>> unfinished = unfinished_command(arguments)) {
        command = *std::move(unfinished);
    } else if (first == "dev" && are({"clock", "advance"})) {
        command = advance_clock(behind(2));
    } else if (first == "dev") {
        command = dev(rest);
    } else if (first == "serve") {
        command = serve(rest);
    } else if (first == "status") {
        command = ask(rest, "status", "status");
    } else if (first == "report" && are({"leftovers"})) {
        command = ask(behind(1), "report leftovers", "report leftovers");
    } else if (first == "admin" && are({"clock", "accept"})) {
        command = ask(behind(2), "clock accept", "admin clock accept");
    } else if (first == "audit") {
        command = audit(rest);
    } else if (first == "backup") {
        command = backup(rest);
    } else if (first == "cluster") {
        command = cluster(rest);
    } else if (first == "recovery") {
        command = recovery(rest);
    } else if (first == "cloudhsm") {
        command = cloudhsm_command(rest);
    } else if (first == "hsm" && are({"doctor"})) {
        command = Command(RunHost{rest});
    }
    if (command) {
        if (Run* const run = std::get_if<Run>(&*command)) {
            run->settings.host_program = self.parent_path() / "claviger-hsm";
        }
    }
    return command;
}

}  // namespace claviger::app
