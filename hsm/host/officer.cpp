#include "hsm/host/officer.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include <claviger/hsm/officer.hpp>

#include "hsm/host/connection.hpp"
#include "hsm/host/hosted_token.hpp"
#include "hsm/host/log.hpp"
#include "hsm/host/officer_pin.hpp"
#include "hsm/host/pin_store.hpp"
#include "hsm/host/token_claim.hpp"
#include "hsm/link/control.hpp"
#include "hsm/link/peer.hpp"
#include "hsm/pin.hpp"

namespace claviger::host {

namespace {

namespace control = link::control;
using control::Operation;

hsm::TrustedKind to_hsm(control::TrustedKind kind) noexcept {
    switch (kind) {
        case control::TrustedKind::recovery: return hsm::TrustedKind::recovery;
        case control::TrustedKind::transport: return hsm::TrustedKind::transport;
    }
    return hsm::TrustedKind::transport;
}

// The module as the officer sees it; loaded for the first request.
class OfficerDesk {
public:
    explicit OfficerDesk(const Options& options) : options_(options) {}

    Result<control::TokenMade> init_token(const control::InitToken& request) {
        const Status<> opened = open();
        if (!opened) {
            return opened.error();
        }
        const Result<hsm::TokenFacts> made = hsm::init_token(
            *module_, {.label = request.label, .officer_pin = request.so_pin, .user_pin = request.user_pin},
            files_.get());
        if (!made) {
            return made.error();
        }
        const Status<> saved = files_->save();
        if (!saved) {
            return saved.error();
        }
        return control::TokenMade{made->serial};
    }

    Result<control::Empty> install_trusted(const control::InstallTrusted& request) {
        return as_officer(request.so_pin, [&](hsm::Officer& officer) {
            return officer.install_trusted(to_hsm(request.kind), request.public_key);
        });
    }

    Result<control::Empty> remove_trusted(const control::RemoveTrusted& request) {
        return as_officer(request.so_pin, [&](hsm::Officer& officer) -> Status<> {
            return officer.remove_trusted(to_hsm(request.kind)).transform([](std::size_t) { return done; });
        });
    }

    Result<control::Empty> init_user_pin(const control::InitUserPin& request) {
        return as_officer(request.so_pin,
                          [&](hsm::Officer& officer) { return officer.init_user_pin(request.user_pin); });
    }

    Result<control::Empty> wipe_token(const control::WipeToken& request) {
        Result<control::Empty> wiped = as_officer(request.so_pin, [&](hsm::Officer& officer) -> Status<> {
            return officer.wipe().transform([](std::size_t) { return done; });
        });
        const bool absent = !wiped && wiped.error().code == Errc::not_found;
        if (options_.token_files == TokenFiles::none || !(wiped || absent)) {
            return wiped;  // absent, with files of ours: an attempt before this one erased them
        }
        // C_InitToken keeps the serial, and a process that still has the token open would go on writing into
        // it.
        module_.reset();
        files_.reset();
        const Status<> erased = softhsm::TokenDirectory::erase(options_.state);
        if (!erased) {
            return erased.error();
        }
        return control::Empty{};
    }

    Result<control::Empty> take(const control::TakeToken& request) {
        return claim(request.so_pin, request.user_pin, take_token);
    }

    Result<control::Empty> give_back(const control::GiveBackToken& request) {
        return claim(request.so_pin, request.user_pin, [&](const ClaimCall& call) {
            return give_back_token(call, request.init_token ? hsm::Claim::init_anew : hsm::Claim::give_back);
        });
    }

