#include "hsm/host/doctor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>

#include <claviger/base/descriptor.hpp>
#include <claviger/base/terminal.hpp>
#include <claviger/hsm/officer.hpp>
#include <claviger/hsm/profile.hpp>

#include "hsm/link/control.hpp"
#include "hsm/softhsm/token_directory.hpp"

namespace claviger::host {
namespace {

constexpr const char* kHelp =
    R"(claviger hsm doctor: what a PKCS#11 module can do and what it enforces

usage: claviger hsm doctor --module LIB --serial S [options]   a token of yours; logs in once
       claviger hsm doctor --module LIB --slot N [options]     the same, the token in slot N as the module numbers it now
       claviger hsm doctor --soft [--module LIB]               a SoftHSM token made for this and removed again

  --pin-file FILE         the user PIN; default: asked for, or read from standard input when that is no terminal
  --module-parameters P   handed to the library in C_Initialize, where it wants that (NSS)
  --attacks-only          leave out RSA and EC generation, which takes seconds

Works with session objects of its own and leaves nothing behind. Exit codes: 0 strong, 3 weak, 4 unusable, 1 it could not
be found out, 2 wrong arguments.
)";

struct Request {
    hsm::ModuleOptions module;
    std::string serial;
    std::optional<unsigned long> slot;
    std::string pin_file;
    hsm::ProbeDepth depth = hsm::ProbeDepth::all_key_kinds;
    bool soft = false;
};

Error usage(std::string what) {
    return Error(Errc::bad_config, std::move(what) + "; try claviger hsm doctor --help");
}

Result<Request> parse(const std::vector<std::string>& arguments) {
    Request request;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = arguments[i];
        if (name == "--soft") {
            request.soft = true;
            continue;
        }
        if (name == "--attacks-only") {
            request.depth = hsm::ProbeDepth::attacks;
            continue;
        }
        if (i + 1 == arguments.size()) {
            return usage(name + " is unknown or lacks its value");
        }
        const std::string& value = arguments[++i];
        if (name == "--module") {
            request.module.path = value;
        } else if (name == "--module-parameters") {
            request.module.parameters = value;
        } else if (name == "--serial") {
            request.serial = value;
        } else if (name == "--slot") {
            unsigned long slot = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), slot);
            if (error != std::errc() || end != value.data() + value.size()) {
                return usage("--slot wants a number");
            }
            request.slot = slot;
        } else if (name == "--pin-file") {
            request.pin_file = value;
        } else {
            return usage(name + " is unknown");
        }
    }
    if (request.module.path.empty() && request.soft) {
        request.module.path = softhsm::kDefaultModule;
    }
    const int named = (request.serial.empty() ? 0 : 1) + (request.slot ? 1 : 0) + (request.soft ? 1 : 0);
    if (request.module.path.empty() || named != 1) {
        return usage("give --module LIB and one of --serial S, --slot N or --soft");
    }
    return request;
}

Result<SecretBytes> read_pin(const Request& request) {
    constexpr std::size_t kMost = link::control::kMaxPin;
    if (!request.pin_file.empty()) {
        const Descriptor file(open(request.pin_file.c_str(), O_RDONLY | O_CLOEXEC));
        return file ? Result<SecretBytes>(read_line(file.get(), kMost).value_or(SecretBytes()))
                    : Error(Errc::bad_config, request.pin_file + ": cannot read the PIN from it");
    }
    std::optional<SecretBytes> pin = read_hidden_line("User PIN: ", kMost);
    return pin ? Result<SecretBytes>(*std::move(pin)) : Error(Errc::bad_config, "no PIN was given");
}

Result<hsm::TokenFacts> find(const Request& request, const hsm::Module& module) {
    if (!request.serial.empty()) {
        return module.find_token(request.serial);
    }
    Result<hsm::TokenFacts> token = module.token_in(hsm::SlotId(*request.slot));
    if (token || token.error().code != Errc::not_found) {
        return token;
    }
    const auto tokens = module.tokens();
    if (!tokens) {
        return tokens.error();
    }
    std::string others;
    for (const hsm::TokenFacts& other : *tokens) {
        others += (others.empty() ? "; slots with one: " : ", ") + std::to_string(other.slot.value()) + " (" +
                  other.label + ", serial " + other.serial + ")";
    }
    return Error(Errc::not_found, "no token in slot " + std::to_string(*request.slot) + others);
}

