// Commands for who operates a service, its clusters and their recovery key.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "src/app/command_options.hpp"
#include "src/cloudhsm/command_words.hpp"

namespace claviger::app {
namespace {

// Before the list of commands.
constexpr std::string_view kCloudHsmHelp =
    R"(claviger cloudhsm [--data DIR] [--cluster-id ID] COMMAND...: the commands of cloudhsm-cli, against the running
service. Without a command it is interactive. Prints one JSON object; exits 0 if its error_code is 0.
--cluster-id may stand behind the command too. A password that is not given is asked for.
Commands that change users need the admin: export CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:PASSWORD.

)";

constexpr std::string_view kBackupHead =
    R"(claviger backup create [--cluster-id ID]: a backup of a cluster of the CloudHSM v2 API, now; prints its id.
claviger backup verify FILE: is it whole, and what is in it? Needs no running service.
claviger backup restore FILE --trust-anchor customerCA.crt: takes in a file that the running service does not know,
with the keys and key stores in it; if its recovery is "vault", that must be in DIR/vaults.
)";

constexpr std::string_view kRecoverHead =
    R"(claviger cluster recover --request FILE [--hsm-id ID]: writes what an HSM that waits for recovery asks the holder of
the recovery key. He answers with claviger recovery answer.
claviger cluster recover --answer FILE: brings that answer; the HSM joins.
)";

constexpr std::string_view kRecoveryHead =
    R"(For the holder of a recovery key, on a machine of his own; needs no running service.

claviger recovery create --vault DIR --sealing-key KEY --public-key FILE: makes the key pair in a token of its own
below DIR, and writes the public half, PEM, for cluster.recovery-key of claviger.toml. KEY is made if it is absent.
claviger recovery answer --vault DIR --sealing-key KEY --request FILE --answer FILE: hands the wrapping key to the HSM
that asks. Compare the fingerprints with those that claviger cluster recover printed first.

Whoever has DIR, the file DIR.officer and KEY can open every backup of the clusters: keep KEY apart from the others.
)";

}  // namespace

// Its own options come first; everything from the first other word on is the command, which may name the
// cluster.
Result<Command> parse_cloudhsm(const Arguments& arguments) {
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

Result<Command> parse_backup(const Arguments& arguments) {
    po::options_description options = service_options();
    po::options_description hidden;
    hidden.add_options()("words", po::value<Arguments>()->default_value({}, ""));
    options.add_options()("cluster-id", po::value<std::string>(), "without it: the only one there is")(
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
    return Command(AskService{admin_socket(*values), "backup " + boost::json::serialize(request)});
}

Result<Command> parse_cluster_recover(const Arguments& arguments) {
    po::options_description options = service_options();
    options.add_options()("request", po::value<std::string>(), "file to write")(
        "answer", po::value<std::string>(), "file to read")("hsm-id", po::value<std::string>(),
                                                            "without it: the only one that waits");
    auto values = parse(arguments, options);
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
    return Command(AskService{admin_socket(*values), "recovery " + boost::json::serialize(request)});
}

Result<Command> parse_recovery(const Arguments& arguments) {
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

Result<Command> parse_audit_verify(const Arguments& arguments) {
    if (arguments.size() == 1 && is_help(arguments[0])) {
        return Command(ShowText{
            "claviger audit verify DIR: checks the hash chain of every audit file below DIR; exits 0 "
            "if all are whole.\n"});
    }
    if (arguments.size() != 1 || arguments[0].starts_with("-")) {
        return usage("claviger audit verify needs one directory; try claviger audit verify --help");
    }
    return Command(VerifyAudit{arguments[0]});
}

}  // namespace claviger::app
