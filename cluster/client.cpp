#include "cluster/client.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "hsm/link/frame.hpp"

namespace claviger::cluster {
namespace {

using link::CostClass;
using link::Repeat;

constexpr std::chrono::milliseconds kReconnect{20};
// After it gave up a key that was in use. Then it is tried again: one key token too many, if it is still
// full.
constexpr std::chrono::seconds kTakenForFull{10};

// A request that leaves less than this for a second attempt spends it all on the first.
constexpr std::chrono::milliseconds kSmallest{20};

bool has(std::uint32_t mask, std::uint32_t member) noexcept {
    return ((mask >> member) & 1u) != 0;
}

std::chrono::milliseconds attempt_limit(CostClass cost, const ClusterTiming& timing) noexcept {
    switch (cost) {
        case CostClass::fast: return timing.fast_attempt;
        case CostClass::load: return timing.load_attempt;
        case CostClass::slow:
        case CostClass::generate: return link::limits_of(cost).attempt;
    }
    return timing.fast_attempt;
}

}  // namespace

ClientCore::ClientCore(boost::asio::io_context& io, Board& board, const Clock& clock,
                       const ClientOptions& options)
    : io_(io), board_(board), clock_(clock), options_(options), selection_(options.seed, options.spill) {}

void ClientCore::open() {
    sweeper_ = std::make_shared<Sweeper>(io_, clock_, options_.timing.sweep,
                                         [weak = weak_from_this()](MonoTime now) {
                                             const std::shared_ptr<ClientCore> self = weak.lock();
                                             return self ? self->sweep(now) : Sweeper::Left::nothing;
                                         });
    listener_ = board_.listen(
        [&io = io_, weak = weak_from_this()](std::shared_ptr<const Membership> membership) {
            boost::asio::post(io, [weak, membership = std::move(membership)] {
                if (const std::shared_ptr<ClientCore> self = weak.lock(); self && !self->closed_) {
                    self->apply(*membership);
                }
            });
        },
        counters_);
    apply(*board_.current());
}

void ClientCore::close() {
    closed_ = true;
    board_.forget(listener_);
    for (Line& line : lines_) {
        if (const std::shared_ptr<Connection> connection = std::exchange(line.connection, nullptr)) {
            connection->close();
        }
    }
    wake_waiting();
}

std::uint32_t ClientCore::reachable() const noexcept {
    std::uint32_t mask = 0;
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
        if (lines_[i].connection && lines_[i].connection->is_open()) {
            mask |= 1u << i;
        }
    }
    return mask;
}

void ClientCore::apply(const Membership& membership) {
    if (membership.version < version_) {
        return;  // posted by different threads: an older one may come later
    }
    version_ = membership.version;
    const MonoTime now = clock_.mono();
    std::uint32_t present = 0;
    for (const Serving& serving : membership.serving) {
        const std::uint32_t index = serving.member->index();
        present |= 1u << index;
        if (index >= lines_.size()) {
            lines_.resize(index + 1);
        }
        Line& line = lines_[index];
        if (line.epoch == serving.epoch && line.connection) {
            continue;
        }
        keys_.forget_member(index);
        const std::shared_ptr<Connection> old = std::exchange(line.connection, nullptr);
        line.member = serving.member;
        line.epoch = serving.epoch;
        line.process = serving.process;
        if (old) {
            old->close();
        }
        connect(line, now);
    }
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
        if (!has(present, i)) {
            lines_[i].epoch = 0;
            if (const std::shared_ptr<Connection> old = std::exchange(lines_[i].connection, nullptr)) {
                old->close();
            }
        }
    }
    wake_waiting();
}

void ClientCore::connect(Line& line, MonoTime now) {
    const std::uint32_t index = line.member->index();
    if (!line.connection) {
        line.connection =
            std::make_shared<Connection>(io_, clock_, [weak = weak_from_this(), index](const Error& why) {
                if (const std::shared_ptr<ClientCore> self = weak.lock(); self && !self->closed_) {
                    self->lost(index, why);
                }
            });
    }
    const link::PeerRule rule{options_.host_uid, line.process};
    const Result<int> socket = connect_unix(line.member->options().state_dir, "data.sock", rule);
    if (socket) {
        line.connection->adopt(*socket);
    } else {
        line.retry = now + kReconnect;
        sweeper_->wake();
    }
}

void ClientCore::lost(std::uint32_t index, const Error& why) {
    Line& line = lines_[index];
    if (why.code != Errc::hsm_gone) {
        line.member->set_error(why.describe());
        record(line, Judgement{Next::elsewhere, Evidence::fault, Look::yes});
    }
    keys_.forget_member(index);
    line.retry = clock_.mono() + kReconnect;
    sweeper_->wake();
}

