#include "cluster/outcome.hpp"

namespace claviger::cluster {

using link::CostClass;
using link::Repeat;

Judgement judge_error(Errc code, Repeat repeat) noexcept {
    const Next again = repeat == Repeat::when_host_died ? Next::finish : Next::elsewhere;
    switch (code) {
        // The request was understood and refused for what it is: every HSM would say the same.
        case Errc::data_invalid:
        case Errc::unsupported:
        case Errc::conflict:
        case Errc::bad_config: return {Next::finish, Evidence::good, Look::no};
        case Errc::internal: return {Next::finish, Evidence::none, Look::no};
        case Errc::key_not_loaded: return {Next::with_token, Evidence::none, Look::no};
        // This HSM's copy of one key is bad, or the token did not verify there: the HSM itself is not
        // accused.
        case Errc::key_fault:
        case Errc::integrity: return {again, Evidence::none, Look::no};
        // It was admitted with the cluster's wrapping key and no longer has it: nothing was started.
        case Errc::not_found: return {Next::elsewhere, Evidence::fault, Look::yes};
        // Nothing was started.
        case Errc::overloaded: return {Next::elsewhere, Evidence::none, Look::no};
        case Errc::not_admitted: return {Next::elsewhere, Evidence::none, Look::yes};
        // The host found the request too old: it, or we, did not run for a while. It is alive and says so.
        case Errc::deadline_exceeded: return {again, Evidence::none, Look::no};
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::pin_refused:
        case Errc::hsm_fault:
        case Errc::hsm_gone:
        case Errc::no_hsm:
        case Errc::protocol_error:
        case Errc::io_error: return {again, Evidence::fault, Look::no};
    }
    return {Next::finish, Evidence::fault, Look::yes};
}

Judgement judge_silence(ReplyKind kind, CostClass cost, Repeat repeat, unsigned died_before) noexcept {
    const Next again = repeat == Repeat::freely ? Next::elsewhere : Next::finish;
    switch (kind) {
        case ReplyKind::gone:
            return {repeat == Repeat::freely || died_before == 0 ? Next::elsewhere : Next::finish,
                    Evidence::none, Look::no};
        case ReplyKind::silent: return {again, Evidence::silent, Look::yes};
        case ReplyKind::late:
            return {again, cost == CostClass::fast ? Evidence::fault : Evidence::none, Look::yes};
        case ReplyKind::answer:
        case ReplyKind::failed: break;
    }
    return {Next::finish, Evidence::good, Look::no};
}

}  // namespace claviger::cluster