    Result<control::Empty> try_user_pin(const control::TryUserPin& request) {
        const Status<> opened = open();
        if (!opened) {
            return opened.error();
        }
        const Result<hsm::TokenFacts> facts = find_guarded();
        if (!facts) {
            return facts.error();
        }
        hsm::TokenOptions token_options;
        token_options.guard = files_.get();
        const Result<std::unique_ptr<hsm::Token>> token =
            hsm::Token::open(*module_, facts->slot, std::move(token_options));
        if (!token) {
            return token.error();
        }
        const Result<KeptPins> kept = kept_pins();
        if (!kept) {
            return kept.error();
        }
        const bool keeps_it = is_kept(*kept, request.user_pin);
        const hsm::Attempt attempt = keeps_it ? hsm::Attempt::by_operator : hsm::Attempt::automatic;
        if (request.only_if_kept && !keeps_it) {
            const Status<> flags = hsm::may_try_pin(facts->user_pin, hsm::Attempt::by_operator);
            return flags ? Error(Errc::data_invalid, "this HSM has another user PIN") : flags.error();
        }
        const Status<> entered = (*token)->login(request.user_pin, attempt);
        if (!entered) {
            // The token counts our attempt against its user: his own PIN, once, makes it forget.
            if (!keeps_it && kept->usable(kept->current) && !kept->next &&
                facts->user_pin == hsm::PinState::good) {
                const Status<> forgotten = (*token)->login(kept->current->pin, hsm::Attempt::by_operator);
                if (!forgotten) {
                    log(Level::warning, "after a wrong PIN: " + forgotten.error().describe());
                }
            }
            return entered.error();
        }
        return control::Empty{};  // the end of this process logs out
    }

private:
    Status<> open() {
        if (module_) {
            return done;
        }
        Result<std::unique_ptr<TokenFilesGuard>> files = TokenFilesGuard::open(options_);
        if (!files) {
            return files.error();
        }
        files_ = std::move(*files);
        // The module reads the token's files, which the serving host may be writing.
        const Result<hsm::Guarded> guarded = hsm::Guarded::enter(files_.get());
        if (!guarded) {
            return guarded.error();
        }
        Result<std::unique_ptr<hsm::Module>> module =
            hsm::Module::load({.path = options_.module, .parameters = options_.module_parameters});
        if (!module) {
            return module.error();
        }
        module_ = std::move(*module);
        return done;
    }

    template <class Work>
    Result<control::Empty> claim(const SecretBytes& officer_pin, const SecretBytes& user_pin, Work work) {
        const Status<> opened = open();
        if (!opened) {
            return Error(Errc::hsm_fault, opened.error().describe());  // nothing is wrong with the token
        }
        const ClaimCall call{options_, *module_, *files_, officer_pin, user_pin};
        const Status<> worked = work(call);
        if (!worked) {
            return worked.error();
        }
        return control::Empty{};
    }

    Result<KeptPins> kept_pins() const {
        const Result<PinStore> pins = PinStore::open(options_.state);
        if (!pins) {
            return pins.error();
        }
        return pins->read();
    }

    static bool is_kept(const KeptPins& kept, const SecretBytes& pin) {
        const auto is = [&](const std::optional<PinVersion>& one) {
            return kept.usable(one) &&
                   equal_constant_time(one->pin.reveal(SecretAccess()), pin.reveal(SecretAccess()));
        };
        return is(kept.current) || is(kept.next);
    }

    // A serving host truncates its token's files when it logs in: unguarded, the PIN flags may be none.
    Result<hsm::TokenFacts> find_guarded() {
        const Result<hsm::Guarded> guarded = hsm::Guarded::enter(files_.get());
        if (!guarded) {
            return guarded.error();
        }
        return find_token(*module_, options_.serial);
    }

    template <class Work>
    Result<control::Empty> as_officer(const SecretBytes& given, Work work) {
        const Status<> opened = open();
        if (!opened) {
            return opened.error();
        }
        std::optional<OfficerPin> kept;
        if (!options_.officer_pin_file.empty()) {
            Result<OfficerPin> read = OfficerPin::read(options_);
            if (!read) {
                return read.error();
            }
            kept = *std::move(read);
        }
        const Result<hsm::TokenFacts> facts = find_guarded();
        if (!facts) {
            return facts.error();
        }
        Status<> worked = done;
        {
            const bool typed = options_.operator_token && !kept;
            Result<std::unique_ptr<hsm::Officer>> officer =
                hsm::Officer::login(*module_, facts->slot, kept ? kept->pin() : given, files_.get(),
                                    typed ? hsm::Attempt::by_operator : hsm::Attempt::automatic);
            if (!officer) {
                if (kept) {
                    return kept->note(officer.error());
                }
                return typed ? explained(officer.error(), kTypedPin) : officer.error();
            }
            worked = work(**officer);
        }
        if (worked) {
            worked = files_->save();
        }
        if (!worked) {
            return worked.error();
        }
        return control::Empty{};
    }