void ClientCore::record(Line& line, const Judgement& judgement) {
    ClientCounters::PerMember& counted = counters_->members[line.member->index()];
    if (judgement.evidence == Evidence::fault || judgement.evidence == Evidence::silent) {
        counted.faults.fetch_add(1, std::memory_order_relaxed);
    }
    const bool opened = line.member->breaker.record(judgement.evidence);
    if (opened || judgement.look == Look::yes) {
        board_.suspect(line.member->index());
    }
}

Sweeper::Left ClientCore::sweep(MonoTime now) {
    bool waits = false;
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
        // Sweeping resumes callers, who may do anything but close this client.
        const std::shared_ptr<Connection> connection = lines_[i].connection;
        if (!connection) {
            continue;
        }
        connection->sweep(now);
        if (!connection->is_open() && lines_[i].connection == connection) {
            if (now >= lines_[i].retry) {
                connect(lines_[i], now);
                if (connection->is_open()) {
                    wake_waiting();
                }
            }
            waits = waits || !connection->is_open();
        }
        waits = waits || connection->waiting() > 0;
        counters_->members[i].outstanding.store(connection->outstanding(), std::memory_order_relaxed);
    }
    std::vector<Waiting> over;
    std::erase_if(waiting_, [&](Waiting& one) {
        if (one.until > now) {
            return false;
        }
        over.push_back(std::move(one));
        return true;
    });
    for (Waiting& one : over) {
        std::move(one.waiter)(Reply{});
    }
    return waits || !waiting_.empty() ? Sweeper::Left::waiting : Sweeper::Left::nothing;
}

void ClientCore::wake_waiting() {
    std::vector<Waiting> all;
    all.swap(waiting_);
    for (Waiting& one : all) {
        std::move(one.waiter)(Reply{});
    }
}

std::optional<ClientCore::Choice> ClientCore::choose(const Work& work, const Course& course, MonoTime now) {
    std::array<std::uint32_t, 2> holders{~0u, ~0u};
    Heat heat = Heat::cold;
    for (std::size_t k = 0; k < work.keys.size(); ++k) {
        if (work.keys[k] != nullptr) {
            const KeyMap::Entry& entry = keys_.use(work.keys[k]->name(), now);
            holders[k] = entry.holders;
            heat = k == 0 ? KeyMap::heat(entry) : heat;
        }
    }
    const std::uint32_t held = holders[0] & holders[1];
    const std::uint32_t open = reachable() & work.among & ~course.failed & ~course.gone;
    if (open == 0) {
        return std::nullopt;
    }
    // The host this thread prefers is its own if that can serve, else the next one round.
    std::uint32_t own = static_cast<std::uint32_t>(options_.index % lines_.size());
    for (std::size_t step = 0; step < lines_.size() && !has(open, own); ++step) {
        own = static_cast<std::uint32_t>((own + 1) % lines_.size());
    }
    std::array<Candidate, kMaxMembers> candidates;
    std::size_t count = 0;
    // An HSM whose breaker is open is taken only if there is no other: one is always kept.
    for (const bool suspects : {false, true}) {
        for (std::uint32_t i = 0; i < lines_.size(); ++i) {
            if (!has(open, i) || lines_[i].member->breaker.open() != suspects) {
                continue;
            }
            candidates[count++] =
                Candidate{i, lines_[i].connection->outstanding(), has(held, i) ? Holds::yes : Holds::no,
                          i == own ? Seat::own : Seat::other,
                          work.keys[0] != nullptr ? rendezvous(work.keys[0]->name(), i) : 0};
        }
        if (count > 0) {
            break;
        }
    }
    const std::optional<std::size_t> picked = selection_.pick(
        std::span(candidates).first(count), heat, now < lines_[own].full_until ? Room::none : Room::some);
    if (!picked) {
        return std::nullopt;
    }
    Choice choice{candidates[*picked].member, {}};
    for (std::size_t k = 0; k < work.keys.size(); ++k) {
        choice.with_token[k] = work.keys[k] != nullptr && !has(holders[k], choice.member);
    }
    return choice;
}

MonoTime ClientCore::attempt_deadline(CostClass cost, Repeat repeat, MonoTime now, MonoTime deadline) const {
    const MonoTime::duration left = deadline - now;
    const bool shares = repeat == Repeat::freely && left > 2 * kSmallest;
    return now + std::min<MonoTime::duration>(attempt_limit(cost, options_.timing), shares ? left / 2 : left);
}

