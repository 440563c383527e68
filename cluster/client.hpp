// The client of one io thread: chooses an HSM, tries, judges the outcome, tries elsewhere.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include <claviger/cluster/cluster.hpp>

#include "cluster/connection.hpp"
#include "cluster/key_map.hpp"
#include "cluster/membership.hpp"
#include "cluster/outcome.hpp"
#include "cluster/selection.hpp"
#include "cluster/sweeper.hpp"

namespace claviger::cluster {

// One request, whatever its type. All that it points at belongs to the awaiting caller.
struct Work {
    Work(link::Operation op, Encoder message, MonoTime until)
        : operation(op), request(message), deadline(until) {}

    link::Operation operation;
    Encoder request;
    MonoTime deadline;
    std::array<const KeyMaterial*, 2> keys{};  // keys the operation works with
    std::array<link::KeyUse*, 2> uses{};  // where the request names them: the token is put there when needed
    bool (*accept)(void* output, ByteView payload) = nullptr;  // false: not a reply to this request
    void* output = nullptr;
    std::uint32_t among = ~0u;   // members that may take it, a bit each
    std::uint32_t taken_by = 0;  // set on success: the member that did it
    bool key_doubted = false;    // a member answered that the key itself is bad
};

struct ClientOptions {
    std::size_t index = 0;  // of the io thread, for the host it prefers
    ClusterTiming timing;
    std::uint64_t seed = 0;
    std::uint32_t spill = 64;  // how much deeper the own host's queue may be
    uid_t host_uid = 0;
    KeyObjects key_objects = KeyObjects::session;
};

// Everything of a client that handlers refer to: kept in a shared_ptr. One thread only.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
public:
    ClientCore(boost::asio::io_context& io, Board& board, const Clock& clock, const ClientOptions& options);

    void open();   // after construction: listens to the board
    void close();  // before destruction: every waiter is resumed with no_hsm or hsm_gone

    boost::asio::awaitable<Status<>> run(Work& work);

    // Members that serve and are connected, a bit each.
    std::uint32_t reachable() const noexcept;
    const Member* member(std::uint32_t index) const noexcept { return lines_[index].member.get(); }
    KeyObjects key_objects() const noexcept { return options_.key_objects; }

private:
    // One member as this thread sees it.
    struct Line {
        std::shared_ptr<Member> member;
        std::shared_ptr<Connection> connection;
        std::uint64_t epoch = 0;
        pid_t process = 0;
        MonoTime retry;       // when a lost connection is made again
        MonoTime full_until;  // it had given up a key that was in use: until then it is taken for full
    };
    // A request in the course of its attempts.
    struct Course {
        std::uint32_t failed = 0;  // members that answered badly or late
        std::uint32_t gone = 0;    // members whose connection ended
        unsigned died = 0;
        bool answered = false;
        std::optional<MonoTime> patience;
        Error last{Errc::no_hsm, "no HSM is admitted"};
    };

    void apply(const Membership& membership);
    void connect(Line& line, MonoTime now);
    void lost(std::uint32_t index, const Error& why);
    Sweeper::Left sweep(MonoTime now);
    void wake_waiting();

    // Where the next attempt goes, and which key tokens must go with it.
    struct Choice {
        std::uint32_t member = 0;
        std::array<bool, 2> with_token{};
    };
    std::optional<Choice> choose(const Work& work, const Course& course, MonoTime now);
    MonoTime attempt_deadline(link::CostClass cost, link::Repeat repeat, MonoTime now,
                              MonoTime deadline) const;
    Next settle(Work& work, Course& course, const Choice& choice, link::CostClass cost, Reply reply);
    void record(Line& line, const Judgement& judgement);

    boost::asio::io_context& io_;
    Board& board_;
    const Clock& clock_;
    const ClientOptions options_;
    std::vector<Line> lines_;  // by index of the member; grows as members come
    Selection selection_;
    KeyMap keys_;
    std::shared_ptr<Sweeper> sweeper_;
    std::shared_ptr<ClientCounters> counters_ = std::make_shared<ClientCounters>();
    struct Waiting {
        Completion waiter;
        MonoTime until;
    };
    std::vector<Waiting> waiting_;  // requests that found no HSM
    std::uint64_t listener_ = 0;
    std::uint64_t version_ = 0;
    bool closed_ = false;
};

std::unique_ptr<Client> make_client(boost::asio::io_context& io, Board& board, const Clock& clock,
                                    const ClientOptions& options);

}  // namespace claviger::cluster