    const Options& options_;
    std::unique_ptr<TokenFilesGuard> files_;
    std::unique_ptr<hsm::Module> module_;
};

template <class Request, class Handler>
void answer(const link::FrameView& frame, link::WipedBuffer& out, Handler handler) {
    const std::optional<Request> request = control::decode<Request>(frame.payload);
    if (!request) {
        link::append_error(out, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    const auto reply = handler(*request);
    if (!reply) {
        // A question that was answered with no.
        const bool asked = reply.error().code == Errc::conflict || reply.error().code == Errc::data_invalid;
        log(asked ? Level::info : Level::error, "officer: " + reply.error().describe());
        link::append_error(out, frame.id, reply.error());
        return;
    }
    control::append_reply(out, frame.id, *reply);
}

void serve(OfficerDesk& desk, const link::FrameView& frame, link::WipedBuffer& out) {
    const control::OperationRow* row = control::find_operation(static_cast<Operation>(frame.code));
    if (row == nullptr || row->served_by != control::ServedBy::officer) {
        link::append_error(out, frame.id, Error(Errc::protocol_error, "unknown operation"));
        return;
    }
    if (frame.deadline < link::to_wire(SystemClock().mono())) {
        link::append_error(out, frame.id,
                           Error(Errc::deadline_exceeded, "the deadline had passed when it was read"));
        return;
    }
    log(Level::info, "officer: " + std::string(row->name));
    switch (row->operation) {
        case Operation::init_token:
            return answer<control::InitToken>(frame, out,
                                              [&](const auto& request) { return desk.init_token(request); });
        case Operation::install_trusted:
            return answer<control::InstallTrusted>(
                frame, out, [&](const auto& request) { return desk.install_trusted(request); });
        case Operation::remove_trusted:
            return answer<control::RemoveTrusted>(
                frame, out, [&](const auto& request) { return desk.remove_trusted(request); });
        case Operation::init_user_pin:
            return answer<control::InitUserPin>(
                frame, out, [&](const auto& request) { return desk.init_user_pin(request); });
        case Operation::wipe_token:
            return answer<control::WipeToken>(frame, out,
                                              [&](const auto& request) { return desk.wipe_token(request); });
        case Operation::take_token:
            return answer<control::TakeToken>(frame, out,
                                              [&](const auto& request) { return desk.take(request); });
        case Operation::give_back_token:
            return answer<control::GiveBackToken>(
                frame, out, [&](const auto& request) { return desk.give_back(request); });
        case Operation::try_user_pin:
            return answer<control::TryUserPin>(
                frame, out, [&](const auto& request) { return desk.try_user_pin(request); });
        case Operation::status:
        case Operation::login:
        case Operation::logout:
        case Operation::set_user_pin:
        case Operation::rotate_pin:
        case Operation::create_cwk:
        case Operation::make_transport:
        case Operation::wrap_cwk:
        case Operation::accept_cwk:
        case Operation::drop_transport:
        case Operation::create_identity:
        case Operation::install_identity:
        case Operation::make_csr:
        case Operation::install_certificate:
        case Operation::check_cluster:
        case Operation::probe:
        case Operation::admit:
        case Operation::refuse:
        case Operation::seal_membership:
        case Operation::drain:
        case Operation::wipe:
        case Operation::list_objects:
        case Operation::make_recovery:
        case Operation::recover_cwk:
        case Operation::sign_backup:
        case Operation::destroy_object: break;  // the serving host's, which find_operation() told above
    }
    link::append_error(out, frame.id, Error(Errc::protocol_error, "unknown operation"));
}

// While it is there, no signal that asks to end does end this process: a service manager that stops the
// service asks all its processes, and SoftHSM, cut off while it sets a PIN, loses the token.
class Undisturbed {
public:
    explicit Undisturbed(const Options& options) {
        sigset_t asking;
        sigemptyset(&asking);
        if (options.operator_token) {
            for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
                sigaddset(&asking, signal);
            }
        }
        sigprocmask(SIG_BLOCK, &asking, &before_);
    }
    ~Undisturbed() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    Undisturbed(const Undisturbed&) = delete;  // each would give the mask back
    Undisturbed& operator=(const Undisturbed&) = delete;

private:
    sigset_t before_;
};

// The socket may be non-blocking at the other end's choice.
bool wait_for(int socket, short events) {
    pollfd waiting{.fd = socket, .events = events, .revents = 0};
    return poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

int run_officer(const Options& options) {
    const Status<> allowed = link::check_peer(kOfficerSocket, options.supervisor);
    if (!allowed) {
        log(Level::error, "officer socket: " + allowed.error().detail);
        return 1;
    }
    Connection connection(Descriptor(kOfficerSocket), 0, Channel::control);
    OfficerDesk desk(options);
    while (wait_for(kOfficerSocket, POLLIN) && connection.read_some() == IoOutcome::open) {
        while (const std::optional<link::FrameView> frame = connection.in().next()) {
            const Undisturbed undisturbed(options);
            serve(desk, *frame, connection.out());
        }
        connection.in().consume();
        if (connection.in().broken()) {
            log(Level::error, "officer socket: a frame over the limit");
            return 1;
        }
        while (connection.unsent() > 0) {
            if (connection.write_all() == IoOutcome::closed) {
                return 0;
            }
            if (connection.unsent() > 0 && !wait_for(kOfficerSocket, POLLOUT)) {
                return 1;
            }
        }
    }
    return 0;
}

}  // namespace claviger::host
