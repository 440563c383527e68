// claviger-hsm: one process per HSM. Reads its arguments, shuts itself in, locks its directory, serves.
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "hsm/host/doctor.hpp"
#include "hsm/host/files.hpp"
#include "hsm/host/host.hpp"
#include "hsm/host/log.hpp"
#include "hsm/host/officer.hpp"
#include "hsm/host/options.hpp"
#include "hsm/host/pin_store.hpp"
#include "hsm/host/process.hpp"
#include "hsm/link/peer.hpp"
#include "hsm/softhsm/file_lock.hpp"

namespace {

using namespace claviger;
using namespace claviger::host;

int fail(const Error& error) {
    log(Level::error, error.describe());
    const bool unfit = error.code == Errc::not_found || error.code == Errc::bad_config ||
                       error.code == Errc::unsupported || error.code == Errc::integrity;
    return unfit ? link::kExitUnfit : 1;
}

int serve(const Options& options) {
    const Status<> directory = make_private_directory(options.state);
    if (!directory) {
        return fail(directory.error());
    }
    const Result<softhsm::FileLock> lock =
        softhsm::FileLock::acquire(options.state + "/lock", options.lock_patience);
    if (!lock) {
        const int code = fail(lock.error());
        return lock.error().code == Errc::conflict ? link::kExitTaken : code;
    }
    Result<PinStore> pins = PinStore::open(options.state);
    if (!pins) {
        return fail(pins.error());
    }
    Result<std::unique_ptr<HostedToken>> token = HostedToken::open(options);
    if (!token) {
        return fail(token.error());
    }
    if (options.name.empty()) {
        set_log_name("claviger-hsm[" + (*token)->facts_at_start().serial + "]");
    }
    Result<std::unique_ptr<Host>> host = Host::start(options, **token, std::move(*pins));
    if (!host) {
        return fail(host.error());
    }
    silence_module_log();
    return (*host)->run();
}

int run_officer_mode(const Options& options) {
    const Status<> directory = make_private_directory(options.state);
    return directory ? run_officer(options) : fail(directory.error());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "doctor") {
        return run_doctor({argv + 2, argv + argc});
    }
    const Result<Options> options = parse_options(argc, argv);
    if (!options) {
        std::fprintf(stderr, "claviger-hsm: %s\n", options.error().detail.c_str());
        return 2;
    }
    switch (options->mode) {
        case Mode::help: std::fputs(help_text().c_str(), stdout); return 0;
        case Mode::version: std::puts("claviger-hsm " CLAVIGER_VERSION); return 0;
        case Mode::serve:
        case Mode::officer: break;
    }
    if (!options->name.empty()) {
        set_log_name("claviger-hsm[" + options->name + "]");
    }
    if (options->verbosity == Verbosity::warnings) {
        set_log_level(Level::warning);
    }
    close_descriptors_from(options->mode == Mode::officer ? kOfficerSocket + 1 : STDERR_FILENO + 1);
    const Status<> hardened = harden(*options);
    if (!hardened) {
        return fail(hardened.error());
    }
    return options->mode == Mode::officer ? run_officer_mode(*options) : serve(*options);
}
