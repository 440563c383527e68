#include "src/kms/key_store_jobs.hpp"

#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "src/api/submit.hpp"
#include "src/kms/audit_record.hpp"
#include "src/kms/key_store.hpp"
#include "src/observe/log.hpp"

namespace claviger::kms {
namespace {

using namespace std::chrono_literals;
using store::ConnectionState;

constexpr auto kRetry = 1s;  // a full disk and a host that is still ending are given time

// ConnectionErrorCode of the model.
std::string_view error_code(cloudhsm::LoginFailure why) noexcept {
    switch (why) {
        case cloudhsm::LoginFailure::cluster_not_found: return "CLUSTER_NOT_FOUND";
        case cloudhsm::LoginFailure::insufficient_hsms: return "INSUFFICIENT_CLOUDHSM_HSMS";
        case cloudhsm::LoginFailure::user_not_found: return "USER_NOT_FOUND";
        case cloudhsm::LoginFailure::invalid_credentials: return "INVALID_CREDENTIALS";
        case cloudhsm::LoginFailure::user_locked_out: return "USER_LOCKED_OUT";
        case cloudhsm::LoginFailure::user_logged_in: return "USER_LOGGED_IN";
        case cloudhsm::LoginFailure::network_errors: return "NETWORK_ERRORS";
        case cloudhsm::LoginFailure::subnet_not_found: return "SUBNET_NOT_FOUND";
        case cloudhsm::LoginFailure::internal_error: return "INTERNAL_ERROR";
    }
    return "INTERNAL_ERROR";
}

bool is_transient(ConnectionState state) noexcept {
    return state == ConnectionState::connecting || state == ConnectionState::disconnecting;
}

}  // namespace

void KeyStoreJobs::start() {
    for (KeyStorePtr& known : parts_.catalogue.key_stores().all()) {
        if (is_transient(known->state)) {
            wake(std::move(known), Begun::before_start);
        }
    }
}

void KeyStoreJobs::apply(const store::Change& change) {
    for (const store::KeyStoreRecord& record : change.key_stores) {
        if (is_transient(record.state)) {
            wake(std::make_shared<const store::KeyStoreRecord>(record), Begun::now);
        }
    }
}

// A job that runs looks at the state again before it ends, on the same thread: a wake that came too early is
// not lost.
void KeyStoreJobs::wake(KeyStorePtr known, Begun begun) {
    asio::post(parts_.clusters.control(), [this, known = std::move(known), begun] {
        if (!running_.insert(password_row(*known)).second) {
            return;
        }
        asio::co_spawn(parts_.clusters.control(), settle(known, begun),
                       [](const std::exception_ptr& failure) {
                           if (failure) {
                               observe::error("key_store.job_failed",
                                              {{"do", "restart the service: it resumes the job"}});
                           }
                       });
    });
}

asio::awaitable<void> KeyStoreJobs::settle(KeyStorePtr known, Begun begun) {
    const std::string name = password_row(*known);
    asio::steady_timer timer(parts_.clusters.control());
    for (;;) {
        known = parts_.catalogue.key_stores().find(known->account.value(), known->region, known->id.value());
        if (known == nullptr || !is_transient(known->state)) {
            break;
        }
        bool settled = false;
        if (known->state == ConnectionState::connecting) {
            settled = co_await connect(known, begun);
        } else {
            settled = co_await disconnect(known);
            begun = Begun::now;  // what follows was asked for in this life
        }
        if (!settled) {
            timer.expires_after(kRetry);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }
    running_.erase(name);
}

// The password is tried once in its life: that it was good is on disk before any host gets another PIN, so a
// connect that was killed in between goes on without it.
asio::awaitable<Result<Done, cloudhsm::LoginError>> KeyStoreJobs::use_password(KeyStorePtr known) {
    Result<SecretBytes> opened =
        store::open_secret(parts_.sealing_key, kPasswordTable, password_row(*known), known->sealed_password);
    if (!opened) {
        co_return cloudhsm::LoginError{cloudhsm::LoginFailure::internal_error, opened.error().describe()};
    }
    SecretBytes password = *std::move(opened);
    Result<Done, cloudhsm::LoginError> tried =
        co_await parts_.clusters.try_password(known->cluster, std::move(password));
    if (!tried) {
        co_return tried;
    }
    store::Store::Work work = [&](store::Txn& txn) {
        auto row = txn.key_store(known->account, known->region, known->id);
        if (!row || !*row) {
            return false;
        }
        (**row).sealed_password.clear();
        return txn.put(**std::move(row)).has_value();
    };
    const Result<std::uint64_t> committed = co_await api::submit(parts_.store, std::move(work));
    if (!committed) {
        co_return cloudhsm::LoginError{cloudhsm::LoginFailure::internal_error, committed.error().describe()};
    }
    co_return done;
}

asio::awaitable<bool> KeyStoreJobs::connect(KeyStorePtr known, Begun begun) {
    Result<Done, cloudhsm::LoginError> logged_in = done;
    if (!known->sealed_password.empty()) {
        logged_in = co_await use_password(known);
    }
    if (logged_in) {
        logged_in = co_await parts_.clusters.log_in(known->cluster);
    }
    if (!logged_in && begun == Begun::before_start &&
        logged_in.error().why == cloudhsm::LoginFailure::network_errors) {
        observe::warn("key_store.connect_waits",
                      {{"id", known->id.value()}, {"reason", logged_in.error().detail}});
        co_return false;
    }
    store::KeyStoreRecord outcome = *known;
    outcome.error_code.clear();
    if (logged_in) {
        outcome.state = ConnectionState::connected;
        observe::info("key_store.connected", {{"id", known->id.value()}});
    } else {
        outcome.state = ConnectionState::failed;
        outcome.error_code = error_code(logged_in.error().why);
        observe::warn(
            "key_store.connect_failed",
            {{"id", known->id.value()}, {"code", outcome.error_code}, {"reason", logged_in.error().detail}});
    }
    co_return co_await finish(known, std::move(outcome));
}

asio::awaitable<bool> KeyStoreJobs::disconnect(KeyStorePtr known) {
    const Status<> logged_out = co_await parts_.clusters.log_out(known->cluster);
    if (!logged_out) {
        observe::warn("key_store.log_out_failed",
                      {{"id", known->id.value()}, {"reason", logged_out.error().describe()}});
        co_return false;
    }
    store::KeyStoreRecord outcome = *known;
    outcome.state = ConnectionState::disconnected;
    outcome.error_code.clear();
    co_return co_await finish(known, std::move(outcome));
}

asio::awaitable<bool> KeyStoreJobs::finish(KeyStorePtr known, store::KeyStoreRecord outcome) {
    store::Store::Work work = [&](store::Txn& txn) {
        const auto row = txn.key_store(known->account, known->region, known->id);
        if (!row || !*row) {
            return false;
        }
        if ((**row).state != known->state) {
            // It is to be disconnected meanwhile: the next turn does that.
            outcome.state = (**row).state;
            outcome.error_code.clear();
        }
        outcome.name = (**row).name;
        outcome.sealed_password = (**row).sealed_password;
        outcome.version = (**row).version;
        return txn.put(outcome).has_value() &&
               txn.audit(
                      connection_record(outcome, parts_.clock.wall(), parts_.random, parts_.store.sequence()))
                   .has_value();
    };
    const Result<std::uint64_t> committed = co_await api::submit(parts_.store, std::move(work));
    const KeyStorePtr now =
        parts_.catalogue.key_stores().find(known->account.value(), known->region, known->id.value());
    co_return committed && (now == nullptr || now->state != known->state);
}

}  // namespace claviger::kms
