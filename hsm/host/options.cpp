#include "hsm/host/options.hpp"

#include <getopt.h>
#include <unistd.h>

#include <charconv>
#include <limits>

namespace claviger::host {

namespace {

enum Letter : int {
    kState = 1000,
    kModule,
    kModuleParameters,
    kSerial,
    kName,
    kUid,
    kSupervisorPid,
    kResidency,
    kKeyArn,
    kKeyMemory,
    kIv,
    kTokenFiles,
    kShadow,
    kAllowCore,
    kQuiet,
    kLockPatience,
    kNonceCounter,
    kOfficer,
    kOfficerPinFile,
    kOperatorToken,
    kHelp,
    kVersion,
};

constexpr option kLongOptions[] = {
    {"state", required_argument, nullptr, kState},
    {"module", required_argument, nullptr, kModule},
    {"module-parameters", required_argument, nullptr, kModuleParameters},
    {"serial", required_argument, nullptr, kSerial},
    {"name", required_argument, nullptr, kName},
    {"uid", required_argument, nullptr, kUid},
    {"supervisor-pid", required_argument, nullptr, kSupervisorPid},
    {"residency", required_argument, nullptr, kResidency},
    {"key-arn", required_argument, nullptr, kKeyArn},
    {"key-memory", required_argument, nullptr, kKeyMemory},
    {"iv", required_argument, nullptr, kIv},
    {"token-files", required_argument, nullptr, kTokenFiles},
    {"shadow", required_argument, nullptr, kShadow},
    {"allow-core", no_argument, nullptr, kAllowCore},
    {"quiet", no_argument, nullptr, kQuiet},
    {"lock-patience-ms", required_argument, nullptr, kLockPatience},
    {"nonce-counter", required_argument, nullptr, kNonceCounter},
    {"officer", no_argument, nullptr, kOfficer},
    {"officer-pin-file", required_argument, nullptr, kOfficerPinFile},
    {"operator-token", no_argument, nullptr, kOperatorToken},
    {"help", no_argument, nullptr, kHelp},
    {"version", no_argument, nullptr, kVersion},
    {nullptr, 0, nullptr, 0},
};

Error bad_value(std::string_view name, std::string_view value, std::string_view wanted) {
    return Error(Errc::bad_config, "--" + std::string(name) + " " + std::string(value) + ": " +
                                       std::string(wanted) + " (see --help)");
}

template <class T>
Result<T> number(std::string_view name, std::string_view value, T least, T most) {
    T out{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error != std::errc() || end != value.data() + value.size() || out < least || out > most) {
        return bad_value(name, value,
                         "give a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return out;
}

template <class T>
struct Word {
    std::string_view word;
    T value;
};

template <class T, std::size_t N>
Result<T> choice(std::string_view name, std::string_view value, const Word<T> (&words)[N]) {
    std::string wanted = "give one of";
    for (const Word<T>& word : words) {
        if (word.word == value) {
            return word.value;
        }
        wanted.append(" ").append(word.word);
    }
    return bad_value(name, value, wanted);
}

constexpr Word<hsm::Residency> kResidencies[] = {{"session", hsm::Residency::session},
                                                 {"token", hsm::Residency::token}};
constexpr Word<hsm::IvScheme> kIvs[] = {{"prefix-counter", hsm::IvScheme::prefix_counter},
                                        {"random96", hsm::IvScheme::random96},
                                        {"module", hsm::IvScheme::module_writes}};
constexpr Word<TokenFiles> kTokenFilesWords[] = {{"softhsm", TokenFiles::softhsm},
                                                 {"none", TokenFiles::none}};
constexpr Word<softhsm::Shadow> kShadows[] = {{"on", softhsm::Shadow::on}, {"off", softhsm::Shadow::off}};

template <class T>
Status<> store(Result<T> from, T& to) {
    if (!from) {
        return from.error();
    }
    to = std::move(*from);
    return done;
}

Status<> set_supervisor_pid(std::string_view value, Options& options) {
    if (value == "any") {
        options.supervisor.pid.reset();
        options.supervisor_is_parent = false;
        return done;
    }
    const Result<pid_t> pid = number<pid_t>("supervisor-pid", value, 1, std::numeric_limits<pid_t>::max());
    if (!pid) {
        return pid.error();
    }
    options.supervisor.pid = *pid;
    return done;
}

Status<> set_option(int letter, std::string_view value, Options& options) {
    switch (letter) {
        case kState: options.state = value; return done;
        case kModule: options.module = value; return done;
        case kModuleParameters: options.module_parameters = value; return done;
        case kSerial: options.serial = value; return done;
        case kName: options.name = value; return done;
        case kUid:
            return store(number<uid_t>("uid", value, 0, std::numeric_limits<uid_t>::max() - 1),
                         options.supervisor.uid);
        case kSupervisorPid: return set_supervisor_pid(value, options);
        case kResidency: return store(choice("residency", value, kResidencies), options.residency);
        case kKeyArn: options.key_arn = value; return done;
        case kKeyMemory: {
            const Result<std::size_t> megabytes = number<std::size_t>("key-memory", value, 1, 1UL << 20);
            if (megabytes) {
                options.key_memory = *megabytes << 20;
                return done;
            }
            return megabytes.error();
        }
        case kIv: return store(choice("iv", value, kIvs), options.iv);
        case kTokenFiles: return store(choice("token-files", value, kTokenFilesWords), options.token_files);
        case kShadow: return store(choice("shadow", value, kShadows), options.shadow);
        case kAllowCore: options.core = CoreDumps::allowed; return done;
        case kQuiet: options.verbosity = Verbosity::warnings; return done;
        case kLockPatience: {
            const Result<std::uint32_t> wait = number<std::uint32_t>("lock-patience-ms", value, 0, 3600'000);
            if (wait) {
                options.lock_patience = std::chrono::milliseconds(*wait);
                return done;
            }
            return wait.error();
        }
        case kNonceCounter:
            return store(
                number<std::uint32_t>("nonce-counter", value, 0, std::numeric_limits<std::uint32_t>::max()),
                options.nonce_counter);
        case kOfficer: options.mode = Mode::officer; return done;
        case kOfficerPinFile:
            options.officer_pin_file = value;
            options.operator_token = true;
            return done;
        case kOperatorToken: options.operator_token = true; return done;
        case kHelp: options.mode = Mode::help; return done;
        case kVersion: options.mode = Mode::version; return done;
    }
    return Error(Errc::bad_config, "unknown option or missing value (see --help)");
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
    Options options;
    options.supervisor.uid = geteuid();
    options.supervisor.pid = getppid();
    bool token_files_given = false;
    opterr = 0;
    for (;;) {
        const int letter = getopt_long(argc, argv, "", kLongOptions, nullptr);
        if (letter == -1) {
            break;
        }
        token_files_given = token_files_given || letter == kTokenFiles;
        const Status<> set = set_option(letter, optarg != nullptr ? optarg : "", options);
        if (!set) {
            return set.error();
        }
    }
    if (options.mode == Mode::help || options.mode == Mode::version) {
        return options;
    }
    if (optind != argc) {
        return Error(Errc::bad_config,
                     "unexpected argument \"" + std::string(argv[optind]) + "\" (see --help)");
    }
    if (options.state.empty() || options.module.empty()) {
        return Error(Errc::bad_config, "--state and --module are needed (see --help)");
    }
    if (!token_files_given && options.module.find("softhsm") == std::string::npos) {
        options.token_files = TokenFiles::none;
    }
    if (!options.supervisor.pid && options.supervisor.uid == geteuid()) {
        return Error(
            Errc::bad_config,
            "--supervisor-pid any needs --uid of another user: with one user for both, any program of that "
            "user could speak to the HSM");
    }
    if (options.name.empty()) {
        options.name = options.serial;
    }
    return options;
}

std::string help_text() {
    return R"(claviger-hsm: serves one HSM (one token of one PKCS#11 module) to its supervisor

usage: claviger-hsm --state DIR --module LIB [options]
       claviger-hsm --officer --state DIR --module LIB [options]   officer work over the socket at descriptor 3
  --operator-token        the token was made by its operator: no signal cuts the officer's work on it off
  --officer-pin-file FILE the same, and this holds its officer's (SO) PIN; mode 0600. Without it, requests carry that PIN

  --state DIR             directory of this host, mode 0700: data.sock, control.sock, pins, pins.key, lock, and for
                          SoftHSM the token and its shadow. Made when it does not exist.
  --module LIB            PKCS#11 library
  --module-parameters P   handed to the library in C_Initialize, where it wants that (NSS)
  --serial S              serial number of the token; default: the module's only initialised token
  --name NAME             begins each log line; default: the serial

who may speak (both sockets, judged by SO_PEERCRED before the first byte is read)
  --uid N                 user of the supervisor; default: our own
  --supervisor-pid PID    process of the supervisor; default: the parent. This process ends when it does.
                          "any" (only with --uid of another user, for hosts that systemd starts): every process of
                          that user, and no dependence on a parent.

keys
  --residency session|token   where KMS keys live; default session: loaded on first use, least recently used out.
                          token: each has a token object, which is put there on request only; a key whose object is
                          gone is not used.
  --key-arn PREFIX        "arn:aws:kms:us-east-1": token objects are labelled with the ARN of their key, and their id
                          is its UUID; default: names of our own
  --key-memory MB         for loaded session keys, 8.3 kB each, a quarter of it for private keys; default 128
  --iv prefix-counter|random96|module   AES-GCM nonces; default prefix-counter
  --nonce-counter N       where a fresh nonce prefix starts to count; default 0 (tests near the wrap)

token files
  --token-files softhsm|none  default: softhsm if LIB has that in its name
  --shadow on|off         keep a crash-safe copy of SoftHSM's token files; default on
  --lock-patience-ms N    how long to wait for another process that holds DIR/lock; default 5000

  --quiet                 log warnings and errors only: the supervisor tells the rest
  --allow-core            dumpable, for the test that looks for secrets in memory; never in production
  --help, --version

exit codes: 0 drained after SIGTERM; 1 start failed; 2 wrong arguments; 3 supervisor gone
)";
}

}  // namespace claviger::host