boost::asio::awaitable<Status<>> ClientCore::run(Work& work) {
    const link::OperationRow& row = *link::find_operation(work.operation);
    const std::size_t most_attempts = 4 * lines_.size() + 4;
    Course course;
    for (std::size_t attempt = 0; attempt < most_attempts; ++attempt) {
        const MonoTime now = clock_.mono();
        if (now >= work.deadline) {
            co_return Error(Errc::deadline_exceeded,
                            "the request's time is over; last: " + course.last.describe());
        }
        const std::optional<Choice> choice = closed_ ? std::nullopt : choose(work, course, now);
        if (!choice) {
            if (!course.patience) {
                course.patience = std::min(work.deadline, now + options_.timing.patience);
            }
            std::uint32_t serving = 0;
            for (std::uint32_t i = 0; i < lines_.size(); ++i) {
                serving |= lines_[i].epoch != 0 ? 1u << i : 0u;
            }
            // Every HSM that could be asked has failed, or nobody came in time.
            const bool all_failed = course.failed != 0 && (serving & work.among & ~course.failed) == 0;
            if (closed_ || all_failed || now >= *course.patience) {
                co_return course.last;
            }
            auto comes = boost::asio::async_initiate<const boost::asio::deferred_t, void(Reply)>(
                [this, until = *course.patience](auto&& handler) {
                    waiting_.push_back(Waiting{Completion(std::forward<decltype(handler)>(handler)), until});
                    sweeper_->wake();
                },
                boost::asio::deferred);
            co_await std::move(comes);
            course.gone = 0;
            continue;
        }
        CostClass cost = row.cost;
        for (std::size_t k = 0; k < work.uses.size(); ++k) {
            if (work.uses[k] != nullptr) {
                work.uses[k]->token = choice->with_token[k] ? work.keys[k]->token() : ByteView{};
                cost = choice->with_token[k] && cost == CostClass::fast ? CostClass::load : cost;
            }
        }
        const std::shared_ptr<Connection> connection = lines_[choice->member].connection;
        MonoTime limit = attempt_deadline(cost, row.repeat, now, work.deadline);
        if (row.repeat == Repeat::freely && lines_[choice->member].member->breaker.open()) {
            limit = std::min(limit, now + options_.timing.suspect_attempt);
        }
        auto answers = connection->call(work.operation, cost, limit, work.request);
        sweeper_->wake();
        const Reply reply = co_await std::move(answers);
        if (settle(work, course, *choice, cost, reply) == Next::finish) {
            if (course.answered) {
                co_return done;
            }
            co_return course.last;
        }
    }
    co_return course.last;
}

namespace {

// One thread writes, so this needs no atomic addition.
void add_one(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

Next ClientCore::settle(Work& work, Course& course, const Choice& choice, CostClass cost, Reply reply) {
    const Repeat repeat = link::find_operation(work.operation)->repeat;
    Line& line = lines_[choice.member];
    ClientCounters::PerMember& counted = counters_->members[choice.member];
    const bool any_token = choice.with_token[0] || choice.with_token[1];
    add_one(counted.operations);
    if (any_token) {
        add_one(counted.key_loads);
    }

    Judgement judgement;
    if (reply.kind == ReplyKind::answer) {
        if (work.accept(work.output, reply.payload)) {
            for (std::size_t k = 0; any_token && k < work.keys.size(); ++k) {
                if (work.keys[k] != nullptr) {
                    keys_.learn(work.keys[k]->name(), choice.member);
                }
            }
            work.taken_by = choice.member;
            course.answered = true;
            line.member->breaker.record(Evidence::good);
            return Next::finish;
        }
        course.last = Error(Errc::protocol_error, "the host's reply does not belong to the request");
        judgement = judge_error(Errc::protocol_error, repeat);
    } else if (reply.kind == ReplyKind::failed) {
        course.last = link::to_error(reply.payload);
        work.key_doubted =
            work.key_doubted || course.last.code == Errc::key_fault || course.last.code == Errc::integrity;
        judgement = judge_error(course.last.code, repeat);
        if (judgement.next == Next::with_token && !any_token) {
            line.full_until = clock_.mono() + kTakenForFull;
        }
        if (judgement.next == Next::with_token && any_token) {
            judgement = judge_error(Errc::key_fault, repeat);  // it had the token and still lacks the key
        }
    } else {
        course.last =
            reply.kind == ReplyKind::gone
                ? Error(Errc::hsm_gone, line.member->options().hsm_id + " ended before it answered")
                : Error(Errc::deadline_exceeded, line.member->options().hsm_id + " did not answer in time");
        judgement = judge_silence(reply.kind, cost, repeat, course.died);
    }
    record(line, judgement);
    if (judgement.evidence == Evidence::fault || judgement.evidence == Evidence::silent) {
        line.member->set_error(course.last.describe());
    }
    if (reply.kind == ReplyKind::gone) {
        ++course.died;
        course.gone |= 1u << choice.member;
    } else if (judgement.next == Next::elsewhere) {
        course.failed |= 1u << choice.member;
    }
    if (judgement.evidence != Evidence::good) {
        for (const KeyMaterial* key : work.keys) {
            if (key != nullptr) {
                keys_.forget(key->name(), choice.member);
            }
        }
    }
    return judgement.next;
}

}  // namespace claviger::cluster