void print(const hsm::Module& module, const hsm::TokenFacts& token, const hsm::Profile& profile) {
    std::printf("module    %s\n          %s\n", module.path().c_str(), module.description().c_str());
    std::printf("token     %s, serial %s, %s, firmware %s\n", token.label.c_str(), token.serial.c_str(),
                token.model.c_str(), token.firmware.c_str());
    std::printf("verdict   %s\n\nkeys\n", profile.summary.c_str());
    for (const hsm::KeyKind& kind : profile.key_kinds) {
        std::printf("  %-18s %-20s %s\n", kind.spec.c_str(), kind.usage.c_str(),
                    kind.refusal.empty() ? "yes" : ("no: " + kind.refusal).c_str());
    }
    std::printf("\nattacks by whoever holds the user PIN\n");
    for (const hsm::AttackResult& attack : profile.attacks) {
        std::printf("  %-7s %s: %s\n", attack.refused ? "refused" : "PASSED", attack.name.c_str(),
                    attack.outcome.c_str());
    }
    if (!profile.nests_unwrap_template) {
        std::printf(
            "\nnote      a transport key would open the wrapping key: it exists for the length of one join "
            "only\n");
    }
}

Result<int> examine(const Request& request, hsm::Module& module, const hsm::TokenFacts& token,
                    const SecretBytes& pin, hsm::TokenFileGuard* guard) {
    hsm::TokenOptions options;
    options.guard = guard;
    auto opened = hsm::Token::open(module, token.slot, options);
    if (!opened) {
        return std::move(opened).error();
    }
    if (Status<> in = (*opened)->login(pin); !in) {
        return std::move(in).error();
    }
    auto lane = (*opened)->open_lane();
    if (!lane) {
        return std::move(lane).error();
    }
    const auto profile = hsm::probe(**lane, request.depth);
    if (!profile) {
        return profile.error();
    }
    print(module, token, *profile);
    switch (profile->verdict) {
        case hsm::Verdict::strong: return 0;
        case hsm::Verdict::weak: return 3;
        case hsm::Verdict::unusable: return 4;
    }
    return 1;
}

Result<int> examine_soft(const Request& request) {
    std::string folder = std::filesystem::temp_directory_path() / "claviger-doctor-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
        return Error(Errc::io_error, folder + ": cannot make a directory for the token");
    }
    Result<int> result = [&]() -> Result<int> {
        auto directory = softhsm::TokenDirectory::open(folder, softhsm::Shadow::off);
        if (!directory) {
            return std::move(directory).error();
        }
        (*directory)->use();
        auto module = hsm::Module::load(request.module);
        if (!module) {
            return std::move(module).error();
        }
        const SecretBytes officer_pin = softhsm::random_pin();
        const SecretBytes user_pin = softhsm::random_pin();
        const auto token =
            hsm::init_token(**module, {"claviger doctor", officer_pin, user_pin}, directory->get());
        return token ? examine(request, **module, *token, user_pin, directory->get()) : token.error();
    }();
    std::error_code ignored;  // a directory below /tmp that stays is no harm
    std::filesystem::remove_all(folder, ignored);
    return result;
}

Result<int> examine_own(const Request& request) {
    auto module = hsm::Module::load(request.module);
    if (!module) {
        return std::move(module).error();
    }
    const auto token = find(request, **module);
    if (!token) {
        return token.error();
    }
    const auto pin = read_pin(request);
    if (!pin) {
        return pin.error();
    }
    if (pin->empty()) {
        return Error(Errc::bad_config, "no PIN was given; none was tried");
    }
    return examine(request, **module, *token, *pin, nullptr);
}

}  // namespace

int run_doctor(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && arguments[0] == "--help") {
        std::fputs(kHelp, stdout);
        return 0;
    }
    const Result<Request> request = parse(arguments);
    if (!request) {
        std::fprintf(stderr, "claviger hsm doctor: %s\n", request.error().detail.c_str());
        return 2;
    }
    const Result<int> verdict = request->soft ? examine_soft(*request) : examine_own(*request);
    if (!verdict) {
        std::fprintf(stderr, "claviger hsm doctor: %s\n", verdict.error().describe().c_str());
        return 1;
    }
    return *verdict;
}

}  // namespace claviger::host
